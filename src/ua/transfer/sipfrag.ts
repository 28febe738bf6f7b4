/** message/sipfrag bodies with a status line (RFC 3420, RFC 3515 §2.4.5): how the call a REFER asked for goes. Pure. */
import { reasonPhrase } from '../../sip/index.js';

export const SIPFRAG = 'message/sipfrag;version=2.0';

export function sipfrag(status: number, reason = reasonPhrase(status)): string {
  return `SIP/2.0 ${status} ${reason.replace(/[\r\n]+/g, ' ')}\r\n`;
}

/** The status in a fragment; undefined when it has none. */
export function parseSipfrag(body: string): { status: number; reason: string } | undefined {
  const match = /^\s*SIP\/2\.0[ \t]+([1-6]\d\d)(?:[ \t]+([^\r\n]*))?/i.exec(body);
  return match ? { status: Number(match[1]), reason: (match[2] ?? '').trim() } : undefined;
}
