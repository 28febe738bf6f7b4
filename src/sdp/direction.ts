/** The direction of a media stream (RFC 3264 §5.1, §6.1), always as seen by the side whose description it stands in. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

export function directionOf(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

/**
 * What one side may do when it wants `own` and the other side's description says `peer`: RFC 3264 §6.1 for the answerer
 * (the result is always one the RFC allows as the answer to `peer`), and in the same way the offerer's reading of the
 * answer, which tolerates an answer that grants more than was offered.
 */
export function meetDirection(peer: Direction, own: Direction): Direction {
  return directionOf(sends(own) && receives(peer), receives(own) && sends(peer));
}

/** The same stream as seen from the other side. */
export function reverse(direction: Direction): Direction {
  return directionOf(receives(direction), sends(direction));
}

/** What both allow. */
export function narrowed(a: Direction, b: Direction): Direction {
  return directionOf(sends(a) && sends(b), receives(a) && receives(b));
}
