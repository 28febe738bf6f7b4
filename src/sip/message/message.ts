/**
 * SIP requests and responses (RFC 3261 §7): the raw header lines of {@link HeaderFields} and typed accessors over
 * them. Made by the parser from what came in and by user agents for what goes out; they know nothing of transports
 * and transactions.
 *
 * Accessors parse on first use and keep the result until the line is replaced. They give undefined (or an empty list)
 * when the header is absent and throw ERR_SIP_PARSE (`details.header`) when it is malformed. What they return is the
 * message's own parse: change a clone of it and put that back with `set`.
 */
import { asBuffer, EMPTY_BYTES, utf8Bytes, utf8Text } from '../../base/bytes.js';
import { SwitchhookError } from '../../base/errors.js';
import { AuthParams, Challenge, Credentials } from './auth-values.js';
import { HeaderFields } from './fields.js';
import { isToken, nextComma, parseError, parseInteger, splitList } from './grammar.js';
import { H, type HeaderName } from './header-names.js';
import { NameAddr } from './name-addr.js';
import { reasonPhrase } from './status.js';
import { parseUri, type Uri } from './uri.js';
import {
  CSeq,
  DialogReference,
  EventValue,
  InfoValue,
  MediaType,
  parseDate,
  parseTimestamp,
  RAck,
  ReasonValue,
  RetryAfter,
  SessionExpires,
  SubscriptionState,
  type Timestamp,
  TokenValue,
  Warning,
} from './values.js';
import { Via } from './via.js';

const replacesTags = ['to-tag', 'from-tag'] as const;
const targetDialogTags = ['local-tag', 'remote-tag'] as const;

