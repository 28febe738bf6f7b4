/**
 * The message parser (RFC 3261 §7): finds the end of the header, cuts it into lines, checks what every message must
 * have, and leaves every other value unparsed until somebody asks for it. Called by the transports for each datagram
 * and by StreamFramer for each frame; it never throws, whatever comes in.
 */
import { isAscii } from 'node:buffer';
import { asBuffer, EMPTY_BYTES } from '../../base/bytes.js';
import { SwitchhookError } from '../../base/errors.js';
import { Field, HeaderFields } from './fields.js';
import { Code, isSpace, isToken, parseError, sliceTrimmed } from './grammar.js';
import { findHeaderName, H, type HeaderName, headerName } from './header-names.js';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from './limits.js';
import { type SipMessage, SipRequest, SipResponse } from './message.js';
import { REGISTERED_METHODS } from './methods.js';
import { OtherUri, parseUri, type Uri } from './uri.js';
import { Via } from './via.js';

export type ParseResult = ParseSuccess | ParseFailure;

export interface ParseSuccess {
  ok: true;
  message: SipMessage;
}

export interface ParseFailure {
  ok: false;
  error: SwitchhookError;
  /**
   * Present when it was a request whose top Via says where an answer goes: `SipResponse.for(request, status)` makes
   * that answer. Anything else in it may be missing or malformed.
   */
  request?: SipRequest;
  /** The status of that answer: 400, 501, 505 or 513. */
  status?: number;
}

/** A header that was read; the body follows. */
export interface MessageHead {
  message: SipMessage;
  /** From the Content-Length lines; undefined when there is none, NaN when they are malformed or disagree. */
  contentLength: number | undefined;
  /** The first thing that was wrong, and the status that says so. */
  failure?: { error: SwitchhookError; status: number };
  /** The start line was that of a SIP request. */
  isRequest: boolean;
}

/**
 * Parses one datagram: octets behind Content-Length are ignored, octets missing are an error (§18.3).
 * Streams are cut by StreamFramer.
 */
export function parseMessage(
  data: Uint8Array,
  limits: Readonly<MessageLimits> = DEFAULT_MESSAGE_LIMITS,
): ParseResult {
  try {
    const bytes = asBuffer(data);
    const start = skipLineEnds(bytes, 0);
    const found = bytes.indexOf('\r\n\r\n', start, 'latin1');
    if (found < 0) return parseWithoutEnd(bytes.subarray(start), limits);
    const head = parseHead(bytes.subarray(start, found), limits);
    if (bytes.length > limits.maxMessageBytes) fail(head, 513, tooLarge('message', limits.maxMessageBytes));
    const bodyStart = found + 4;
    const available = bytes.length - bodyStart;
    const length = head.contentLength ?? available;
    if (length > available) {
      fail(head, 400, parseError('message', `Content-Length is ${length}, but ${available} octets follow`));
    }
    return completeMessage(head, bytes.subarray(bodyStart, bodyStart + Math.min(length || 0, available)));
  } catch (cause) {
    // Not expected: a defect here must not reach the socket.
    return { ok: false, error: asParseError(cause) };
  }
}

/**
 * A datagram without CRLFCRLF. Two mistakes do no harm, since the datagram ends the message: bare LF as line ends
 * (then nobody can say what Content-Length counted, and the body is what follows), and no empty line behind the
 * header of a message that says it has no body.
 */
