/**
 * The URIs of SIP: `sip:` and `sips:` (RFC 3261 §19.1), `tel:` (RFC 3966), and any other scheme kept as text. Parsed
 * here, compared by the rules of each scheme, printed as they came unless changed.
 */

import { CONTROLS_AND_SPACE, Code, codeTable, parseError } from './grammar.js';
import { formatHost, normalizeHost, parseHostPort, sameHost } from './host.js';
import { Params } from './params.js';
import { canonicalEscapes, percentDecode, percentEncode } from './percent.js';

export type Uri = SipUri | TelUri | OtherUri;

export interface SipUriInit {
  user?: string;
  password?: string;
  host: string;
  port?: number;
  /** `sips:` */
  secure?: boolean;
  params?: Readonly<Record<string, string | undefined>>;
}

/** White space, controls and delimiters of the surrounding header: never unescaped in a URI. */
const FORBIDDEN_CODES = codeTable(`<>"${CONTROLS_AND_SPACE}`);

/** No forbidden character, and only whole escapes. */
function isEscaped(text: string): boolean {
  let escapes = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (FORBIDDEN_CODES[code] === 1) return false;
    if (code === Code.PERCENT) escapes = true;
  }
  return !escapes || !/%(?![0-9A-Fa-f]{2})/.test(text);
}

/** Parameters that must be in both URIs to match (§19.1.4; transport by its examples). */
const MUST_MATCH = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** What the parser starts from; every field is overwritten. */
const BLANK: SipUriInit = { host: '' };

export class SipUri {
  readonly kind = 'sip';
  /** `sips:` */
  secure: boolean;
  /** Lower case; IPv6 without brackets. */
  host: string;
  port: number | undefined;
  params: Params;
  /** The `?name=value&…` part, decoded. */
  headers: Array<[string, string]> = [];
  /** As written, so that what came in goes out the same. */
  private rawUser: string | undefined;
  private rawPassword: string | undefined;

  constructor(init: SipUriInit) {
    this.secure = init.secure ?? false;
    this.host = init === BLANK ? '' : normalizeHost(init.host);
    this.port = init.port;
    this.params = new Params('uri', init.params);
    this.rawUser = undefined;
    this.rawPassword = undefined;
    if (init.user !== undefined) this.user = init.user;
    if (init.password !== undefined) this.password = init.password;
  }

  /** @throws ERR_SIP_PARSE */
  static parse(text: string): SipUri {
    const secure = (text.charCodeAt(3) | 0x20) === 0x73;
    const start = secure ? 5 : 4;
    if (!isSipScheme(text, start)) throw parseError('URI', 'it has not the scheme "sip" or "sips"');
    const uri = new SipUri(BLANK);
    uri.secure = secure;
    uri.read(text, start);
    return uri;
  }

  private read(text: string, start: number): void {
    const at = text.indexOf('@', start);
    let user: string | undefined;
    let password: string | undefined;
    if (at >= 0) {
      user = text.slice(start, at);
      if (!isEscaped(user)) throw parseError('URI', 'the user part holds characters that must be escaped');
      const colon = user.indexOf(':');
      if (colon >= 0) {
        password = user.slice(colon + 1);
        user = user.slice(0, colon);
      }
      start = at + 1;
    }
    this.rawUser = user;
    this.rawPassword = password;
    const end = text.length;
    const place = parseHostPort(text, start, end, false);
    this.host = place.host;
    this.port = place.port;
    const question = text.indexOf('?', place.end);
    const paramsEnd = question < 0 ? end : question;
    this.params = Params.parse(text, place.end, paramsEnd, 'uri');
    this.headers = question < 0 ? [] : parseUriHeaders(text.slice(question + 1));
  }

  /** The user part, decoded; undefined when there is no "@". */
  get user(): string | undefined {
    return this.rawUser === undefined ? undefined : percentDecode(this.rawUser);
  }

