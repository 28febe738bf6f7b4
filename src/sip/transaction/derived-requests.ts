/**
 * The two requests a client makes out of one it has sent: ACK for a final response other than 2xx (RFC 3261
 * §17.1.1.3) and CANCEL (§9.1). Both go the way of the original, hop by hop.
 */
import { SipRequest, type SipResponse } from '../message/index.js';

/** RFC 3261 §8.1.1.6. */
export const MAX_FORWARDS = 70;

function derive(method: string, original: SipRequest, to: SipRequest | SipResponse): SipRequest {
  const request = new SipRequest(method, original.uri);
  request.add('Via', original.topVia ?? '');
  return request
    .copy(original, 'Route')
    .add('Max-Forwards', MAX_FORWARDS)
    .copy(original, 'From')
    .copy(to, 'To')
    .copy(original, 'Call-ID')
    .add('CSeq', `${original.cseq.seq} ${method}`);
}

/** @param original the INVITE as it was sent */
export function createNon2xxAck(original: SipRequest, response: SipResponse): SipRequest {
  return derive('ACK', original, response);
}

/**
 * @param original the INVITE as it was sent
 * @param reason the value of a Reason header (RFC 3326)
 */
export function createCancel(original: SipRequest, reason?: string): SipRequest {
  const cancel = derive('CANCEL', original, original);
  if (reason !== undefined) cancel.add('Reason', reason);
  return cancel;
}
