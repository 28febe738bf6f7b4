/**
 * INVITEs that refer to another dialog of ours: Replaces (RFC 3891) takes the place of a call, Join (RFC 3911) wants into
 * one. Decides before the call is made what becomes of it. Used by UserAgent.
 */
import type { SipRequest } from '../../sip/index.js';
import type { CallEnvironment } from '../call/call-host.js';
import type { CallSession } from '../call/call-session.js';
import type { TransferPolicies } from './transfer-types.js';

export type Reference =
  | { action: 'none' }
  | { action: 'refuse'; status: number }
  /** The new call is answered at once; then `end` the old one. */
  | { action: 'replace'; old: CallSession; end: boolean }
  | { action: 'join'; old: CallSession };

/** @throws ERR_SIP_PARSE for malformed headers */
export function referenceOf(
  env: CallEnvironment,
  request: SipRequest,
  policies: TransferPolicies,
): Reference {
  const { replaces, join } = request;
  const reference = replaces ?? join;
  if (!reference) return { action: 'none' };
  const several = request.getAll('Replaces').length + request.getAll('Join').length > 1;
  if (several) return refuse(400); // RFC 3891 §3
  const { replaces: mode = 'end-unless-transferring', joins = 'refuse' } = policies;
  if (replaces && mode === 'refuse') return refuse(603);
  if (join && joins === 'refuse') return refuse(488); // RFC 3911 §4
  const old = env.calls.find(reference.callId, reference.toTag, reference.fromTag);
  if (!old) return refuse(481);
  if (old.ended) return refuse(603);
  if (!old.dialog && old.direction === 'incoming') return refuse(481); // early, and not ours
  if (join) return { action: 'join', old };
  if (old.dialog && reference.earlyOnly) return refuse(486);
  const end = mode === 'end' || (mode === 'end-unless-transferring' && !old.transfer);
  return { action: 'replace', old, end };
}

function refuse(status: number): Reference {
  return { action: 'refuse', status };
}
