/**
 * The small change of RFC 3261 §25.1: tokens, quoted strings, escapes, comma lists. Used by every parser and printer
 * of this folder. It never keeps state and throws only {@link SwitchhookError} `ERR_SIP_PARSE`.
 */
import { SwitchhookError } from '../../base/errors.js';

/** What a parser throws; `why` names the rule that was broken. */
export function parseError(what: string, why: string): SwitchhookError {
  return new SwitchhookError('ERR_SIP_PARSE', { what, why });
}

export const ALPHANUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The control characters of ASCII, and the space. */
export const CONTROLS_AND_SPACE = String.fromCharCode(...Array(33).keys(), 127);

/** By character code: 1 for the characters given. Codes above 127 are not in it: they read as undefined. */
export function codeTable(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~") */
export const TOKEN_CODES = codeTable(`${ALPHANUM}-.!%*_+\`'~`);

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN_CODES[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/** Character codes that have a meaning in more than one grammar. */
export const Code = {
  TAB: 0x09,
  LF: 0x0a,
  CR: 0x0d,
  SPACE: 0x20,
  QUOTE: 0x22,
  PERCENT: 0x25,
  PAREN_OPEN: 0x28,
  PAREN_CLOSE: 0x29,
  COMMA: 0x2c,
  SLASH: 0x2f,
  ZERO: 0x30,
  NINE: 0x39,
  COLON: 0x3a,
  SEMICOLON: 0x3b,
  LESS: 0x3c,
  EQUAL: 0x3d,
  GREATER: 0x3e,
  QUESTION: 0x3f,
  BRACKET_OPEN: 0x5b,
  BACKSLASH: 0x5c,
  DELETE: 0x7f,
} as const;

/** Space or tab: what remains of LWS once a field is unfolded. */
export function isSpace(code: number): boolean {
  return code === Code.SPACE || code === Code.TAB;
}

/** The first index from `index` on, before `end`, that is not white space. */
export function skipSpace(text: string, index: number, end: number): number {
  while (index < end && isSpace(text.charCodeAt(index))) index++;
  return index;
}

/** `text.slice(start, end)` without space and tab at its ends; String.trim would take U+FEFF and others as well. */
export function sliceTrimmed(text: string, start = 0, end = text.length): string {
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** A quoted-string (§25.1) that says `text`. Line ends, which a quoted-string cannot hold, become spaces. */
export function quote(text: string): string {
  return `"${text.replace(/[\r\n]+/g, ' ').replace(/["\\\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '\\$&')}"`;
}

/** What a quoted-string says; other text is returned as it is. */
export function unquote(raw: string): string {
  if (raw.charCodeAt(0) !== Code.QUOTE) return raw;
  const inner = raw.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/**
 * The index behind the quoted-string that starts at `start`.
 * @throws ERR_SIP_PARSE when it does not end
 */
export function skipQuoted(text: string, start: number, end: number): number {
  for (let i = start + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === Code.BACKSLASH) i++;
    else if (code === Code.QUOTE) return i + 1;
  }
  throw parseError('quoted string', 'the closing quote is missing');
}

/**
 * Splits a header value at its top-level commas: not inside quoted strings, angle brackets or comments. Items are
 * trimmed; an empty value has no items.
 * @throws ERR_SIP_PARSE for an empty item between commas
 */
export function splitList(text: string): string[] {
  if (!text.includes(',')) {
    const only = sliceTrimmed(text);
    return only === '' ? [] : [only];
  }
  const items: string[] = [];
  const end = text.length;
  let start = 0;
  for (let i = 0; i <= end; ) {
    i = nextComma(text, i, end);
    const item = sliceTrimmed(text, start, i);
    if (item === '') throw parseError('list', 'there is nothing between two commas');
    items.push(item);
    start = ++i;
  }
  return items;
}

/** The index of the next top-level comma, or `end`. */
export function nextComma(text: string, start: number, end: number): number {
  for (let i = start; i < end; ) {
    const code = text.charCodeAt(i);
    if (code === Code.COMMA) return i;
    if (code === Code.QUOTE) {
      i = skipQuoted(text, i, end);
    } else if (code === Code.LESS) {
      const close = text.indexOf('>', i);
      if (close < 0) throw parseError('list', 'the closing ">" is missing');
      i = close + 1;
    } else {
      i++;
    }
  }
  return end;
}

/**
 * An unsigned decimal number.
 * @throws ERR_SIP_PARSE when it is not digits only, or larger than `max`
 */
export function parseInteger(what: string, text: string, max = 0xffff_ffff): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - Code.ZERO;
    if (digit < 0 || digit > 9) throw parseError(what, 'it is not a number');
    value = value * 10 + digit;
  }
  if (text === '') throw parseError(what, 'it is not a number');
  if (value > max) throw parseError(what, `it is larger than ${max}`);
  return value;
}