const text = (value: string): string => value;
const callId = (value: string): string => {
  if (value === '' || /\s/.test(value)) throw parseError('Call-ID', 'it is not one word');
  return value;
};
const deltaSeconds = (value: string): number => parseInteger('number', value);
const hops = (value: string): number => parseInteger('number', value, 255); // RFC 3261 §20.22
const contentLength = (value: string): number => parseInteger('number', value, Number.MAX_SAFE_INTEGER);
const firstWord = (value: string): number => deltaSeconds(/^[^\s;(]*/.exec(value)?.[0] ?? '');
const addresses = (value: string): NameAddr[] => (value === '*' ? [] : NameAddr.parseList(value));
const vias = (value: string): Via[] =>
  value.includes(',') ? splitList(value).map(Via.parse) : [Via.parse(value)];
const tokens = (value: string): string[] => {
  const items = splitList(value);
  for (const item of items) if (!isToken(item)) throw parseError('list', `"${item}" is not a token`);
  return items;
};
const tokenValues = (value: string): TokenValue[] => splitList(value).map(TokenValue.parse);
const mediaTypes = (value: string): MediaType[] => splitList(value).map(MediaType.parse);
const infos = (value: string): InfoValue[] => splitList(value).map(InfoValue.parse);
const reasons = (value: string): ReasonValue[] => splitList(value).map(ReasonValue.parse);
const warnings = (value: string): Warning[] => splitList(value).map(Warning.parse);
const privacy = (value: string): string[] => value.split(';').map((item) => item.trim().toLowerCase());
const replaces = (value: string): DialogReference => DialogReference.parse(value, replacesTags);
const targetDialog = (value: string): DialogReference => DialogReference.parse(value, targetDialogTags);

const ROUTING: ReadonlySet<HeaderName> = new Set([H.via, H.from, H.to]);
/** Lists of tokens, which need no space behind a comma. */
const TOKENS: ReadonlySet<HeaderName> = new Set([H.allow, H.allowEvents, H.supported]);

export abstract class SipMessage extends HeaderFields {
  body: Uint8Array = EMPTY_BYTES;

  /** Request-Line or Status-Line, without its line end. */
  abstract get startLine(): string;
  abstract clone(): SipMessage;

  /** The body as UTF-8. */
  get bodyText(): string {
    return utf8Text(this.body);
  }

  /** Sets body and Content-Type together; Content-Length follows when the message is printed. */
  setBody(body: string | Uint8Array, contentType: string | MediaType): this {
    this.body = typeof body === 'string' ? utf8Bytes(body) : body;
    return this.set('Content-Type', contentType);
  }

  /** All Via values, the top one first. */
  get vias(): Via[] {
    return this.many(H.via, vias);
  }
  /** The first Via value alone: those of the hops behind it are not looked at. */
  get topVia(): Via | undefined {
    return this.#topVia();
  }
  get from(): NameAddr {
    return this.#required(H.from, NameAddr.parse);
  }
  get to(): NameAddr {
    return this.#required(H.to, NameAddr.parse);
  }
  get callId(): string {
    return this.#required(H.callId, callId);
  }
  get cseq(): CSeq {
    return this.#required(H.cseq, CSeq.parse);
  }
  get maxForwards(): number | undefined {
    return this.one(H.maxForwards, hops);
  }
  /** [] for the wildcard. */
  get contacts(): NameAddr[] {
    return this.many(H.contact, addresses);
  }
  get contact(): NameAddr | undefined {
    return this.contacts[0];
  }
  /** `Contact: *` (§10.2.2). */
  get contactWildcard(): boolean {
    return this.first(H.contact)?.value === '*';
  }
  get routes(): NameAddr[] {
    return this.many(H.route, addresses);
  }
  get recordRoutes(): NameAddr[] {
    return this.many(H.recordRoute, addresses);
  }
  get paths(): NameAddr[] {
    return this.many(H.path, addresses);
  }
  get serviceRoutes(): NameAddr[] {
    return this.many(H.serviceRoute, addresses);
  }
  get replyTo(): NameAddr | undefined {
    return this.one(H.replyTo, NameAddr.parse);
  }

  get contentType(): MediaType | undefined {
    return this.one(H.contentType, MediaType.parse);
  }
  get contentLength(): number | undefined {
    return this.one(H.contentLength, contentLength);
  }
  get contentDisposition(): TokenValue | undefined {
    return this.one(H.contentDisposition, TokenValue.parse);
  }
  get contentEncoding(): string[] {
    return this.many(H.contentEncoding, tokens);
  }
  get contentLanguage(): string[] {
    return this.many(H.contentLanguage, tokens);
  }
  get mimeVersion(): string | undefined {
    return this.one(H.mimeVersion, text);
  }

  get accept(): MediaType[] {
    return this.many(H.accept, mediaTypes);
  }
  get acceptEncoding(): TokenValue[] {
    return this.many(H.acceptEncoding, tokenValues);
  }
  get acceptLanguage(): TokenValue[] {
    return this.many(H.acceptLanguage, tokenValues);
  }
  get allow(): string[] {
    return this.many(H.allow, tokens);
  }
  get supported(): string[] {
    return this.many(H.supported, tokens);
  }
  get require(): string[] {
    return this.many(H.require, tokens);
  }
  get proxyRequire(): string[] {
    return this.many(H.proxyRequire, tokens);
  }
  get unsupported(): string[] {
    return this.many(H.unsupported, tokens);
  }
  get allowEvents(): string[] {
    return this.many(H.allowEvents, tokens);
  }

  /** Seconds. */
  get expires(): number | undefined {
    return this.one(H.expires, deltaSeconds);
  }
  get minExpires(): number | undefined {
    return this.one(H.minExpires, deltaSeconds);
  }
  get sessionExpires(): SessionExpires | undefined {
    return this.one(H.sessionExpires, SessionExpires.parse);
  }
  get minSe(): number | undefined {
    return this.one(H.minSe, firstWord);
  }
  get flowTimer(): number | undefined {
    return this.one(H.flowTimer, deltaSeconds);
  }
  get retryAfter(): RetryAfter | undefined {
    return this.one(H.retryAfter, RetryAfter.parse);
  }
  get date(): Date | undefined {
    return this.one(H.date, parseDate);
  }
  get timestamp(): Timestamp | undefined {
    return this.one(H.timestamp, parseTimestamp);
  }

  get event(): EventValue | undefined {
    return this.one(H.event, EventValue.parse);
  }
  get subscriptionState(): SubscriptionState | undefined {
    return this.one(H.subscriptionState, SubscriptionState.parse);
  }
  get sipEtag(): string | undefined {
    return this.one(H.sipEtag, text);
  }
  get sipIfMatch(): string | undefined {
    return this.one(H.sipIfMatch, text);
  }
  get rseq(): number | undefined {
    return this.one(H.rseq, deltaSeconds);
  }
  get rack(): RAck | undefined {
    return this.one(H.rack, RAck.parse);
  }

  get referTo(): NameAddr | undefined {
    return this.one(H.referTo, NameAddr.parse);
  }
  get referredBy(): NameAddr | undefined {
    return this.one(H.referredBy, NameAddr.parse);
  }
  /** false: the referrer wants no subscription (RFC 4488). */
  get referSub(): TokenValue | undefined {
    return this.one(H.referSub, TokenValue.parse);
  }
  get replaces(): DialogReference | undefined {
    return this.one(H.replaces, replaces);
  }
  get join(): DialogReference | undefined {
    return this.one(H.join, replaces);
  }
  get targetDialog(): DialogReference | undefined {
    return this.one(H.targetDialog, targetDialog);
  }
  get inReplyTo(): string[] {
    return this.split(H.inReplyTo);
  }

  get wwwAuthenticate(): Challenge[] {
    return this.each(H.wwwAuthenticate, Challenge.parse);
  }
  get proxyAuthenticate(): Challenge[] {
    return this.each(H.proxyAuthenticate, Challenge.parse);
  }
  get authorization(): Credentials[] {
    return this.each(H.authorization, Credentials.parse);
  }
  get proxyAuthorization(): Credentials[] {
    return this.each(H.proxyAuthorization, Credentials.parse);
  }
  get authenticationInfo(): AuthParams | undefined {
    return this.one(H.authenticationInfo, AuthParams.parse);
  }
  get proxyAuthenticationInfo(): AuthParams | undefined {
    return this.one(H.proxyAuthenticationInfo, AuthParams.parse);
  }

  get reasons(): ReasonValue[] {
    return this.many(H.reason, reasons);
  }
  get warnings(): Warning[] {
    return this.many(H.warning, warnings);
  }
  get alertInfo(): InfoValue[] {
    return this.many(H.alertInfo, infos);
  }
  get callInfo(): InfoValue[] {
    return this.many(H.callInfo, infos);
  }
  get errorInfo(): InfoValue[] {
    return this.many(H.errorInfo, infos);
  }
  get subject(): string | undefined {
    return this.one(H.subject, text);
  }
  get organization(): string | undefined {
    return this.one(H.organization, text);
  }
  /** Lower case: 'emergency', 'urgent', 'normal', 'non-urgent' or another. */
  get priority(): string | undefined {
    return this.one(H.priority, text)?.toLowerCase();
  }
  get userAgent(): string | undefined {
    return this.one(H.userAgent, text);
  }
  get server(): string | undefined {
    return this.one(H.server, text);
  }

  /** Lower case: 'none', 'id', 'header', 'session', 'user', 'critical', … (RFC 3323 §4.2). */
  get privacy(): string[] {
    return this.many(H.privacy, privacy);
  }
  get pAssertedIdentity(): NameAddr[] {
    return this.many(H.pAssertedIdentity, addresses);
  }
  get pPreferredIdentity(): NameAddr[] {
    return this.many(H.pPreferredIdentity, addresses);
  }
  get pAssociatedUri(): NameAddr[] {
    return this.many(H.pAssociatedUri, addresses);
  }
  get pCalledPartyId(): NameAddr | undefined {
    return this.one(H.pCalledPartyId, NameAddr.parse);
  }
  get remotePartyId(): NameAddr[] {
    return this.many(H.remotePartyId, addresses);
  }
  get diversion(): NameAddr[] {
    return this.many(H.diversion, addresses);
  }
  get historyInfo(): NameAddr[] {
    return this.many(H.historyInfo, addresses);
  }
  get acceptContact(): TokenValue[] {
    return this.many(H.acceptContact, tokenValues);
  }
  get rejectContact(): TokenValue[] {
    return this.many(H.rejectContact, tokenValues);
  }
  /** 'proxy', 'no-fork', 'parallel', … (RFC 3841 §9.1). */
  get requestDisposition(): string[] {
    return this.many(H.requestDisposition, tokens);
  }

  /**
   * The message as it goes out. Content-Length is always that of the body.
   * @param compact with short names and lists, for a message that would be too large (RFC 3261 §7.3.3); those that every element
   * on the way looks for keep their long ones, since simple programs know no others
   */
  toBytes(compact = false): Uint8Array {
    const head = this.#head(compact);
    const size = Buffer.byteLength(head);
    const bytes = Buffer.allocUnsafe(size + this.body.length);
    bytes.write(head, 'utf8');
    bytes.set(this.body, size);
    return bytes;
  }

  override toString(): string {
    return this.#head() + asBuffer(this.body).toString('utf8');
  }

  #head(compact = false): string {
    let head = `${this.startLine}\r\n`;
    let hasLength = false;
    for (const { header, name: spelled, value } of this.lines) {
      const name = compact && !ROUTING.has(header) ? (header.compact ?? spelled) : spelled;
      if (header !== H.contentLength) {
        head += `${name}: ${compact && TOKENS.has(header) ? value.replaceAll(', ', ',') : value}\r\n`;
      } else if (!hasLength) {
        head += `${name}: ${this.body.length}\r\n`;
        hasLength = true;
      }
    }
    return hasLength
      ? `${head}\r\n`
      : `${head}${compact ? 'l' : 'Content-Length'}: ${this.body.length}\r\n\r\n`;
  }

  #required<T>(header: HeaderName, parse: (value: string) => T): T {
    const value = this.one(header, parse);
    if (value !== undefined) return value;
    throw new SwitchhookError('ERR_SIP_PARSE', {
      what: `${header.name} header`,
      why: 'it is missing',
      header: header.name,
    });
  }

  #topVia(): Via | undefined {
    const line = this.first(H.via);
    if (line === undefined) return undefined;
    if (!line.value.includes(',')) return this.one(H.via, vias)?.[0];
    return Via.parse(line.value.slice(0, nextComma(line.value, 0, line.value.length)));
  }
}

