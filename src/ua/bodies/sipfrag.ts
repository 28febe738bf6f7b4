/** Pieces of SIP messages as bodies (RFC 3420): how a referred request goes. Pure. */

export const SIPFRAG_TYPE = 'message/sipfrag';

/** The status line of a fragment; undefined when it begins with something else. */
export function parseSipfrag(text: string): { status: number; reason: string } | undefined {
  const match = /^\s*SIP\/2\.0[ \t]+([1-6]\d\d)(?:[ \t]+([^\r\n]*))?/i.exec(text);
  return match ? { status: Number(match[1]), reason: (match[2] ?? '').trim() } : undefined;
}

/** RFC 3515 §2.4.5: at least the status line. */
export function printSipfrag(status: number, reason: string): string {
  return `SIP/2.0 ${status} ${reason.replace(/[\r\n]+/g, ' ')}\r\n`;
}
