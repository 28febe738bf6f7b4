/**
 * The telephone-event payload (RFC 4733 §2.3): its four bytes and the DTMF digits they name. Used by the sender and
 * the receiver of events and by whoever maps digits. Pure.
 */

export const TELEPHONE_EVENT_LENGTH = 4;

/** The largest value of the duration field. */
export const MAX_EVENT_DURATION = 0xffff;

/** Events 0–15 (RFC 4733 §3.2) and 16, flash (RFC 2833 §3.10), written `!`. */
const DIGITS = '0123456789*#ABCD!';

/** The event code of a digit (`0`–`9`, `*`, `#`, `A`–`D` in either case, `!` for flash), or undefined. */
export function eventOfDigit(digit: string): number | undefined {
  const event = digit.length === 1 ? DIGITS.indexOf(digit.toUpperCase()) : -1;
  return event < 0 ? undefined : event;
}

/** The digit of an event code, undefined for other events. */
export function digitOfEvent(event: number): string | undefined {
  return DIGITS[event];
}

/**
 * Writes one event block.
 * @param volume power of the tone in -dBm0, 0–63
 * @param duration in timestamp units, up to {@link MAX_EVENT_DURATION}
 */
export function writeTelephoneEvent(
  out: Uint8Array,
  offset: number,
  event: number,
  end: boolean,
  volume: number,
  duration: number,
): number {
  out[offset] = event;
  out[offset + 1] = (end ? 0x80 : 0) | (volume & 0x3f);
  out[offset + 2] = duration >>> 8;
  out[offset + 3] = duration;
  return offset + TELEPHONE_EVENT_LENGTH;
}
