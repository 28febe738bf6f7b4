/**
 * The smaller header values: CSeq, media types, events, session timers, Replaces and their kin. Each has a parse
 * function from the unfolded field text, which throws ERR_SIP_PARSE; those a program writes also print themselves.
 */
import {
  isSpace,
  isToken,
  parseError,
  parseInteger,
  quote,
  skipQuoted,
  skipSpace,
  unquote,
} from './grammar.js';
import { Params } from './params.js';
import { parseUri, type Uri } from './uri.js';

/** RFC 3261 §8.1.1.5: the sequence number must be less than 2**31. */
const MAX_CSEQ = 0x7fff_ffff;

/** CSeq (§20.16). */
export class CSeq {
  readonly seq: number;
  readonly method: string;

  constructor(seq: number, method: string) {
    this.seq = seq;
    this.method = method;
  }

  static parse(text: string): CSeq {
    let i = 0;
    while (i < text.length && !isSpace(text.charCodeAt(i))) i++;
    const method = text.slice(skipSpace(text, i, text.length));
    if (!isToken(method)) throw parseError('CSeq', 'it is not a number and a method');
    return new CSeq(parseInteger('CSeq', text.slice(0, i), MAX_CSEQ), method);
  }

  toString(): string {
    return `${this.seq} ${this.method}`;
  }
}

/** Content-Type, one Accept value (§20.15, §20.1). */
export class MediaType {
  /** Lower case. */
  readonly type: string;
  /** Lower case. */
  readonly subtype: string;
  /** 'type/subtype' in lower case. */
  readonly essence: string;
  readonly params: Params;

  constructor(
    type: string,
    subtype: string,
    params: Params | Readonly<Record<string, string | undefined>> = {},
  ) {
    this.type = type.toLowerCase();
    this.subtype = subtype.toLowerCase();
    this.essence = `${this.type}/${this.subtype}`;
    this.params = params instanceof Params ? params : new Params('header', params);
  }

  static parse(text: string): MediaType {
    const { head, params } = splitParams(text);
    const slash = head.indexOf('/');
    const type = head.slice(0, Math.max(slash, 0)).trim();
    const subtype = head.slice(slash + 1).trim();
    if (!isToken(type) || !isToken(subtype)) throw parseError('media type', 'it is not "type/subtype"');
    return new MediaType(type, subtype, params);
  }

  /** True for 'application/sdp', in any case, whatever the parameters. */
  is(essence: string): boolean {
    return essence === this.essence || essence.toLowerCase() === this.essence;
  }

  toString(): string {
    return `${this.type}/${this.subtype}${this.params}`;
  }
}

/** Event (RFC 6665 §8.2.1). */
export class EventValue {
  /** The package with its templates: 'presence.winfo'. */
  readonly name: string;
  readonly params: Params;

  constructor(name: string, params: Params | Readonly<Record<string, string | undefined>> = {}) {
    this.name = name;
    this.params = params instanceof Params ? params : new Params('header', params);
  }

  static parse(text: string): EventValue {
    const { value, params } = TokenValue.parse(text);
    return new EventValue(value, params);
  }

  get id(): string | undefined {
    return this.params.get('id');
  }

  toString(): string {
    return `${this.name}${this.params}`;
  }
}

/** Subscription-State (RFC 6665 §8.2.3). */
export class SubscriptionState {
  /** Lower case: 'active', 'pending', 'terminated' or another. */
  readonly state: string;
  readonly params: Params;

  constructor(state: string, params: Params | Readonly<Record<string, string | undefined>> = {}) {
    this.state = state.toLowerCase();
    this.params = params instanceof Params ? params : new Params('header', params);
  }

  static parse(text: string): SubscriptionState {
    const { value, params } = TokenValue.parse(text);
    return new SubscriptionState(value, params);
  }

  get reason(): string | undefined {
    return this.params.get('reason')?.toLowerCase();
  }

  /** Seconds. */
  get expires(): number | undefined {
    return numberParam(this.params, 'expires');
  }

  /** Seconds. */
  get retryAfter(): number | undefined {
    return numberParam(this.params, 'retry-after');
  }