function parseWithoutEnd(bytes: Buffer, limits: Readonly<MessageLimits>): ParseResult {
  const bare = !bytes.subarray(0, limits.maxHeaderBytes).includes(Code.CR);
  const empty = bare ? bytes.indexOf('\n\n', 0, 'latin1') : -1;
  let region = empty < 0 ? bytes : bytes.subarray(0, empty);
  if (bare) region = Buffer.from(region.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
  const ended = region.length >= 2 && region[region.length - 1] === Code.LF;
  const head = parseHead(ended ? region.subarray(0, -2) : region, limits);
  if (bytes.length > limits.maxMessageBytes) fail(head, 513, tooLarge('message', limits.maxMessageBytes));
  if (empty < 0 && !(ended && head.contentLength === 0)) {
    fail(head, 400, parseError('message', 'the empty line behind the header is missing'));
  }
  const body = empty < 0 ? EMPTY_BYTES : bytes.subarray(empty + 2);
  return completeMessage(head, body.subarray(0, head.contentLength));
}

/** The index behind the CRLFs that may stand before a start line (§7.5). */
function skipLineEnds(bytes: Uint8Array, start: number): number {
  while (bytes[start] === Code.CR && bytes[start + 1] === Code.LF) start += 2;
  return start;
}

/** Joins a header and its body, and judges them. */
export function completeMessage(head: MessageHead, body: Uint8Array): ParseResult {
  const { message } = head;
  message.body = body;
  if (!head.failure) return { ok: true, message };
  const { error, status } = head.failure;
  // Nobody answers an ACK (§17).
  const answerable =
    head.isRequest && message instanceof SipRequest && message.method !== 'ACK' && hasReturnPath(message);
  return answerable ? { ok: false, error, request: message, status } : { ok: false, error };
}

/** Notes the first failure only. */
export function fail(head: MessageHead, status: number, error: SwitchhookError): void {
  head.failure ??= { error, status };
}

export function tooLarge(what: string, limit: number): SwitchhookError {
  return new SwitchhookError('ERR_SIP_LIMIT', { what, limit });
}

/** Reads start line and header lines: `bytes` ends before the empty line. */
export function parseHead(bytes: Buffer, limits: Readonly<MessageLimits>): MessageHead {
  const cut = bytes.length > limits.maxHeaderBytes;
  const region = cut ? bytes.subarray(0, limits.maxHeaderBytes) : bytes;
  const text = isAscii(region) ? region.toString('latin1') : region.toString('utf8');
  const lineEnd = text.indexOf('\r\n');
  const startEnd = lineEnd < 0 ? text.length : lineEnd;
  const head = parseStartLine(text.slice(0, startEnd));
  if (cut) fail(head, 513, tooLarge('header', limits.maxHeaderBytes));
  if (startEnd > limits.maxLineLength) fail(head, 513, tooLarge('start line', limits.maxLineLength));
  const lines = readLines(head, text, startEnd + 2, limits);
  HeaderFields.adopt(head.message, lines);
  head.contentLength = readContentLength(head, lines);
  if (!head.failure) check(head, lines);
  return head;
}

/** Stands where a Request-URI could not be read, in a request that only serves to be answered. */
const UNREADABLE: Uri = new OtherUri('unreadable:');

function parseStartLine(line: string): MessageHead {
  if (/^SIP\/[0-9]+\.[0-9]+ /i.test(line)) return parseStatusLine(line);
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = first < 0 ? line : line.slice(0, first);
  const version = last < 0 ? '' : line.slice(last + 1);
  let uri = UNREADABLE;
  let failure: MessageHead['failure'];
  try {
    if (version !== 'SIP/2.0' && !/^SIP\/2\.0$/i.test(version)) {
      const status = /^SIP\/[0-9]+\.[0-9]+$/i.test(version) ? 505 : 400;
      failure = { status, error: parseError('request line', 'it does not end in " SIP/2.0"') };
    }
    if (!isToken(method)) throw parseError('request line', 'the method is not a token');
    if (first === last) throw parseError('request line', 'it is not a method, a URI and a version');
    uri = parseUri(line.slice(first + 1, last));
  } catch (error) {
    failure ??= { status: 400, error: asParseError(error) };
  }
  const message = new SipRequest(isToken(method) ? method : 'UNREADABLE', uri);
  const isRequest = isToken(method) && / SIP\/[0-9]+\.[0-9]+[ \t]*$/i.test(line);
  return { message, contentLength: undefined, failure, isRequest };
}

function parseStatusLine(line: string): MessageHead {
  const match = /^SIP\/2\.0 ([1-6][0-9]{2})(?: (.*))?$/is.exec(line);
  const message = match ? new SipResponse(Number(match[1]), match[2] ?? '') : new SipResponse(500);
  const failure = match
    ? undefined
    : {
        status: 400,
        error: parseError('status line', 'it is not "SIP/2.0", a code of three digits and a reason'),
      };
  return { message, contentLength: undefined, failure, isRequest: false };
}

function readLines(head: MessageHead, text: string, start: number, limits: Readonly<MessageLimits>): Field[] {
  const lines: Field[] = [];
  const end = text.length;
  for (let pos = start, count = 0; pos < end; count++) {
    let lineEnd = findLineEnd(text, pos);
    if (lineEnd < 0) {
      fail(head, 400, parseError('header', 'a line ends in CR or LF alone'));
      break;
    }
    let folded = false;
    while (lineEnd + 2 < end && isSpace(text.charCodeAt(lineEnd + 2))) {
      folded = true;
      lineEnd = findLineEnd(text, lineEnd + 2);
      if (lineEnd < 0) break;
    }
    if (lineEnd < 0) {
      fail(head, 400, parseError('header', 'a line ends in CR or LF alone'));
      break;
    }
    if (count === limits.maxHeaders) {
      fail(head, 513, tooLarge('number of header lines', limits.maxHeaders));
      break;
    }
    if (lineEnd - pos > limits.maxLineLength) fail(head, 513, tooLarge('header line', limits.maxLineLength));
    else readLine(head, lines, text, pos, lineEnd, folded);
    pos = lineEnd + 2;
  }
  return lines;
}

/** The index of the CRLF that ends the line, or the end of the text; -1 when a CR or LF stands alone. */
function findLineEnd(text: string, start: number): number {
  const cr = text.indexOf('\r', start);
  const lf = text.indexOf('\n', start);
  if (cr < 0 && lf < 0) return text.length;
  return lf === cr + 1 && cr >= 0 ? cr : -1;
}

const trimmed = (text: string): string => sliceTrimmed(text);

function readLine(
  head: MessageHead,
  lines: Field[],
  text: string,
  start: number,
  end: number,
  folded: boolean,
): void {
  const colon = text.indexOf(':', start);
  if (colon < 0 || colon >= end) {
    fail(head, 400, parseError('header', 'a line has no colon'));
    return;
  }
  // HCOLON = *( SP / HTAB ) ":" SWS
  let nameEnd = colon;
  while (nameEnd > start && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--;
  const usual = findHeaderName(text, start, nameEnd);
  const name = usual ? usual[0] : text.slice(start, nameEnd);
  const header = usual ? usual[1] : headerName(name);
  if (!header.known && !isToken(name)) {
    fail(head, 400, parseError('header', 'a header name is not a token'));
    return;
  }
  let value = sliceTrimmed(text, colon + 1, end);
  // A line end with the white space around it means one space (§7.3.1).
  if (folded) value = sliceTrimmed(value.split('\r\n').map(trimmed).join(' '));
  lines.push(new Field(header, name, value));
}

function readContentLength(head: MessageHead, lines: readonly Field[]): number | undefined {
  let length: number | undefined;
  for (const { header, value } of lines) {
    if (header !== H.contentLength) continue;
    const next = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(next) || (length !== undefined && length !== next)) {
      fail(head, 400, parseError('Content-Length header', 'it is not one number'));
      return Number.NaN;
    }
    length = next;
  }
  return length;
}

/** Headers every message must have, once (§8.1.1, §20); Max-Forwards may be missing for the sake of RFC 2543. */
const REQUIRED: readonly HeaderName[] = [H.from, H.to, H.callId, H.cseq];

function check(head: MessageHead, lines: readonly Field[]): void {
  const { message } = head;
  try {
    for (const header of REQUIRED) requireOnce(lines, header, true);
    requireOnce(lines, H.maxForwards, false);
    if (message.topVia === undefined) throw parseError('Via header', 'it is missing');
    void message.from;
    void message.to;
    void message.callId;
    const { method } = message.cseq;
    if (message instanceof SipRequest && method !== message.method) {
      // A method nobody knows may have rules of its own: 501 says so (RFC 4475 §3.1.2.18).
      const status = REGISTERED_METHODS.has(message.method) ? 400 : 501;
      fail(head, status, parseError('CSeq header', 'its method is not that of the request line'));
    }
  } catch (error) {
    fail(head, 400, asParseError(error));
  }
}

function requireOnce(lines: readonly Field[], header: HeaderName, present: boolean): void {
  let count = 0;
  for (let i = 0; i < lines.length; i++) if (lines[i].header === header) count++;
  if (count > 1) throw parseError(`${header.name} header`, 'it occurs more than once');
  if (present && count === 0) throw parseError(`${header.name} header`, 'it is missing');
}

/** True when a response finds its way: the top Via says how, if need be without its malformed parameters. */
function hasReturnPath(request: SipRequest): boolean {
  try {
    return request.topVia !== undefined;
  } catch {
    const [first, ...others] = request.getAll('Via');
    try {
      request.set('Via', [Via.parse(first.slice(0, first.search(/[;,]|$/))), ...others]);
      return true;
    } catch {
      return false;
    }
  }
}

function asParseError(error: unknown): SwitchhookError {
  return error instanceof SwitchhookError
    ? error
    : new SwitchhookError('ERR_SIP_PARSE', { what: 'message', why: String(error) }, { cause: error });
}
