/**
 * The header fields of a message: an ordered list of lines, unknown ones included, in the spelling they came in. The
 * base of {@link SipMessage}. A line keeps the parse of its value once somebody asked for it; replacing the line drops
 * it. Values that reach the wire cannot break out of their line.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { isToken, nextComma, sliceTrimmed, splitList } from './grammar.js';
import { type HeaderName, headerName, sameHeader } from './header-names.js';

/** What a header can be set to; an array makes one line per item. */
export type HeaderValue = Printable | readonly Printable[];

type Printable = string | number | { toString(): string };

/** One header line. The name and the text never change. */
export class Field {
  readonly header: HeaderName;
  /** As spelled: long, compact, or any case. */
  readonly name: string;
  /** Unfolded, without white space at its ends. */
  readonly value: string;
  /** The parse of `value`, kept by the typed accessors. */
  parsed: unknown = undefined;

  constructor(header: HeaderName, name: string, value: string) {
    this.header = header;
    this.name = name;
    this.value = value;
  }
}

export class HeaderFields {
  protected lines: Field[] = [];

  /** For the parser: the lines as they were read. */
  static adopt(target: HeaderFields, lines: Field[]): void {
    target.lines = lines;
  }

  /** The value of the first line of that name. */
  get(name: string): string | undefined {
    return this.first(headerName(name))?.value;
  }

  /** The values of all lines of that name, one per line. */
  getAll(name: string): string[] {
    const header = headerName(name);
    const values: string[] = [];
    for (const line of this.lines) if (sameHeader(line.header, header)) values.push(line.value);
    return values;
  }

  /**
   * The single values of all lines of that name: list headers are split at their commas.
   * @throws ERR_SIP_PARSE when a list cannot be split
   */
  values(name: string): string[] {
    return this.split(headerName(name));
  }

  has(name: string): boolean {
    return this.first(headerName(name)) !== undefined;
  }

  /**
   * Replaces all lines of that name; the first new one takes the place of the first old one, else the end.
   * @throws ERR_INVALID_ARGUMENT for a name that is no token or a value with line ends
   */
  set(name: string, value: HeaderValue): this {
    const header = headerName(name);
    const fresh = makeLines(header, name, value);
    const at = this.lines.findIndex((line) => sameHeader(line.header, header));
    if (at < 0) {
      this.lines.push(...fresh);
      return this;
    }
    const kept = this.lines.filter((line) => !sameHeader(line.header, header));
    kept.splice(at, 0, ...fresh);
    this.lines = kept;
    return this;
  }

  /** Adds lines behind the last of that name, else at the end. */
  add(name: string, value: HeaderValue): this {
    const header = headerName(name);
    let at = this.lines.length;
    for (let i = at - 1; i >= 0; i--) {
      if (sameHeader(this.lines[i].header, header)) {
        at = i + 1;
        break;
      }
    }
    this.lines.splice(at, 0, ...makeLines(header, name, value));
    return this;
  }

  /** Adds lines before the first of that name, else at the top. */
  prepend(name: string, value: HeaderValue): this {
    const header = headerName(name);
    const at = this.lines.findIndex((line) => sameHeader(line.header, header));
    this.lines.splice(Math.max(at, 0), 0, ...makeLines(header, name, value));
    return this;
  }

  /** Removes all lines of that name. */
  remove(name: string): this {
    const header = headerName(name);
    this.lines = this.lines.filter((line) => !sameHeader(line.header, header));
    return this;
  }

  /**
   * Removes the first single value of a list header (the top Via, the first Route) and returns its text.
   * @throws ERR_SIP_PARSE when its list cannot be split
   */
  removeFirstValue(name: string): string | undefined {
    const header = headerName(name);
    const at = this.lines.findIndex((line) => sameHeader(line.header, header));
    if (at < 0) return undefined;
    const { value, name: spelled } = this.lines[at];
    const comma = header.list ? nextComma(value, 0, value.length) : value.length;
    if (comma === value.length) this.lines.splice(at, 1);
    else this.lines[at] = new Field(header, spelled, sliceTrimmed(value, comma + 1));
    return sliceTrimmed(value, 0, comma);
  }

