/**
 * Why a call ended, beside the SIP status: what this phone itself knows. The texts are those of the Webphone API. Who
 * ends a call names the cause; where nobody does, it follows from the error and the status. Pure.
 */
import type { CallEnd, CallOutcome } from './call-types.js';

/** Cause → text. */
export const CALL_CAUSES = {
  'not-accepted': 'notaccepted',
  'user-hung-up': 'User Hung Up',
  'bye-received': 'bye received',
  'cancel-received': 'cancel received',
  'authentication-failed': 'authentication failed',
  'endpoint-destroyed': 'endpoint destroy',
  'no-response': 'no response',
  'setup-timeout': 'call setup timeout',
  'ring-timeout': 'ring timeout',
  'media-timeout': 'media timeout',
  'endpoint-timeout': 'endpoint timeout',
  'tunnel-time-limit': 'tunneling calltime limit',
  'call-timer-expired': 'call max timer expired',
  'max-call-time': 'max call time expired',
  'max-speech-time': 'max speech time expired',
  'not-acknowledged': 'not acked connection expired',
  'transfer-disconnect': 'disconnect on transfer',
  'transfer-always': 'transferalways',
  'transfer-timeout': 'transfer timeout',
  'transfer-failed': 'transfer fail',
  'transfer-done': 'transfer done',
  'transfer-terminated': 'transfer terminated',
  'transfer-other': 'transfer (other)',
  'refer-received': 'refer received',
  'media-not-started': 'cannot start media',
  'not-encrypted': 'not encrypted',
  'srtp-failed': 'srtp fail',
  'srtp-init-failed': 'srtp init fail',
  'disconnect-resent': 'disc resend',
  'media-failed': 'failed media',
  forward: 'forward',
  'forward-on-busy': 'forwardonbusy',
  'forward-on-no-answer': 'forwardonnoanswer',
  'forward-always': 'forwardalways',
  'reject-busy': 'rejectbusy',
  'reject-phone-busy': 'rejectionphonebusy',
  'call-rejected-by-peer': 'call rejected by peer',
  'rejected-by-peer': 'rejected by the peer',
  rejected: 'rejected',
  'auto-reject': 'autoreject',
  'auto-ignore': 'autoignore',
  ignored: 'ignored',
} as const;

export type CallCause = keyof typeof CALL_CAUSES;

/** The causes nobody is to blame for. */
const TIME_OUTS = new Set(
  Object.keys(CALL_CAUSES).filter((cause) => /time/.test(CALL_CAUSES[cause as CallCause])),
);

/** Who ended the call; 'unknown' for time-outs and what nobody did. */
export type EndParty = 'local' | 'remote' | 'unknown';

/** @param answered the call was established before */
export function completeEnd(outcome: CallOutcome, answered: boolean, rang: boolean): CallEnd {
  const cause = outcome.cause ?? causeOf(outcome, answered, rang);
  return {
    ...outcome,
    cause,
    code: codeOf(outcome, answered),
    party: outcome.by === 'error' || TIME_OUTS.has(cause) ? 'unknown' : outcome.by,
  };
}

/** Errors of ours before any message of the peer's. */
const NOTHING_SAID: readonly string[] = [
  'ERR_SIP_TIMEOUT',
  'ERR_SIP_TRANSPORT',
  'ERR_SIP_CONNECTION_LOST',
  'ERR_DNS_NOT_FOUND',
  'ERR_MEDIA_PORTS',
  'ERR_CLOSED',
];

function codeOf({ status, error }: CallOutcome, answered: boolean): CallEnd['code'] {
  if (answered) return 'BYE';
  if (error?.code === 'ERR_CALL_CANCELLED' || error?.code === 'ERR_TIMEOUT') return 'CANCEL';
  if (error && NOTHING_SAID.includes(error.code)) return undefined;
  return status >= 300 ? status : undefined;
}

function causeOf({ by, status, error }: CallOutcome, answered: boolean, rang: boolean): CallCause {
  switch (error?.code) {
    case 'ERR_AUTHENTICATION_FAILED':
      return 'authentication-failed';
    case 'ERR_MEDIA_TIMEOUT':
      return 'media-timeout';
    case 'ERR_MEDIA_SRTP':
      return 'srtp-init-failed';
    case 'ERR_MEDIA_SRTP_KEY':
      return 'srtp-failed';
    case 'ERR_MEDIA_PORTS':
    case 'ERR_MEDIA_SOCKET':
      return 'media-not-started';
    case 'ERR_MEDIA_NO_COMMON_CODEC':
    case 'ERR_MEDIA_WORKER':
    case 'ERR_MEDIA_CODEC':
    case 'ERR_SDP_PARSE':
    case 'ERR_SDP_UNACCEPTABLE':
      return 'media-failed';
    case 'ERR_TIMEOUT':
      return 'ring-timeout';
    case 'ERR_SIP_TIMEOUT':
      return error.details.method === '200 to INVITE (no ACK)'
        ? 'not-acknowledged'
        : answered
          ? 'endpoint-timeout'
          : 'no-response';
    default:
  }
  if (by === 'remote') {
    if (answered) return 'bye-received';
    if (error?.code === 'ERR_CALL_CANCELLED') return 'cancel-received';
    return rang ? 'call-rejected-by-peer' : 'rejected-by-peer';
  }
  if (by === 'error') return status === 408 ? 'endpoint-timeout' : 'endpoint-destroyed';
  if (answered || error?.code === 'ERR_CALL_CANCELLED') return 'user-hung-up';
  return status >= 300 ? 'rejected' : 'user-hung-up';
}
