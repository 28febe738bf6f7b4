/** Why a call ended, in the words of the API: party, code and text. Pure. */
import { CALL_CAUSES, type CallEnd, type CallRecord } from '../../ua/index.js';

export interface DisconnectReason {
  /** 0 not set, 1 we, 2 the peer, 3 unknown or a time-out. */
  party: number;
  /** BYE, CANCEL or a status from 300 on; '' when no such message was exchanged. */
  code: string;
  /** The status the peer refused with; -1 without one. */
  status: number;
  text: string;
}

/** Who ended it, as CDR numbers them. */
export const PARTIES = { local: 1, remote: 2, unknown: 3 } as const;

/** Causes that say no more than the peer's own words. */
const VAGUE: readonly string[] = ['call-rejected-by-peer', 'rejected-by-peer'];

export function disconnectReason(end: CallEnd, record: CallRecord): DisconnectReason {
  const { code, cause, party } = end;
  const words = end.text || (VAGUE.includes(cause) ? end.reason : '');
  return {
    party: PARTIES[party],
    code: code === undefined ? '' : String(code),
    status: typeof code === 'number' && record.answeredAt === undefined ? code : -1,
    text: words || CALL_CAUSES[cause],
  };
}

/** Code and text in one, as the reasons are reported. */
export function reasonText({ code, text }: DisconnectReason): string {
  return `${code || '-1'} ${text}`;
}