export class SipRequest extends SipMessage {
  method: string;
  uri: Uri;

  /** @throws ERR_INVALID_ARGUMENT for a method that is no token, ERR_SIP_PARSE for a malformed URI */
  constructor(method: string, uri: Uri | string) {
    super();
    if (!isToken(method))
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${method}" is not a method` });
    this.method = method;
    this.uri = typeof uri === 'string' ? parseUri(uri) : uri;
  }

  override get startLine(): string {
    return `${this.method} ${this.uri} SIP/2.0`;
  }

  override clone(): SipRequest {
    const copy = new SipRequest(this.method, this.uri.clone());
    copy.copyLines(this);
    copy.body = this.body;
    return copy;
  }
}

export class SipResponse extends SipMessage {
  status: number;
  reason: string;

  constructor(status: number, reason: string = reasonPhrase(status)) {
    super();
    this.status = status;
    this.reason = reason;
  }

  /**
   * The response to a request as RFC 3261 §8.2.6.2 starts it: Via, From, To, Call-ID and CSeq as received, Timestamp
   * in a 100, and Record-Route where the answer may create a dialog (§12.1.1). The To tag is left to the caller.
   */
  static for(request: SipRequest, status: number, reason?: string): SipResponse {
    const response = new SipResponse(status, reason);
    response.copy(request, 'Via');
    if (status > 100 && status < 300) response.copy(request, 'Record-Route');
    for (const header of [H.from, H.to, H.callId, H.cseq]) response.copyFirst(request, header);
    if (status === 100) response.copy(request, 'Timestamp');
    return response;
  }

  override get startLine(): string {
    return `SIP/2.0 ${this.status} ${this.reason.replace(/[\r\n]+/g, ' ')}`;
  }

  get isProvisional(): boolean {
    return this.status < 200;
  }
  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  get isFinal(): boolean {
    return this.status >= 200;
  }

  override clone(): SipResponse {
    const copy = new SipResponse(this.status, this.reason);
    copy.copyLines(this);
    copy.body = this.body;
    return copy;
  }
}
