/**
 * URI parameters: `function=API_Call&line=-1&peer=1234`, with or without `/?` before them. Decoded as RFC 3986 §2.1
 * and, for `+`, as forms do. A `+` that begins a number is kept: people write `peer=+36205551234` as it is.
 * Answered in clear text.
 */
import { printClearText } from './clear-text.js';
import {
  fromNamedValues,
  MAX_ARGUMENTS,
  type Parsed,
  refused,
  type WireArgument,
  type WireFormat,
} from './request.js';

export const queryFormat: WireFormat = {
  name: 'query',
  mediaType: 'text/plain; charset=utf-8',
  parse: parseQuery,
  print: printClearText,
};

export function parseQuery(text: string, named?: string): Parsed {
  const values = queryValues(text);
  return values ? fromNamedValues(values, named) : refused(`more than ${MAX_ARGUMENTS} arguments`);
}

/** undefined when there are too many. */
export function queryValues(text: string): WireArgument[] | undefined {
  const trimmed = text.trim();
  const pairs = trimmed.slice(/^(\/[^?&=]*)?\?/.exec(trimmed)?.[0].length ?? 0).split('&');
  if (pairs.length > MAX_ARGUMENTS * 2) return undefined;
  return pairs
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0
        ? { name: decode(pair), value: '' }
        : { name: decode(pair.slice(0, at)).trim(), value: decode(pair.slice(at + 1)) };
    });
}

function decode(text: string): string {
  const keep = /^\+\d/.test(text) ? '+' : '';
  const spaced = keep + text.slice(keep.length).replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // A stray % or bytes that are no UTF-8: what can be read is read.
    return spaced.replace(/(%[0-9a-f]{2})+/gi, (bytes) =>
      Buffer.from(bytes.replaceAll('%', ''), 'hex').toString(),
    );
  }
}