  /** Replaces the first single value of a list header, leaving the others of its line alone. */
  replaceFirstValue(name: string, value: Printable): this {
    const header = headerName(name);
    const at = this.lines.findIndex((line) => sameHeader(line.header, header));
    if (at < 0) return this.prepend(name, value);
    const { value: old, name: spelled } = this.lines[at];
    const comma = header.list ? nextComma(old, 0, old.length) : old.length;
    this.lines[at] = makeLine(header, spelled, String(value) + old.slice(comma));
    return this;
  }

  /** All lines in order. */
  *fields(): IterableIterator<{ readonly name: string; readonly value: string }> {
    yield* this.lines;
  }

  /** Copies all lines of one header from another message as they are, behind those that are there. */
  copy(from: HeaderFields, name: string): this {
    const header = headerName(name);
    for (const line of from.lines) if (sameHeader(line.header, header)) this.lines.push(copyOf(line));
    return this;
  }

  /** Copies the first line of one header. */
  protected copyFirst(from: HeaderFields, header: HeaderName): void {
    const line = from.first(header);
    if (line) this.lines.push(copyOf(line));
  }

  protected copyLines(from: HeaderFields): void {
    this.lines = from.lines.map(copyOf);
  }

  protected first(header: HeaderName): Field | undefined {
    const lines = this.lines;
    for (let i = 0; i < lines.length; i++) if (sameHeader(lines[i].header, header)) return lines[i];
    return undefined;
  }

  /** The parse of the first line of a header. */
  protected one<T>(header: HeaderName, parse: (value: string) => T): T | undefined {
    const line = this.first(header);
    return line === undefined ? undefined : cached(line, parse);
  }

  /** The parses of all lines of a header whose `parse` gives a list per line. */
  protected many<T>(header: HeaderName, parse: (value: string) => T[]): T[] {
    let result: T[] | undefined;
    let merged = false;
    for (const line of this.lines) {
      if (!sameHeader(line.header, header)) continue;
      const items = cached(line, parse);
      if (result === undefined) {
        result = items;
      } else {
        // The first array belongs to its line: it is copied before it grows.
        result = merged ? result : [...result];
        merged = true;
        for (const item of items) result.push(item);
      }
    }
    return result ?? [];
  }

  /** The parses of all lines of a header that has one value per line. */
  protected each<T>(header: HeaderName, parse: (value: string) => T): T[] {
    const result: T[] = [];
    for (const line of this.lines) if (sameHeader(line.header, header)) result.push(cached(line, parse));
    return result;
  }

  protected split(header: HeaderName): string[] {
    const values: string[] = [];
    for (const line of this.lines) {
      if (!sameHeader(line.header, header)) continue;
      if (!header.list) values.push(line.value);
      else for (const item of guarded(line, splitList)) values.push(item);
    }
    return values;
  }
}

/** Without the kept parse: that is an object its owner may have changed. */
function copyOf(line: Field): Field {
  return new Field(line.header, line.name, line.value);
}

function cached<T>(line: Field, parse: (value: string) => T): T {
  if (line.parsed === undefined) line.parsed = guarded(line, parse);
  return line.parsed as T;
}

/** Names the header in the error. */
function guarded<T>(line: Field, parse: (value: string) => T): T {
  try {
    return parse(line.value);
  } catch (error) {
    if (!isSwitchhookError(error, 'ERR_SIP_PARSE')) throw error;
    const { what, why } = error.details;
    throw new SwitchhookError('ERR_SIP_PARSE', {
      what: `${line.header.name} header`,
      why: `${what}: ${why}`,
      header: line.header.name,
    });
  }
}

function makeLines(header: HeaderName, name: string, value: HeaderValue): Field[] {
  return isList(value) ? value.map((item) => makeLine(header, name, item)) : [makeLine(header, name, value)];
}

function isList(value: HeaderValue): value is readonly Printable[] {
  return Array.isArray(value);
}

function makeLine(header: HeaderName, name: string, value: Printable): Field {
  const text = sliceTrimmed(String(value));
  if (!header.known && !isToken(name)) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${name}" is not a header name` });
  }
  if (/[\r\n]/.test(text)) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `the value of ${name} holds a line end` });
  }
  return new Field(header, name, text);
}
