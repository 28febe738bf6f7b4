/**
 * The `;name=value` parameters behind a header value or inside a URI: ordered, names case-insensitive, spelling kept.
 * Values are given and taken as what they say; quoting and escaping happen here.
 */

import { Code, isToken, parseError, quote, skipQuoted, sliceTrimmed, unquote } from './grammar.js';
import { percentDecode, percentEncode } from './percent.js';

/** Header parameters quote what is not a token; URI parameters escape it. */
export type ParamStyle = 'header' | 'uri';

/** gen-value = token / host / quoted-string: an IPv6 address, bracketed or (Via received) not, stands unquoted. */
const IP_LITERAL = /^\[?[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?$/;
const URI_PARAM_NAME = /^[A-Za-z0-9\-_.!~*'()[\]/:&+$%]+$/;

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

  /** Reads one `name[=value]` from `start`; returns the index behind it. */
  private parseOne(text: string, start: number, end: number): number {
    let i = start;
    let equal = -1;
    for (; i < end; i++) {
      const code = text.charCodeAt(i);
      if (code === Code.SEMICOLON) break;
      if (code === Code.EQUAL && equal < 0) equal = i;
      else if (code === Code.QUOTE) i = skipQuoted(text, i, end) - 1;
    }
    const header = this.style === 'header';
    const nameEnd = equal < 0 ? i : equal;
    const name = header ? sliceTrimmed(text, start, nameEnd) : text.slice(start, nameEnd);
    if (!(header ? isToken(name) : URI_PARAM_NAME.test(name))) {
      throw parseError('parameters', name === '' ? 'a parameter has no name' : `"${name}" is not a name`);
    }
    let raw: string | undefined;
    if (equal >= 0) {
      raw = header ? sliceTrimmed(text, equal + 1, i) : text.slice(equal + 1, i);
      checkRaw(name, raw, header);
    }
    this.names.push(name);
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
    const valid = this.style === 'header' ? isToken(name) : URI_PARAM_NAME.test(name);
    if (!valid) throw parseError('parameters', `"${name}" is not a name`);
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
        this.names[i],
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

  private indexOf(name: string): number {
    const names = this.names;
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i;
    const lower = name.toLowerCase();
    for (let i = 0; i < names.length; i++) {
      if (names[i].length === lower.length && names[i].toLowerCase() === lower) return i;
    }
    return -1;
  }
}

/** A value is one quoted-string or has none of the characters that end or open something. */
function checkRaw(name: string, raw: string, header: boolean): void {
  if (header && raw.charCodeAt(0) === Code.QUOTE) {
    if (skipQuoted(raw, 0, raw.length) !== raw.length) {
      throw parseError('parameters', `"${name}" has text behind its quoted value`);
    }
    return;
  }
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    const bad =
      code <= Code.SPACE ||
      code === Code.QUOTE ||
      code === Code.LESS ||
      code === Code.GREATER ||
      (code === Code.COMMA && header) ||
      code === Code.DELETE;
    if (bad)
      throw parseError(
        'parameters',
        `"${name}" holds a character that must be ${header ? 'quoted' : 'escaped'}`,
      );
  }
}
