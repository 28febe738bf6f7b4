/** DTMF in INFO bodies, the fall back for peers without telephone-events: `application/dtmf-relay` and `application/dtmf`. */
import type { SipMessage } from '../../sip/index.js';

const DIGIT = /^[0-9*#A-D]$/;
/** What some devices write for * and # (RFC 4733 event numbers). */
const BY_NUMBER: Record<string, string> = {
  '10': '*',
  '11': '#',
  '12': 'A',
  '13': 'B',
  '14': 'C',
  '15': 'D',
};
const DEFAULT_DURATION_MS = 160;

/** The digit of an INFO request; undefined when it carries none. */
export function parseDtmfInfo(message: SipMessage): { digit: string; durationMs: number } | undefined {
  const type = message.contentType;
  if (type?.type.toLowerCase() !== 'application' || message.body.length > 512) return undefined;
  const text = message.bodyText;
  const subtype = type.subtype.toLowerCase();
  let signal: string | undefined;
  let durationMs = DEFAULT_DURATION_MS;
  if (subtype === 'dtmf-relay') {
    signal = /^\s*signal\s*=\s*(\S+)/im.exec(text)?.[1];
    const duration = /^\s*duration\s*=\s*(\d+)/im.exec(text)?.[1];
    if (duration !== undefined) durationMs = Math.min(Number(duration), 60_000);
  } else if (subtype === 'dtmf') {
    signal = text.trim();
  } else {
    return undefined;
  }
  const digit = BY_NUMBER[signal ?? ''] ?? signal?.toUpperCase() ?? '';
  return DIGIT.test(digit) ? { digit, durationMs } : undefined;
}

/** The body of an INFO that carries `digit`. */
export function dtmfInfoBody(digit: string, durationMs: number): string {
  return `Signal=${digit}\r\nDuration=${durationMs}\r\n`;
}