  toString(): string {
    return `${this.state}${this.params}`;
  }
}

/** A token and parameters: Content-Disposition, codings, languages, feature sets, … */
export class TokenValue {
  readonly value: string;
  readonly params: Params;

  constructor(value: string, params: Params | Readonly<Record<string, string | undefined>> = {}) {
    this.value = value;
    this.params = params instanceof Params ? params : new Params('header', params);
  }

  static parse(text: string): TokenValue {
    const { head, params } = splitParams(text);
    if (!isToken(head)) throw parseError('value', `"${head}" is not a token`);
    return new TokenValue(head, params);
  }

  toString(): string {
    return `${this.value}${this.params}`;
  }
}

/** `<absoluteURI>` and parameters: Alert-Info, Call-Info, Error-Info (§20.4, §20.9, §20.18). */
export class InfoValue {
  readonly uri: Uri;
  readonly params: Params;

  constructor(uri: Uri, params: Params = new Params()) {
    this.uri = uri;
    this.params = params;
  }

  static parse(text: string): InfoValue {
    const open = text.indexOf('<');
    const close = text.indexOf('>', open);
    if (open < 0 || close < 0 || text.slice(0, open).trim() !== '') {
      throw parseError('value', 'it is not a URI in angle brackets');
    }
    return new InfoValue(parseUri(text.slice(open + 1, close)), Params.parse(text, close + 1));
  }

  toString(): string {
    return `<${this.uri}>${this.params}`;
  }
}

/** Replaces, Join and Target-Dialog: the dialog they name (RFC 3891 §6.1, RFC 3911 §7.1, RFC 4538 §7). */
export class DialogReference {
  readonly callId: string;
  readonly params: Params;

  constructor(callId: string, params: Params) {
    this.callId = callId;
    this.params = params;
  }

  /** `tags`: the names of the two tag parameters, both required. */
  static parse(text: string, tags: readonly [string, string]): DialogReference {
    const { head, params } = splitParams(text);
    if (head === '' || /\s/.test(head)) throw parseError('value', 'the Call-ID is missing');
    for (const tag of tags) if (!params.get(tag)) throw parseError('value', `the ${tag} is missing`);
    return new DialogReference(head, params);
  }

  /** The tag of the side that gets this message. */
  get toTag(): string {
    return this.params.get('to-tag') ?? this.params.get('local-tag') ?? '';
  }

  get fromTag(): string {
    return this.params.get('from-tag') ?? this.params.get('remote-tag') ?? '';
  }

  /** Replaces only a dialog that is not answered yet. */
  get earlyOnly(): boolean {
    return this.params.has('early-only');
  }

  toString(): string {
    return `${this.callId}${this.params}`;
  }
}

/** Session-Expires (RFC 4028 §4), Min-SE without the refresher (§5); seconds. */
export class SessionExpires {
  readonly delta: number;
  readonly params: Params;

  constructor(delta: number, refresher?: 'uac' | 'uas', params: Params = new Params()) {
    this.delta = delta;
    this.params = params;
    if (refresher) this.params.set('refresher', refresher);
  }

  static parse(text: string): SessionExpires {
    const { head, params } = splitParams(text);
    return new SessionExpires(parseInteger('interval', head), undefined, params);
  }

  /** An unknown value counts as absent: the roles are then negotiated as if it were not there. */
  get refresher(): 'uac' | 'uas' | undefined {
    const value = this.params.get('refresher')?.toLowerCase();
    return value === 'uac' || value === 'uas' ? value : undefined;
  }

  toString(): string {
    return `${this.delta}${this.params}`;
  }
}

/** RAck (RFC 3262 §7.2). */
export class RAck {
  readonly rseq: number;
  readonly seq: number;
  readonly method: string;

  constructor(rseq: number, seq: number, method: string) {
    this.rseq = rseq;
    this.seq = seq;
    this.method = method;
  }

  static parse(text: string): RAck {
    const match = /^(\d+)[ \t]+(\d+)[ \t]+([^ \t]+)$/.exec(text);
    if (!match || !isToken(match[3])) throw parseError('RAck', 'it is not two numbers and a method');
    return new RAck(parseInteger('RAck', match[1]), parseInteger('RAck', match[2], MAX_CSEQ), match[3]);
  }

