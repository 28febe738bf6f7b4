/**
 * Multipart bodies (RFC 2046 §5.1, RFC 5621): taken apart into their parts and put together again. Called by user
 * agents; the parser itself never looks into a body.
 */
import { asBuffer, utf8Bytes, utf8Text } from '../../base/bytes.js';
import { Code, parseError, sliceTrimmed } from './grammar.js';
import type { SipMessage } from './message.js';
import { MediaType, TokenValue } from './values.js';

/** Parts more than this are refused: no SIP message needs them. */
const MAX_PARTS = 32;

/** Multiparts within multiparts. */
const MAX_DEPTH = 3;

export interface BodyPart {
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: Uint8Array;
}

/** The media type of a part; text/plain when it names none (RFC 2046 §5.1). */
export function partType(part: BodyPart): MediaType {
  const value = part.headers.get('content-type');
  return value === undefined
    ? new MediaType('text', 'plain', { charset: 'us-ascii' })
    : MediaType.parse(value);
}

/** The disposition of a part (RFC 5621 §3): 'session', 'render', … */
export function partDisposition(part: BodyPart): TokenValue | undefined {
  const value = part.headers.get('content-disposition');
  return value === undefined ? undefined : TokenValue.parse(value);
}

/**
 * The parts of a multipart body, nested ones as they are; a body that is not multipart is its own single part.
 * @throws ERR_SIP_PARSE
 */
export function parseMultipart(message: SipMessage): BodyPart[] {
  const type = message.contentType;
  if (type?.type !== 'multipart') {
    if (message.body.length === 0) return [];
    const headers = new Map<string, string>();
    for (const { name, value } of message.fields()) {
      if (/^(?:content-|mime-)/i.test(name)) headers.set(name.toLowerCase(), value);
    }
    if (type) headers.set('content-type', type.toString());
    return [{ headers, body: message.body }];
  }
  const boundary = type.params.get('boundary');
  if (!boundary) throw parseError('multipart body', 'the boundary is missing');
  return splitParts(asBuffer(message.body), boundary);
}

/**
 * The first part of that type ('application/sdp'), wherever it is nested.
 * @throws ERR_SIP_PARSE
 */
export function findPart(message: SipMessage, essence: string): BodyPart | undefined {
  return findIn(parseMultipart(message), essence, 0);
}

function findIn(parts: readonly BodyPart[], essence: string, depth: number): BodyPart | undefined {
  for (const part of parts) {
    const type = partType(part);
    if (type.is(essence)) return part;
    const boundary = type.type === 'multipart' ? type.params.get('boundary') : undefined;
    if (boundary === undefined || depth === MAX_DEPTH) continue;
    const found = findIn(splitParts(asBuffer(part.body), boundary), essence, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/**
 * Sets a multipart body. The boundary is chosen so that no part holds it.
 * @param subtype 'mixed', 'alternative', 'related', …
 */
export function setMultipart(
  message: SipMessage,
  parts: ReadonlyArray<{ headers: Readonly<Record<string, string>>; body: Uint8Array | string }>,
  subtype = 'mixed',
): void {
  const bodies = parts.map((part) => (typeof part.body === 'string' ? utf8Bytes(part.body) : part.body));
  let boundary = 'switchhook-part';
  for (let n = 1; bodies.some((body) => asBuffer(body).includes(`--${boundary}`)); n++)
    boundary = `switchhook-part-${n}`;
  const chunks: Uint8Array[] = [];
  parts.forEach((part, i) => {
    let head = `${i === 0 ? '' : '\r\n'}--${boundary}\r\n`;
    for (const [name, value] of Object.entries(part.headers)) head += `${name}: ${value}\r\n`;
    chunks.push(utf8Bytes(`${head}\r\n`), bodies[i]);
  });
  chunks.push(utf8Bytes(`\r\n--${boundary}--\r\n`));
  message.setBody(Buffer.concat(chunks), new MediaType('multipart', subtype, { boundary }));
}

function splitParts(body: Buffer, boundary: string): BodyPart[] {
  const delimiter = Buffer.from(`--${boundary}`, 'utf8');
  const parts: BodyPart[] = [];
  let partStart = -1;
  for (
    let at = findDelimiter(body, delimiter, 0);
    at >= 0;
    at = findDelimiter(body, delimiter, at + delimiter.length)
  ) {
    // The CRLF before a delimiter belongs to it.
    if (partStart >= 0) parts.push(parsePart(body.subarray(partStart, Math.max(partStart, at - 2))));
    if (parts.length > MAX_PARTS) throw parseError('multipart body', `it has more than ${MAX_PARTS} parts`);
    const behind = at + delimiter.length;
    if (body[behind] === 0x2d && body[behind + 1] === 0x2d) return parts;
    const lineEnd = body.indexOf('\r\n', behind, 'latin1');
    if (lineEnd < 0) break;
    partStart = lineEnd + 2;
  }
  throw parseError('multipart body', 'the closing delimiter is missing');
}

/** A delimiter stands at the start of the body or of a line, and only white space or "--" follows. */
function findDelimiter(body: Buffer, delimiter: Buffer, from: number): number {
  for (let at = body.indexOf(delimiter, from); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    const lineStart = at === 0 || (body[at - 2] === Code.CR && body[at - 1] === Code.LF);
    const next = body[at + delimiter.length];
    const ends = next === Code.CR || next === Code.SPACE || next === Code.TAB || next === 0x2d;
    if (lineStart && ends) return at;
  }
  return -1;
}

function parsePart(bytes: Buffer): BodyPart {
  const headers = new Map<string, string>();
  // A part without headers begins with the empty line.
  if (bytes[0] === Code.CR && bytes[1] === Code.LF) return { headers, body: bytes.subarray(2) };
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const text = utf8Text(end < 0 ? bytes : bytes.subarray(0, end)).replace(/\r\n[ \t]+/g, ' ');
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw parseError('multipart body', 'a header line of a part has no colon');
    headers.set(line.slice(0, colon).trim().toLowerCase(), sliceTrimmed(line, colon + 1, line.length));
  }
  return { headers, body: end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 4) };
}
