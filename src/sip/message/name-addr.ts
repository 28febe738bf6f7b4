/**
 * name-addr and addr-spec with header parameters: From, To, Contact, Route, Refer-To and their kin (RFC 3261 §20.10).
 */
import {
  Code,
  isSpace,
  isToken,
  nextComma,
  parseError,
  quote,
  skipQuoted,
  skipSpace,
  sliceTrimmed,
  unquote,
} from './grammar.js';
import { Params } from './params.js';
import { parseUri, type Uri } from './uri.js';

/** Words of tokens, which need no quotes. UTF-8 text has to be quoted. */
const TOKENS = /^[A-Za-z0-9\-.!%*_+`'~]+(?: [A-Za-z0-9\-.!%*_+`'~]+)*$/;

export class NameAddr {
  /** What the display name says, without quotes. */
  displayName: string | undefined;
  uri: Uri;
  params: Params;

  constructor(
    uri: Uri | string,
    displayName?: string,
    params?: Params | Readonly<Record<string, string | undefined>>,
  ) {
    this.uri = typeof uri === 'string' ? parseUri(uri) : uri;
    this.displayName = displayName;
    this.params = params instanceof Params ? params : new Params('header', params);
  }

  get tag(): string | undefined {
    return this.params.get('tag');
  }

  set tag(value: string | undefined) {
    if (value === undefined) this.params.delete('tag');
    else this.params.set('tag', value);
  }

  /** @throws ERR_SIP_PARSE */
  static parse(text: string): NameAddr {
    const end = text.length;
    const start = skipSpace(text, 0, end);
    let displayName: string | undefined;
    let open: number;
    if (text.charCodeAt(start) === Code.QUOTE) {
      const close = skipQuoted(text, start, end);
      displayName = unquote(text.slice(start, close));
      open = skipSpace(text, close, end);
      if (text.charCodeAt(open) !== Code.LESS)
        throw parseError('address', 'a display name needs "<…>" behind it');
    } else {
      open = text.indexOf('<', start);
      if (open < 0) return parseAddrSpec(text, start, end);
      if (open > start) displayName = tokenDisplayName(sliceTrimmed(text, start, open));
    }
    const close = text.indexOf('>', open);
    if (close < 0) throw parseError('address', 'the closing ">" is missing');
    const uri = parseUri(text.slice(open + 1, close));
    const params = Params.parse(text, close + 1, end);
    return new NameAddr(uri, displayName, params);
  }

  /** A comma-separated list of them. */
  static parseList(text: string): NameAddr[] {
    if (!text.includes(',')) return [NameAddr.parse(text)];
    const end = text.length;
    const list: NameAddr[] = [];
    for (let start = 0; start <= end; ) {
      const comma = nextComma(text, start, end);
      list.push(NameAddr.parse(text.slice(start, comma)));
      start = comma + 1;
    }
    return list;
  }

  clone(): NameAddr {
    return new NameAddr(this.uri.clone(), this.displayName, this.params.clone());
  }

  toString(): string {
    const name = this.displayName;
    const display = name === undefined ? '' : TOKENS.test(name) ? `${name} ` : `${quote(name)} `;
    return `${display}<${this.uri}>${this.params}`;
  }
}

/** Without angle brackets every parameter is one of the header (§20.10), so the URI has none, and no headers. */
function parseAddrSpec(text: string, start: number, end: number): NameAddr {
  const semicolon = text.indexOf(';', start);
  const uriEnd = semicolon < 0 ? end : semicolon;
  const spec = sliceTrimmed(text, start, uriEnd);
  if (spec.includes('?') || spec.includes(',')) {
    throw parseError('address', 'a URI with "?" or "," must stand in angle brackets');
  }
  return new NameAddr(parseUri(spec), undefined, Params.parse(text, uriEnd, end));
}

/** *(token LWS): single spaces between the words. */
function tokenDisplayName(text: string): string | undefined {
  if (text === '') return undefined;
  let word = '';
  const words: string[] = [];
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !isSpace(text.charCodeAt(i))) {
      word += text[i];
    } else if (word !== '') {
      if (!isDisplayWord(word)) throw parseError('address', `the display name must be quoted: ${word}`);
      words.push(word);
      word = '';
    }
  }
  return words.join(' ');
}

/** A token; UTF-8 letters are let through as well, since peers forget the quotes around names of their language. */
function isDisplayWord(word: string): boolean {
  return isToken(word.replace(/[^\x00-\x7f]/g, 'x'));
}
