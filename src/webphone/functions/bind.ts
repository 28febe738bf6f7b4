/**
 * Turns what a caller passed, by position or by name, into the named arguments of one of a function's argument lists:
 * chooses the list, converts the values, fills in the defaults. Pure; used by execute.ts alone.
 */
import type { ArgumentSpec, ArgumentType, FunctionSpec } from './spec.js';

/** Arguments in their order, or by name; `param1` … `paramN` stand for positions. */
export type ApiArguments = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Why nothing could be bound; the text is for the caller. */
export class BindError extends Error {}

/**
 * @param reveal decrypts a text argument
 * @throws BindError
 */
export function bind(
  spec: FunctionSpec,
  given: ApiArguments,
  reveal: (text: string) => string,
): Readonly<Record<string, unknown>> {
  const args = isList(given) ? { list: withoutTail(given), names: undefined } : byName(given);
  const lists = spec.overloads;
  let best: { bound: Record<string, unknown>; score: number } | undefined;
  let problem = '';
  const longest = Math.max(...lists.map(({ length }) => length));
  for (const list of lists) {
    // What is too much is dropped, as printed examples have some, but not to make a shorter list fit.
    if (!args.names && args.list.length > list.length && list.length < longest) continue;
    const fit = args.names ? fitNames(list, args.names, reveal) : fitPositions(list, args.list, reveal);
    if (typeof fit === 'string') problem ||= fit;
    else if (!best || fit.score > best.score) best = fit;
  }
  if (best) return best.bound;
  throw new BindError(`${spec.name}: ${problem || 'wrong arguments'}`);
}

function isList(given: ApiArguments): given is readonly unknown[] {
  return Array.isArray(given);
}

/** `undefined` at the end is the same as nothing. */
function withoutTail(values: readonly unknown[]): readonly unknown[] {
  let { length } = values;
  while (length > 0 && values[length - 1] === undefined) length--;
  return values.slice(0, length);
}

/** Named arguments; when all are param1 to paramN, they are positions. */
function byName(
  given: Readonly<Record<string, unknown>>,
): { list: readonly unknown[]; names: undefined } | { names: Map<string, unknown> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const positions = entries.map(([name]) => /^param(\d+)$/i.exec(name)?.[1]);
  if (positions.every((position) => position !== undefined)) {
    const list: unknown[] = [];
    entries.forEach(([, value], index) => {
      const at = Number(positions[index]) - 1;
      if (at >= 0 && at < 64) list[at] = value;
    });
    return { list: Array.from(list), names: undefined };
  }
  return { names: new Map(entries.map(([name, value]) => [name.toLowerCase(), value])) };
}

type Fit = { bound: Record<string, unknown>; score: number } | string;

function fitPositions(
  list: readonly ArgumentSpec[],
  values: readonly unknown[],
  reveal: (text: string) => string,
): Fit {
  let score = 0;
  const bound: Record<string, unknown> = {};
  for (const [index, spec] of list.entries()) {
    const one = bindOne(spec, index < values.length ? values[index] : undefined, reveal);
    if (typeof one === 'string') return one;
    bound[spec.name] = one.value;
    score += one.score;
  }
  return { bound, score };
}

function fitNames(
  list: readonly ArgumentSpec[],
  names: Map<string, unknown>,
  reveal: (text: string) => string,
): Fit {
  let score = 0;
  let used = 0;
  const bound: Record<string, unknown> = {};
  for (const [index, spec] of list.entries()) {
    const spellings = [spec.name, ...(spec.aliases ?? []), `param${index + 1}`].map((one) =>
      one.toLowerCase(),
    );
    const spelling = spellings.find((one) => names.has(one));
    if (spelling !== undefined) used++;
    const one = bindOne(spec, spelling === undefined ? undefined : names.get(spelling), reveal);
    if (typeof one === 'string') return one;
    bound[spec.name] = one.value;
    score += one.score;
  }
  return { bound, score: score - 100 * (names.size - used) };
}

function bindOne(
  spec: ArgumentSpec,
  value: unknown,
  reveal: (text: string) => string,
): { value: unknown; score: number } | string {
  if (value === undefined || value === null) {
    return spec.default === undefined
      ? `argument '${spec.name}' is missing`
      : { value: spec.default, score: 0 };
  }
  const plain = typeof value === 'string' ? reveal(value) : value;
  if (plain === '' && spec.default !== undefined && spec.type !== 'string') {
    return { value: spec.default, score: 1 };
  }
  const converted = convert(spec.type, plain);
  if (converted === undefined) return `argument '${spec.name}' is not of type ${spec.type}`;
  return { value: converted, score: typeof plain === typeof converted ? 3 : 2 };
}

/** The value as `type`; undefined when it is none. */
function convert(type: ArgumentType, value: unknown): unknown {
  switch (type) {
    case 'int':
      return toInt(value);
    case 'boolean':
      return toBoolean(value);
    case 'string':
      return ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : undefined;
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined;
    case 'object':
      return typeof value === 'object' || typeof value === 'function' ? value : undefined;
  }
}

function toInt(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true' ? 1 : 0;
    return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
  }
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value !== 0;
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(text)) return true;
  if (['false', 'no', 'off', '0', '-1', 'null', ''].includes(text)) return false;
  return undefined;
}
