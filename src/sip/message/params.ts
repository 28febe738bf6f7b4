/**
 * The `;name=value` parameters behind a header value or inside a URI: ordered, names case-insensitive, spelling kept.
 * Values are given and taken as what they say; quoting and escaping happen here.
 */

import {
  ALPHANUM,
  CONTROLS_AND_SPACE,
  Code,
  codeTable,
  isToken,
  parseError,
  quote,
  skipQuoted,
  skipSpace,
  TOKEN_CODES,
  unquote,
} from './grammar.js';
import { percentDecode, percentEncode } from './percent.js';

/** Header parameters quote what is not a token; URI parameters escape it. */
export type ParamStyle = 'header' | 'uri';

/** Of one header value or URI: more makes looking them up and comparing URIs slow. */
const MAX_PARAMS = 128;

/** gen-value = token / host / quoted-string: an IPv6 address, bracketed or (Via received) not, stands unquoted. */
const IP_LITERAL = /^\[?[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?$/;
/** paramchar = param-unreserved / unreserved / escaped */
const URI_NAME_CODES = codeTable(`${ALPHANUM}-_.!~*'()[]/:&+$%`);
/** What ends a value that is not quoted; in a URI peers forget to escape the comma, and it does no harm there. */
const HEADER_VALUE_ENDS = codeTable(`;"<>,${CONTROLS_AND_SPACE}`);
const URI_VALUE_ENDS = codeTable(`;"<>${CONTROLS_AND_SPACE}`);

export class Params {
  private readonly style: ParamStyle;
  private readonly names: string[] = [];
  /** As written: quoted or escaped. Undefined for a flag. */
  private readonly raws: Array<string | undefined> = [];

  constructor(style: ParamStyle = 'header', init?: Readonly<Record<string, string | undefined>>) {
    this.style = style;
    if (init) for (const name of Object.keys(init)) this.set(name, init[name]);
  }

  /**
   * Reads `;a=b;c` between `start` and `end`; white space around the separators is allowed in header style.
   * @throws ERR_SIP_PARSE
   */
  static parse(text: string, start = 0, end = text.length, style: ParamStyle = 'header'): Params {
    const params = new Params(style);
    let i = start;
    while (i < end) {
      const code = text.charCodeAt(i);
      if (code !== Code.SEMICOLON) {
        if (style === 'header' && (code === Code.SPACE || code === Code.TAB)) {
          i++;
          continue;
        }
        throw parseError('parameters', `unexpected "${text[i]}"`);
      }
      i = params.parseOne(text, i + 1, end);
    }
    return params;
  }

  /** Reads one `name[=value]` from `start`; returns the index behind it: a semicolon or `end`. */
  private parseOne(text: string, start: number, end: number): number {
    if (this.names.length === MAX_PARAMS) throw parseError('parameters', `there are more than ${MAX_PARAMS}`);
    const header = this.style === 'header';
    const nameCodes = header ? TOKEN_CODES : URI_NAME_CODES;
    const valueEnds = header ? HEADER_VALUE_ENDS : URI_VALUE_ENDS;
    const nameStart = header ? skipSpace(text, start, end) : start;
    let i = nameStart;
    while (i < end && nameCodes[text.charCodeAt(i)] === 1) i++;
    if (i === nameStart) throw parseError('parameters', 'a parameter has no name');
    this.names.push(text.slice(nameStart, i));
    if (header) i = skipSpace(text, i, end);
    let raw: string | undefined;
    if (i < end && text.charCodeAt(i) === Code.EQUAL) {
      const valueStart = header ? skipSpace(text, i + 1, end) : i + 1;
      i = valueStart;
      if (header && text.charCodeAt(i) === Code.QUOTE && i < end) i = skipQuoted(text, i, end);
      else while (i < end && valueEnds[text.charCodeAt(i)] !== 1) i++;
      raw = text.slice(valueStart, i);
      if (header) i = skipSpace(text, i, end);
    }
    if (i < end && text.charCodeAt(i) !== Code.SEMICOLON) {
      throw parseError('parameters', `"${text[i]}" must be ${header ? 'quoted' : 'escaped'}`);
    }
    this.raws.push(raw);
    return i;
  }

  get size(): number {
    return this.names.length;
  }

  /** What the parameter says; undefined when it is absent or a flag. */
  get(name: string): string | undefined {
    const i = this.indexOf(name);
    if (i < 0) return undefined;
    const raw = this.raws[i];
    if (raw === undefined) return undefined;
    return this.style === 'header' ? unquote(raw) : percentDecode(raw);
  }

  has(name: string): boolean {
    return this.indexOf(name) >= 0;
  }

  /** Sets or adds; `undefined` makes it a flag. A value that is no token is quoted (header) or escaped (URI). */
  set(name: string, value?: string): this {
    if (value === undefined || this.style === 'uri') {
      return this.setRaw(name, value === undefined ? undefined : percentEncode('param', value));
    }
    return this.setRaw(name, isToken(value) || IP_LITERAL.test(value) ? value : quote(value));
  }

  /** Like {@link set}, quoted even when it is a token, where a grammar demands it (Reason text, realm). */
  setQuoted(name: string, value: string): this {
    return this.setRaw(name, quote(value));
  }

  private setRaw(name: string, raw: string | undefined): this {
    if (this.style === 'uri') name = percentEncode('param', name);
    if (name === '' || (this.style === 'header' && !isToken(name))) {
      throw parseError('parameters', `"${name}" is not a name`);
    }
    const i = this.indexOf(name);
    if (i >= 0) {
      this.raws[i] = raw;
    } else {
      this.names.push(name);
      this.raws.push(raw);
    }
    return this;
  }

  /** True when it was there. */
  delete(name: string): boolean {
    const i = this.indexOf(name);
    if (i < 0) return false;
    this.names.splice(i, 1);
    this.raws.splice(i, 1);
    return true;
  }

  /** Name as spelled, and what it says, in order. */
  *entries(): IterableIterator<[string, string | undefined]> {
    for (let i = 0; i < this.names.length; i++) {
      const raw = this.raws[i];
      yield [
        this.style === 'header' ? this.names[i] : percentDecode(this.names[i]),
        raw === undefined ? undefined : this.style === 'header' ? unquote(raw) : percentDecode(raw),
      ];
    }
  }

  [Symbol.iterator](): IterableIterator<[string, string | undefined]> {
    return this.entries();
  }

  clone(): Params {
    const copy = new Params(this.style);
    for (let i = 0; i < this.names.length; i++) {
      copy.names.push(this.names[i]);
      copy.raws.push(this.raws[i]);
    }
    return copy;
  }

  /** `;a=b;lr`, or '' when there are none. */
  toString(): string {
    let text = '';
    for (let i = 0; i < this.names.length; i++) {
      const raw = this.raws[i];
      text += raw === undefined ? `;${this.names[i]}` : `;${this.names[i]}=${raw}`;
    }
    return text;
  }

  /** Escaped letters in a URI parameter's name are those letters (RFC 4475 §3.1.1.3). */
  private indexOf(name: string): number {
    const names = this.names;
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i;
    const lower = name.toLowerCase();
    for (let i = 0; i < names.length; i++) {
      const other = this.style === 'uri' ? percentDecode(names[i]) : names[i];
      if (other.length === lower.length && other.toLowerCase() === lower) return i;
    }
    return -1;
  }
}
