/**
 * Clear text separated by commas: `function=API_Call,line=-1,peer=1234`, the short `API_Call,-1,1234`, and the call
 * syntax `API_Call("1234")`. The manual documents no quoting; ours is that a value in double quotes may hold commas
 * (`""` is one quote), and that a part of a named request that is no `key=value` belongs to the value before it.
 */
import { printClearText } from './clear-text.js';
import {
  accepted,
  fromNamedValues,
  MAX_ARGUMENTS,
  type Parsed,
  refused,
  type WireArgument,
  type WireFormat,
} from './request.js';

/** Commas in values make more parts than there are arguments. */
const MAX_PARTS = MAX_ARGUMENTS * 16;
const NAMED = /^\s*([A-Za-z_]\w*)\s*=/;
/** What stands by name in the short form as well. */
const FOR_SERVER = /^\s*(token|client)\s*=/i;
const CALL = /^([A-Za-z_]\w*)\s*\(([\s\S]*)\)\s*;?$/;

export const commaFormat: WireFormat = {
  name: 'comma',
  mediaType: 'text/plain; charset=utf-8',
  parse(text, named) {
    const line = text.trim();
    const call = CALL.exec(line);
    if (call) return positional(call[1], call[2].trim() === '' ? [] : split(call[2]));
    const parts = split(line);
    if (parts.length > MAX_PARTS) return refused(`more than ${MAX_ARGUMENTS} arguments`);
    return parts.some((part) => /^\s*function\s*=/i.test(part))
      ? fromNamedValues(joinNamed(parts))
      : named !== undefined && NAMED.test(line)
        ? fromNamedValues(joinNamed(parts), named)
        : positional(parts[0].trim(), parts.slice(1));
  },
  print: printClearText,
};

function positional(name: string, parts: readonly string[]): Parsed {
  return accepted(
    name,
    parts.map((part) => {
      const forServer = FOR_SERVER.exec(part);
      return forServer
        ? { name: forServer[1], value: unquoted(part.slice(forServer[0].length)) }
        : { value: unquoted(part) };
    }),
  );
}

function joinNamed(parts: readonly string[]): WireArgument[] {
  const joined: Array<{ name: string; value: string }> = [];
  for (const part of parts) {
    const named = NAMED.exec(part);
    const last = joined.at(-1);
    if (named) joined.push({ name: named[1], value: part.slice(named[0].length) });
    else if (last) last.value += `,${part}`;
  }
  return joined.map(({ name, value }) => ({ name, value: unquoted(value) }));
}

/** Splits at commas outside double quotes; a quote that is never closed is an ordinary character. */
function split(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ',') {
      parts.push(text.slice(start, i));
      if (parts.length > MAX_PARTS) return parts;
      start = i + 1;
    } else if (text[i] === '"' && /(^|=)\s*$/.test(text.slice(Math.max(start, i - 80), i))) {
      const end = closingQuote(text, i + 1);
      if (end > 0) i = end;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** The quote that ends the value: the next thing after it is a comma or the end. -1 when there is none. */
function closingQuote(text: string, from: number): number {
  for (let i = text.indexOf('"', from); i >= 0; i = text.indexOf('"', i + 1)) {
    if (text[i + 1] === '"') i++;
    else return /^\s*(,|$)/.test(text.slice(i + 1, i + 80)) ? i : -1;
  }
  return -1;
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > 1 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1).replaceAll('""', '"')
    : trimmed;
}
