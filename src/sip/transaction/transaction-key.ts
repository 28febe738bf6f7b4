/**
 * How messages find their transaction (RFC 3261 §17.1.3 and §17.2.3), as strings for the maps of the
 * {@link TransactionTable}. Header values are those of the parsed message; nothing here throws on a message that
 * passed the parser. Keys outlive their messages by 32 s: joined, they are texts of their own, where the pieces put
 * together would keep the whole text of the message in memory.
 */
import { BRANCH_COOKIE, type SipRequest, type SipResponse } from '../message/index.js';

export function clientKey(branch: string, method: string): string {
  return `${branch}|${method}`;
}

export function responseKey(response: SipResponse): string {
  return clientKey(response.topVia?.branch ?? '', response.cseq.method);
}

/**
 * The key of the server transaction that `request` belongs to, or of the INVITE it means when it is an ACK or (with
 * `method` INVITE) a CANCEL.
 */
export function serverKey(request: SipRequest, method: string): string {
  const via = request.topVia;
  const branch = via?.branch;
  if (via && branch?.startsWith(BRANCH_COOKIE)) return [branch, via.host, via.port ?? '', method].join('|');
  // RFC 2543 peers: the To tag is compared apart (see toTagMatches), since that of an ACK is the response's.
  return `2543|${request.uri}|${request.from.tag ?? ''}|${request.callId}|${request.cseq.seq}|${method}|${via}`;
}

/** True when the key of `request` is the one of RFC 2543, which says less than a branch. */
export function isRfc2543(request: SipRequest): boolean {
  return !request.topVia?.branch?.startsWith(BRANCH_COOKIE);
}

/** From tag, Call-ID and CSeq: equal for the copies of a request that took different ways (RFC 3261 §8.2.2.2). */
export function mergeKey(request: SipRequest): string {
  const { seq, method } = request.cseq;
  return [request.from.tag ?? '', seq, method, request.callId].join('|');
}
