/**
 * Makes of whatever comes in (text, number or boolean, over any surface) a value of the type its row says. Pure; used
 * by {@link Settings} only.
 */
import { nearest } from '../../base/nearest.js';
import { sortedValues } from '../parameters/describe.js';
import type { ParameterSpec, SettingValue } from '../parameters/spec.js';

export type Coerced = { value: SettingValue; warning?: string } | { error: string };

const TRUE = /^(true|yes|on)$/i;
const FALSE = /^(false|no|off)$/i;
/** Meanings no longer than this are told with the values that may be chosen. */
const SHORT = 24;
const NUMBER = /^[+-]?(\d+(\.\d+)?|0x[0-9a-f]+)$/i;

export function coerce(spec: ParameterSpec, input: SettingValue): Coerced {
  switch (spec.type) {
    case 'bool':
      return toBoolean(spec, input);
    case 'int':
      return toInteger(spec, input);
    case 'enum':
      return toChoice(spec, input);
    case 'list':
      return toList(spec, String(input));
    case 'string':
    case 'file':
      return { value: String(input) };
  }
}

/** What `NULL` makes of a setting: nothing for texts, the default for all others. */
export function emptyValue(spec: ParameterSpec): SettingValue | undefined {
  return spec.type === 'string' || spec.type === 'list' || spec.type === 'file' ? '' : undefined;
}

function toBoolean(spec: ParameterSpec, input: SettingValue): Coerced {
  if (typeof input === 'boolean') return { value: input };
  const text = String(input).trim();
  if (TRUE.test(text)) return { value: true };
  if (FALSE.test(text) || text === '') return { value: false };
  if (NUMBER.test(text)) return { value: Number(text) !== 0 };
  return { error: `${spec.name}: "${text}" is neither true nor false` };
}

/** Numbers as such, as text, or as yes and no, which the older settings took. */
function numberOf(input: SettingValue): number | undefined {
  if (typeof input === 'number') return Number.isFinite(input) ? Math.trunc(input) : undefined;
  if (typeof input === 'boolean') return input ? 1 : 0;
  const text = input.trim();
  if (NUMBER.test(text)) return Math.trunc(Number(text));
  if (TRUE.test(text)) return 1;
  return FALSE.test(text) ? 0 : undefined;
}

function toInteger(spec: ParameterSpec, input: SettingValue): Coerced {
  const number = numberOf(input);
  if (number === undefined) return { error: `${spec.name}: "${input}" is not a number` };
  if (!spec.range || (spec.values && String(number) in spec.values)) return { value: number };
  const { min, max = Number.MAX_SAFE_INTEGER } = spec.range;
  const value = Math.min(max, Math.max(min, number));
  if (value === number) return { value };
  return { value, warning: `${spec.name}: ${number} is out of range, ${value} is taken` };
}

function toChoice(spec: ParameterSpec, input: SettingValue): Coerced {
  const values = Object.keys(spec.values ?? {});
  const text = String(input).trim();
  const named = values.find((key) => key.toLowerCase() === text.toLowerCase());
  const numeric = values.every((key) => /^-?\d+\+?$|^other$/.test(key));
  if (!numeric) return named ? { value: named } : { error: notOneOf(spec, text) };
  const number = named ? Number(named) : numberOf(input);
  if (number === undefined || !allows(values, number)) return { error: notOneOf(spec, text) };
  return { value: number };
}

function allows(values: readonly string[], number: number): boolean {
  if (values.length === 0 || values.includes('other') || values.includes(String(number))) return true;
  return values.some((key) => key.endsWith('+') && number >= Number.parseInt(key, 10));
}

function notOneOf(spec: ParameterSpec, text: string): string {
  return `${spec.name}: "${text}" is not one of ${sortedValues(spec)
    .map(([value, meaning]) => (meaning.length <= SHORT ? `${value} (${meaning})` : value))
    .join(', ')}`;
}

/** Members that are not known do nothing; the others count. */
function toList(spec: ParameterSpec, value: string): Coerced {
  const known = Object.keys(spec.values ?? {});
  if (known.length === 0) return { value };
  const names = value.split(/[,;\s]+/).filter((name) => name !== '');
  const strange = names.find((name) => !known.includes(name.toLowerCase()));
  if (strange === undefined) return { value };
  const near = nearest(strange, known);
  const hint = near ? `did you mean ${near}?` : `it is one of ${known.join(', ')}`;
  return { value, warning: `${spec.name}: "${strange}" is not known; ${hint}` };
}
