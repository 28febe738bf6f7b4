/**
 * Writes a session description. A description that came from the parser and was not changed since is printed byte for
 * byte as it came; any other in the order of RFC 8866 §5 with CRLF. Never checks values: that is the business of whoever
 * built the description.
 */
import type { Attribute, Connection, MediaDescription, SdpLine, SessionDescription } from './description.js';

interface Source {
  /** The text the description was parsed from. */
  text: string;
  /** How the description printed right after parsing: still the same means untouched. */
  canonical: string;
}

const sources = new WeakMap<SessionDescription, Source>();

/** Used by the parser only. */
export function rememberSource(description: SessionDescription, text: string): void {
  sources.set(description, { text, canonical: canonicalText(description) });
}

export function printSdp(description: SessionDescription): string {
  const text = canonicalText(description);
  const source = sources.get(description);
  return source?.canonical === text ? source.text : text;
}

function printAttribute(attribute: Attribute): string {
  return attribute.value === undefined ? attribute.name : `${attribute.name}:${attribute.value}`;
}

function canonicalText(s: SessionDescription): string {
  const { origin } = s;
  const lines = [
    `v=${s.version}`,
    `o=${origin.username} ${origin.sessionId} ${origin.sessionVersion} ${origin.netType} ${origin.addrType} ${origin.address}`,
    // RFC 8866 §5.3: must not be empty; "-" when there is nothing to say.
    `s=${s.sessionName === '' ? '-' : s.sessionName}`,
  ];
  pushOther(lines, s.other, 'iuep');
  if (s.connection) lines.push(connectionLine(s.connection));
  for (const { type, value } of s.bandwidth) lines.push(`b=${type}:${value}`);
  for (const { type, value } of s.timing) lines.push(`${type}=${value}`);
  pushOther(lines, s.other, 'k');
  for (const attribute of s.attributes) lines.push(`a=${printAttribute(attribute)}`);
  pushUnknown(lines, s.other, 'iuepk');
  for (const media of s.media) pushMedia(lines, media);
  lines.push('');
  return lines.join('\r\n');
}

function pushMedia(lines: string[], m: MediaDescription): void {
  const port = m.portCount === undefined ? m.port : `${m.port}/${m.portCount}`;
  lines.push(`m=${[m.kind, port, m.protocol, ...m.formats].join(' ')}`);
  pushOther(lines, m.other, 'i');
  if (m.connection) lines.push(connectionLine(m.connection));
  pushOther(lines, m.other, 'c');
  for (const { type, value } of m.bandwidth) lines.push(`b=${type}:${value}`);
  pushOther(lines, m.other, 'k');
  for (const attribute of m.attributes) lines.push(`a=${printAttribute(attribute)}`);
  pushUnknown(lines, m.other, 'ick');
}

function connectionLine({ addrType, address, multicast }: Connection): string {
  return `c=IN ${addrType} ${multicast === undefined ? address : `${address}/${multicast}`}`;
}

/** The lines of each type in `order`, type by type. */
function pushOther(lines: string[], other: readonly SdpLine[], order: string): void {
  for (const letter of order) {
    for (const { type, value } of other) if (type === letter) lines.push(`${type}=${value}`);
  }
}

function pushUnknown(lines: string[], other: readonly SdpLine[], known: string): void {
  for (const { type, value } of other) if (!known.includes(type)) lines.push(`${type}=${value}`);
}