  set user(value: string | undefined) {
    this.rawUser = value === undefined ? undefined : percentEncode('user', value);
  }

  get password(): string | undefined {
    return this.rawPassword === undefined ? undefined : percentDecode(this.rawPassword);
  }

  set password(value: string | undefined) {
    this.rawPassword = value === undefined ? undefined : percentEncode('password', value);
  }

  /** The transport parameter in lower case: 'udp', 'tcp', 'ws', … */
  get transport(): string | undefined {
    return this.params.get('transport')?.toLowerCase();
  }

  /** The mark of a loose router (§16.12.1.1). */
  get lr(): boolean {
    return this.params.has('lr');
  }

  /** By §19.1.4. A URI without port differs from one with the default port. */
  equals(other: Uri): boolean {
    return (
      other.kind === 'sip' &&
      this.secure === other.secure &&
      this.port === other.port &&
      sameRaw(this.rawUser, other.rawUser) &&
      sameRaw(this.rawPassword, other.rawPassword) &&
      sameHost(this.host, other.host) &&
      sameParams(this.params, other.params) &&
      sameHeaders(this.headers, other.headers)
    );
  }

  /** As others may read it: the zone of a link-local address means something on this machine only (RFC 4007 §11.2). */
  withoutZone(): SipUri {
    const percent = this.host.indexOf('%');
    if (percent < 0) return this;
    const copy = this.clone();
    copy.host = this.host.slice(0, percent);
    return copy;
  }

  clone(): SipUri {
    const copy = new SipUri({ host: this.host, port: this.port, secure: this.secure });
    copy.rawUser = this.rawUser;
    copy.rawPassword = this.rawPassword;
    copy.params = this.params.clone();
    copy.headers = this.headers.map(([name, value]) => [name, value]);
    return copy;
  }

  toString(): string {
    let text = this.secure ? 'sips:' : 'sip:';
    if (this.rawUser !== undefined) {
      text += this.rawUser;
      if (this.rawPassword !== undefined) text += `:${this.rawPassword}`;
      text += '@';
    }
    text += formatHost(this.host);
    if (this.port !== undefined) text += `:${this.port}`;
    if (this.params.size > 0) text += this.params.toString();
    let separator = '?';
    for (const [name, value] of this.headers) {
      text += `${separator}${percentEncode('header', name)}=${percentEncode('header', value)}`;
      separator = '&';
    }
    return text;
  }
}

/** global-number or local-number with its parameters (RFC 3966 §3). */
export class TelUri {
  readonly kind = 'tel';
  /** As written, visual separators included; global numbers begin with "+". */
  readonly number: string;
  params: Params;

  constructor(number: string, params?: Readonly<Record<string, string | undefined>>) {
    if (!isTelNumber(number)) throw parseError('tel URI', `"${number}" is not a number`);
    this.number = number;
    this.params = new Params('uri', params);
  }

  /** @throws ERR_SIP_PARSE */
  static parse(text: string): TelUri {
    if (!/^tel:/i.test(text)) throw parseError('URI', 'it has not the scheme "tel"');
    const semicolon = text.indexOf(';');
    const uri = new TelUri(text.slice(4, semicolon < 0 ? undefined : semicolon));
    if (semicolon >= 0) uri.params = Params.parse(text, semicolon, text.length, 'uri');
    return uri;
  }

  /** The number without visual separators. */
  get digits(): string {
    return this.number.replace(VISUAL_SEPARATORS, '').toLowerCase();
  }

  /** By RFC 3966 §4: separators do not count, parameters do, in any order. */
  equals(other: Uri): boolean {
    if (other.kind !== 'tel' || this.digits !== other.digits || this.params.size !== other.params.size)
      return false;
    for (const [name, value] of this.params) {
      if (!other.params.has(name)) return false;
      if (telValue(name, value) !== telValue(name, other.params.get(name))) return false;
    }
    return true;
  }

