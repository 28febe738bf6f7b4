/** Takes secrets out of texts meant for people and log files. Called by whoever prints SIP messages. */

/** `a=crypto` (RFC 4568 §6.1): everything after `inline:` up to lifetime and MKI is the master key. */
const INLINE_KEY = /\binline:[A-Za-z0-9+/=]+/gi;

/** A SIP message or session description without the SRTP keys in it. */
export function withoutKeys(text: string): string {
  return text.replace(INLINE_KEY, 'inline:(key hidden)');
}
