/**
 * The values of the authentication headers (RFC 3261 §20.7, §20.27, §20.44; RFC 7616): a scheme and comma-separated
 * parameters. Computing and checking digests is the work of sip/auth.
 */
import { Code, isToken, nextComma, parseError, quote, skipQuoted, sliceTrimmed, unquote } from './grammar.js';

/** Ordered `name=value` pairs; which are quoted is kept, since RFC 7616 §3.5 demands it of some and forbids others. */
export class AuthParams {
  private readonly names: string[] = [];
  private readonly raws: string[] = [];

  /** @throws ERR_SIP_PARSE */
  static parse(text: string): AuthParams {
    const params = new AuthParams();
    const end = text.length;
    for (let start = 0; start < end; ) {
      const comma = nextComma(text, start, end);
      const equal = text.indexOf('=', start);
      if (equal < 0 || equal >= comma) throw parseError('authentication', 'a parameter has no value');
      const name = sliceTrimmed(text, start, equal);
      const raw = sliceTrimmed(text, equal + 1, comma);
      const quoted = raw.charCodeAt(0) === Code.QUOTE;
      const whole = quoted ? skipQuoted(raw, 0, raw.length) === raw.length : !/[\s"]/.test(raw);
      if (!isToken(name) || !whole) throw parseError('authentication', 'a parameter is not name=value');
      params.names.push(name);
      params.raws.push(raw);
      start = comma + 1;
    }
    return params;
  }

  /** What the parameter says, unquoted. */
  get(name: string): string | undefined {
    const i = this.indexOf(name);
    return i < 0 ? undefined : unquote(this.raws[i]);
  }

  has(name: string): boolean {
    return this.indexOf(name) >= 0;
  }

  /** A bare value, as algorithm, stale, nc and the qop of credentials are. */
  set(name: string, value: string): this {
    return this.setRaw(name, value);
  }

  setQuoted(name: string, value: string): this {
    return this.setRaw(name, quote(value));
  }

  *entries(): IterableIterator<[string, string]> {
    for (let i = 0; i < this.names.length; i++) yield [this.names[i], unquote(this.raws[i])];
  }

  toString(): string {
    return this.names.map((name, i) => `${name}=${this.raws[i]}`).join(', ');
  }

  private setRaw(name: string, raw: string): this {
    const i = this.indexOf(name);
    if (i < 0) {
      this.names.push(name);
      this.raws.push(raw);
    } else {
      this.raws[i] = raw;
    }
    return this;
  }

  private indexOf(name: string): number {
    const lower = name.toLowerCase();
    return this.names.findIndex((other) => other.toLowerCase() === lower);
  }
}

/** A scheme and its parameters. */
class AuthValue {
  /** As written; 'Digest' in practice. */
  readonly scheme: string;
  readonly params: AuthParams;

  constructor(scheme: string, params: AuthParams = new AuthParams()) {
    this.scheme = scheme;
    this.params = params;
  }

  get isDigest(): boolean {
    return this.scheme.toLowerCase() === 'digest';
  }

  get realm(): string | undefined {
    return this.params.get('realm');
  }

  get nonce(): string | undefined {
    return this.params.get('nonce');
  }

  get algorithm(): string | undefined {
    return this.params.get('algorithm');
  }

  get opaque(): string | undefined {
    return this.params.get('opaque');
  }

  toString(): string {
    return `${this.scheme} ${this.params}`;
  }
}

/** WWW-Authenticate, Proxy-Authenticate: one challenge. */
export class Challenge extends AuthValue {
  /** @throws ERR_SIP_PARSE */
  static parse(text: string): Challenge {
    const { scheme, rest } = splitScheme(text);
    return new Challenge(scheme, AuthParams.parse(rest));
  }

  /** The offered qualities of protection in lower case: 'auth', 'auth-int'; [] for RFC 2069. */
  get qop(): string[] {
    const value = this.params.get('qop');
    return value === undefined
      ? []
      : value
          .toLowerCase()
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean);
  }

  /** The nonce was too old, the credentials right. */
  get stale(): boolean {
    return this.params.get('stale')?.toLowerCase() === 'true';
  }
}

/** Authorization, Proxy-Authorization: one set of credentials. */
export class Credentials extends AuthValue {
  /** @throws ERR_SIP_PARSE */
  static parse(text: string): Credentials {
    const { scheme, rest } = splitScheme(text);
    // Other schemes carry a single opaque token (Basic, Bearer): nothing to split.
    if (scheme.toLowerCase() !== 'digest' && !rest.includes('=')) return new Credentials(scheme);
    return new Credentials(scheme, AuthParams.parse(rest));
  }

  get username(): string | undefined {
    return this.params.get('username');
  }
}

function splitScheme(text: string): { scheme: string; rest: string } {
  const space = text.search(/[ \t]/);
  const scheme = space < 0 ? text : text.slice(0, space);
  if (!isToken(scheme)) throw parseError('authentication', 'the scheme is missing');
  return { scheme, rest: space < 0 ? '' : text.slice(space).trim() };
}