  toString(): string {
    return `${this.rseq} ${this.seq} ${this.method}`;
  }
}

/** One Reason value (RFC 3326 §2). */
export class ReasonValue {
  /** 'SIP', 'Q.850', … */
  readonly protocol: string;
  readonly params: Params;

  constructor(protocol: string, cause?: number, text?: string, params: Params = new Params()) {
    this.protocol = protocol;
    this.params = params;
    if (cause !== undefined) params.set('cause', String(cause));
    if (text !== undefined) params.setQuoted('text', text);
  }

  static parse(text: string): ReasonValue {
    const { head, params } = splitParams(text);
    if (!isToken(head)) throw parseError('Reason', 'the protocol is missing');
    return new ReasonValue(head, undefined, undefined, params);
  }

  get cause(): number | undefined {
    return numberParam(this.params, 'cause');
  }

  get text(): string | undefined {
    return this.params.get('text');
  }

  toString(): string {
    return `${this.protocol}${this.params}`;
  }
}

/** Retry-After (§20.33): seconds, an optional comment, duration and the like. */
export class RetryAfter {
  readonly delta: number;
  readonly comment: string | undefined;
  readonly params: Params;

  constructor(delta: number, comment?: string, params: Params = new Params()) {
    this.delta = delta;
    this.comment = comment;
    this.params = params;
  }

  static parse(text: string): RetryAfter {
    const match = /^(\d+)[ \t]*(?:\(((?:[^()\\]|\\.|\([^()]*\))*)\))?[ \t]*(;.*)?$/s.exec(text);
    if (!match) throw parseError('Retry-After', 'it is not a number of seconds');
    return new RetryAfter(parseInteger('Retry-After', match[1]), match[2], Params.parse(match[3] ?? ''));
  }

  /** For how many seconds the callee will be reachable from then on. */
  get duration(): number | undefined {
    return numberParam(this.params, 'duration');
  }

  toString(): string {
    return `${this.delta}${this.comment === undefined ? '' : ` (${this.comment})`}${this.params}`;
  }
}

/** One Warning value (§20.43). */
export class Warning {
  readonly code: number;
  /** Who warns: a host or a pseudonym. */
  readonly agent: string;
  readonly text: string;

  constructor(code: number, agent: string, text: string) {
    this.code = code;
    this.agent = agent;
    this.text = text;
  }

  static parse(text: string): Warning {
    const match = /^(\d{3}) +([^ "]+) +(".*")$/s.exec(text);
    if (!match || skipQuoted(match[3], 0, match[3].length) !== match[3].length) {
      throw parseError('Warning', 'it is not a code, an agent and a quoted text');
    }
    return new Warning(Number(match[1]), match[2], unquote(match[3]));
  }

  toString(): string {
    return `${this.code} ${this.agent} ${quote(this.text)}`;
  }
}

/** Timestamp (§20.38): seconds, as written, and the delay of the answering side. */
export interface Timestamp {
  value: number;
  delay?: number;
}

export function parseTimestamp(text: string): Timestamp {
  const match = /^(\d+(?:\.\d*)?)(?:[ \t]+(\d*(?:\.\d*)?))?$/.exec(text);
  if (!match) throw parseError('Timestamp', 'it is not a number');
  return { value: Number(match[1]), delay: match[2] ? Number(match[2]) : undefined };
}

/** RFC 1123 dates of RFC 3261 §20.17: GMT only. */
const DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export function parseDate(text: string): Date {
  const time = DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw parseError('Date', 'it is not an RFC 1123 date in GMT');
  return new Date(time);
}

/** A parameter of digits; anything else counts as absent. */
function numberParam(params: Params, name: string): number | undefined {
  const value = params.get(name);
  return value !== undefined && /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}

/** Splits `head ;params`; no head of these headers can hold a semicolon. */
function splitParams(text: string): { head: string; params: Params } {
  const semicolon = text.indexOf(';');
  if (semicolon < 0) return { head: text.trim(), params: new Params() };
  return { head: text.slice(0, semicolon).trim(), params: Params.parse(text, semicolon) };
}
