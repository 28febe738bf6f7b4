/** The record of a call in plain values, as it is told and kept. Pure. */
import type { Call, CallRecord } from '../../ua/index.js';
import type { StoredCall } from './store.js';

export function callDetail(call: Call, record: CallRecord, line: number): StoredCall {
  const { remote } = call;
  const outgoing = record.direction === 'outgoing';
  const { end } = record;
  const own = userOf(record.local);
  return {
    callId: record.callId,
    line,
    direction: record.direction,
    peer: remote.user || remote.uri,
    peerName: remote.displayName ?? '',
    peerAddress: remote.uri,
    caller: outgoing ? own : remote.user,
    called: outgoing ? remote.user : own,
    startedAt: record.startedAt,
    connectMs: record.setupMs ?? record.endedAt - record.startedAt,
    durationMs: record.durationMs,
    answered: record.answeredAt !== undefined,
    endedBy: end.party,
    status: end.status,
    cause: end.cause,
    reason: end.text ?? end.reason,
  };
}

function userOf(uri: string): string {
  return /^sips?:(?:([^@]*)@)?/i.exec(uri)?.[1] ?? '';
}