  clone(): TelUri {
    const copy = new TelUri(this.number);
    copy.params = this.params.clone();
    return copy;
  }

  toString(): string {
    return `tel:${this.number}${this.params}`;
  }
}

/** A URI of a scheme this stack does not route: kept as text. */
export class OtherUri {
  readonly kind = 'other';
  /** Lower case. */
  readonly scheme: string;
  /** The whole URI. */
  readonly text: string;

  constructor(text: string) {
    const match = /^([A-Za-z][A-Za-z0-9+.-]*):[^\x00-\x20\x7f<>"]*$/.exec(text);
    if (!match) throw parseError('URI', 'it has no scheme or holds characters that must be escaped');
    this.scheme = match[1].toLowerCase();
    this.text = text;
  }

  equals(other: Uri): boolean {
    return other.kind === 'other' && this.text === other.text;
  }

  clone(): OtherUri {
    return this;
  }

  toString(): string {
    return this.text;
  }
}

/**
 * Any absolute URI.
 * @throws ERR_SIP_PARSE
 */
export function parseUri(text: string): Uri {
  if (isSipScheme(text, 4) || isSipScheme(text, 5)) return SipUri.parse(text);
  if (/^tel:/i.test(text)) return TelUri.parse(text);
  return new OtherUri(text);
}

/** True when `text` begins with "sip:" (length 4) or "sips:" (length 5), in any case. */
function isSipScheme(text: string, length: number): boolean {
  return (
    text.charCodeAt(length - 1) === Code.COLON &&
    (text.charCodeAt(0) | 0x20) === 0x73 &&
    (text.charCodeAt(1) | 0x20) === 0x69 &&
    (text.charCodeAt(2) | 0x20) === 0x70 &&
    (length === 4 || (text.charCodeAt(3) | 0x20) === 0x73)
  );
}

/** phonedigit and phonedigit-hex with their visual separators, at least one digit among them (RFC 3966 §3). */
function isTelNumber(text: string): boolean {
  const global = text.startsWith('+');
  return global
    ? /^\+[0-9\-.()]+$/.test(text) && /[0-9]/.test(text)
    : /^[0-9A-Fa-f*#\-.()]+$/.test(text) && /[0-9A-Fa-f*#]/.test(text);
}

const VISUAL_SEPARATORS = /[-.()]/g;

function telValue(name: string, value: string | undefined): string | undefined {
  const lower = value?.toLowerCase();
  const isNumber =
    /^(?:ext|phone-context)$/i.test(name) && lower !== undefined && /^[+0-9\-.()]+$/.test(lower);
  return isNumber ? lower.replace(VISUAL_SEPARATORS, '') : lower;
}

function parseUriHeaders(text: string): Array<[string, string]> {
  if (!isEscaped(text)) throw parseError('URI', 'its headers hold characters that must be escaped');
  return text.split('&').map((header) => {
    const equal = header.indexOf('=');
    if (equal < 1) throw parseError('URI', 'a header needs a name and "="');
    return [percentDecode(header.slice(0, equal)), percentDecode(header.slice(equal + 1))];
  });
}

function sameRaw(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return canonicalEscapes(a) === canonicalEscapes(b);
}

function sameParams(a: Params, b: Params): boolean {
  for (const name of MUST_MATCH) if (a.has(name) !== b.has(name)) return false;
  for (const [name, value] of a) {
    if (b.has(name) && value?.toLowerCase() !== b.get(name)?.toLowerCase()) return false;
  }
  return true;
}

/** Header components must all be in both; their order does not count. */
function sameHeaders(a: ReadonlyArray<[string, string]>, b: ReadonlyArray<[string, string]>): boolean {
  if (a.length !== b.length) return false;
  const key = ([name, value]: [string, string]) => `${name.toLowerCase()}=${value}`;
  const right = b.map(key).sort();
  return a
    .map(key)
    .sort()
    .every((item, i) => item === right[i]);
}
