/**
 * The settings of a webphone: what was set, by whom, for the phone and for its lines. Everything that comes in is
 * checked against the parameter table; the mapping turns what is here into options of the phone. Reads no file and
 * opens no socket: sources and persistence are beside it.
 *
 * A line may have presets of its own: `once` for its present or very next call, `permanent` for all its calls. Line 0
 * is the next call, whatever line it takes. A value is looked for in: once of the line, permanent of the line,
 * permanent of line 0, the phone, the default.
 */
import { Emitter } from '../../base/emitter.js';
import { memberKey, type ResolvedName, resolveName, unknownName } from '../parameters/names.js';
import type { ParameterName } from '../parameters/parameters.js';
import { inVain, type ParameterSpec, type SettingValue } from '../parameters/spec.js';
import { coerce, emptyValue } from './coerce.js';
import { decode, decryptValue, type EncryptionMethod } from './encrypted-value.js';

/** Where a value came from. `sip` is gone after this run, `sip-kept` is not. */
export type SettingOrigin = 'cache' | 'environment' | 'file' | 'command line' | 'api' | 'sip' | 'sip-kept';

/** The line number that stands for the phone as a whole. */
export const GLOBAL = -2;
/** The line number that stands for the next call, whatever line it takes. */
export const NEXT_LINE = 0;

export interface SetOptions {
  /** A line from 1 on, {@link NEXT_LINE} or {@link GLOBAL}, the default. */
  line?: number;
  /** Of a line preset: keep it for all calls of the line. Default false: for its present or very next one. */
  permanent?: boolean;
  /** Default `api`. */
  origin?: SettingOrigin;
}

export type SetResult =
  | { ok: true; key: string; value: SettingValue | undefined; warning?: string }
  | { ok: false; error: string };

export interface SettingChange {
  /** The row of the table. */
  name: ParameterName;
  /** The name it was set under, in lower case: `username3`. */
  key: string;
  /** Undefined: back to the default, which there is none of. */
  value: SettingValue | undefined;
  previous: SettingValue | undefined;
  line: number;
  origin: SettingOrigin;
}

export type SettingsEvents = {
  change: [change: SettingChange];
  /** Something was not taken, or does nothing yet; told once for every setting. */
  warning: [text: string];
  /** What is kept of them is to be deleted; with true what was found out as well. */
  forgotten: [all: boolean];
};

/** How the mapping sees settings: those of a line, of the phone, or a copy taken when a call began. */
export interface SettingsReader {
  /** The value as text; '' when unset. `member` is the place holder of a family: `text('usernameN', 3)`. */
  text(name: ParameterName, member?: number | string): string;
  /** The value as number; 0 when unset. */
  number(name: ParameterName, member?: number | string): number;
  flag(name: ParameterName, member?: number | string): boolean;
  /** True when somebody has set it; false for a default. */
  given(name: ParameterName, member?: number | string): boolean;
}

interface Entry {
  value: SettingValue;
  origin: SettingOrigin;
  /** What a value of origin `sip` covers, which is still the one to keep. */
  beneath?: Entry;
}

interface LinePresets {
  once: Map<string, SettingValue>;
  permanent: Map<string, SettingValue>;
}

export interface SettingsOptions {
  /** Of values encrypted with a method that needs one. */
  encryptionKey?: string;
}

export class Settings extends Emitter<SettingsEvents> implements SettingsReader {
  readonly #phone = new Map<string, Entry>();
  readonly #lines = new Map<number, LinePresets>();
  readonly #warned = new Set<string>();
  readonly #encryptionKey: string | undefined;

  constructor(options: SettingsOptions = {}) {
    super();
    this.#encryptionKey = options.encryptionKey;
  }

  /** The value in force by any spelling of the name; undefined for an unknown name and for one that is unset. */
  get(name: string, line: number = GLOBAL): SettingValue | undefined {
    const resolved = resolveName(name);
    return resolved && this.#effective(resolved, line);
  }

  /**
   * Sets a value. `DEF` brings the default back; so does `NULL`, which empties texts, and takes the preset of a line
   * away. Never throws: what was wrong is in the result.
   */
  set(name: string, input: SettingValue | null, options: SetOptions = {}): SetResult {
    const { line = GLOBAL, origin = 'api' } = options;
    const resolved = resolveName(name);
    if (!resolved) return this.#refuse(name, unknownName(name));
    const { spec, key } = resolved;
    if (line === GLOBAL ? spec.scope === 'line' : spec.scope === 'global') {
      const where = line === GLOBAL ? 'for a line only' : 'for the phone only, not for a line';
      return this.#refuse(key, `${spec.name} can be set ${where}`);
    }
    if (key === 'address') {
      const proxy = this.set('proxyaddress', input, options);
      if (!proxy.ok) return proxy;
      this.set('serveraddress', input, options);
    }
    let value: SettingValue | undefined;
    let warning: string | undefined;
    if (!isDefault(input)) {
      if (isNull(input) || isNothing(spec, input)) value = line === GLOBAL ? emptyValue(spec) : undefined;
      else {
        const plain = this.#plain(key, input, line);
        if ('error' in plain) return this.#refuse(key, plain.error);
        const coerced = coerce(spec, plain.value);
        if ('error' in coerced) return this.#refuse(key, coerced.error);
        ({ value, warning } = coerced);
      }
    }
    if (warning) this.#warn(`${key} range`, warning);
    const vain = inVain(spec, value, line !== GLOBAL);
    if (vain) this.#warn(key, vain);
    warning ??= vain;
    this.#store(resolved, value, line, options.permanent ?? false, origin);
    return { ok: true, key, value: value ?? spec.default, warning };
  }

  /** Takes back what was set for the phone. */
  delete(name: string): boolean {
    return this.set(name, 'DEF').ok;
  }

  /** Takes back everything that was set for the phone, or by the given origins only. */
  clear(origins?: readonly SettingOrigin[]): void {
    for (const [key, { origin }] of [...this.#phone]) {
      if (!origins || origins.includes(origin)) this.set(key, 'DEF', { origin: 'api' });
    }
  }

  /** Takes everything back and has what is kept of it deleted. @param all what was found out as well */
  forget(all: boolean): void {
    const saving = this.#phone.get('autocfgsave');
    this.clear();
    this.clearLines();
    // Who wants no files shall get none by deleting.
    if (saving && saving.origin !== 'cache') this.set('autocfgsave', saving.value, { origin: saving.origin });
    this.emit('forgotten', all);
  }

  /** Takes all presets of all lines away. */
  clearLines(): void {
    this.#lines.clear();
  }

  /** A call begins on a line: what was preset for the next call becomes the line's, for this call. */
  openLine(line: number): void {
    const next = this.#lines.get(NEXT_LINE);
    if (!next || next.once.size === 0) return;
    const { once } = this.#presets(line);
    for (const [key, value] of next.once) if (!once.has(key)) once.set(key, value);
    next.once.clear();
  }

  /** The call of a line is over: its presets for one call go with it. */
  closeLine(line: number): void {
    this.#lines.get(line)?.once.clear();
  }

  /** What is in force for a line, always up to date. */
  forLine(line: number): SettingsReader {
    return {
      text: (name, member) => asText(this.#read(name, member, line)),
      number: (name, member) => asNumber(this.#read(name, member, line)),
      flag: (name, member) => asFlag(this.#read(name, member, line)),
      given: (name, member) => this.#given(keyOf(name, member), line),
    };
  }

  /** What is in force for a line now; later changes do not show. */
  snapshot(line: number = GLOBAL): SettingsReader {
    const frozen = new Settings();
    for (const [key, entry] of this.#phone) frozen.#phone.set(key, { ...entry });
    if (line === GLOBAL) return frozen;
    for (const from of line === NEXT_LINE ? [NEXT_LINE] : [NEXT_LINE, line]) {
      const presets = this.#lines.get(from);
      if (!presets) continue;
      frozen.#lines.set(from, { once: new Map(presets.once), permanent: new Map(presets.permanent) });
    }
    return frozen.forLine(line);
  }

  text(name: ParameterName, member?: number | string): string {
    return asText(this.#read(name, member, GLOBAL));
  }

  number(name: ParameterName, member?: number | string): number {
    return asNumber(this.#read(name, member, GLOBAL));
  }

  flag(name: ParameterName, member?: number | string): boolean {
    return asFlag(this.#read(name, member, GLOBAL));
  }

  given(name: ParameterName, member?: number | string): boolean {
    return this.#given(keyOf(name, member), GLOBAL);
  }

  /** Who set a value; undefined for a default. */
  origin(name: string): SettingOrigin | undefined {
    const resolved = resolveName(name);
    return resolved && this.#phone.get(resolved.key)?.origin;
  }

  /**
   * What was set for the phone and outlives this run, as it was set; secrets included, so for the store and for
   * nobody's eyes.
   */
  lasting(): Array<{ key: string; value: SettingValue; origin: SettingOrigin }> {
    return [...this.#phone.keys()].flatMap((key) => {
      const entry = this.#lasting(key);
      return entry ? [{ key, value: entry.value, origin: entry.origin }] : [];
    });
  }

  /** The members of a family that are set: `members('usernameN')` → ['2', '3']. */
  members(family: ParameterName): string[] {
    const found: string[] = [];
    for (const key of this.#phone.keys()) {
      const resolved = resolveName(key);
      if (resolved?.spec.name !== family) continue;
      const before = memberKey(family, '\0').split('\0')[0];
      found.push(key.slice(before.length, key.length - memberKey(family, '').length + before.length));
    }
    return found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  /** Decodes a text that says how it is encoded. @throws ERR_INVALID_ARGUMENT when it cannot be read */
  decrypt(text: string): string {
    return decryptValue(text, this.#encryptionKey);
  }

  #plain(key: string, input: SettingValue, line: number): { value: SettingValue } | { error: string } {
    if (typeof input !== 'string') return { value: input };
    try {
      const value = this.decrypt(input);
      // The old way: a switch beside the password says how it is encoded.
      const method = key === 'password' && value === input ? this.forLine(line).number('pwdencrypted') : 0;
      return { value: method > 0 ? decode(method as EncryptionMethod, value, this.#encryptionKey) : value };
    } catch (error) {
      return { error: `${key}: ${(error as Error).message}` };
    }
  }

  #store(
    { spec, key }: ResolvedName,
    value: SettingValue | undefined,
    line: number,
    permanent: boolean,
    origin: SettingOrigin,
  ): void {
    const resolved = { spec, key };
    const previous = this.#effective(resolved, line);
    if (line === GLOBAL) {
      if (value === undefined) this.#phone.delete(key);
      else
        this.#phone.set(key, { value, origin, beneath: origin === 'sip' ? this.#lasting(key) : undefined });
    } else if (value === undefined) {
      const presets = this.#lines.get(line);
      presets?.once.delete(key);
      if (permanent) presets?.permanent.delete(key);
    } else {
      this.#presets(line)[permanent ? 'permanent' : 'once'].set(key, value);
      // What is now meant for good must not hide behind an earlier preset for one call.
      if (permanent) this.#presets(line).once.delete(key);
    }
    const now = this.#effective(resolved, line);
    if (now !== previous) this.emit('change', { name: spec.name, key, value: now, previous, line, origin });
  }

  #lasting(key: string): Entry | undefined {
    const entry = this.#phone.get(key);
    return entry?.origin === 'sip' ? entry.beneath : entry;
  }

  #presets(line: number): LinePresets {
    let presets = this.#lines.get(line);
    if (!presets) this.#lines.set(line, (presets = { once: new Map(), permanent: new Map() }));
    return presets;
  }

  #explicit(key: string, line: number): SettingValue | undefined {
    if (line !== GLOBAL) {
      const own = this.#lines.get(line);
      const preset = own?.once.get(key) ?? own?.permanent.get(key);
      const value = preset ?? this.#lines.get(NEXT_LINE)?.permanent.get(key);
      if (value !== undefined) return value;
    }
    return this.#phone.get(key)?.value;
  }

  #effective({ spec, key }: ResolvedName, line: number): SettingValue | undefined {
    return this.#explicit(key, line) ?? spec.default;
  }

  #read(name: ParameterName, member: number | string | undefined, line: number): SettingValue | undefined {
    const key = keyOf(name, member);
    return this.#explicit(key, line) ?? resolveName(key)?.spec.default;
  }

  #given(key: string, line: number): boolean {
    return this.#explicit(key, line) !== undefined;
  }

  #refuse(key: string, error: string): SetResult {
    this.#warn(`${key} refused ${error}`, error);
    return { ok: false, error };
  }

  #warn(about: string, text: string): void {
    // Names come from outside: what was told is remembered up to a bound.
    if (this.#warned.has(about) || this.#warned.size >= MAX_WARNINGS) return;
    this.#warned.add(about);
    this.emit('warning', text);
  }
}

const MAX_WARNINGS = 2000;

function keyOf(name: ParameterName, member: number | string | undefined): string {
  return member === undefined ? name : memberKey(name, member);
}

function isDefault(input: SettingValue | null): boolean {
  return typeof input === 'string' && /^\s*def\s*$/i.test(input);
}

function isNull(input: SettingValue | null): input is null | string {
  return input === null || (typeof input === 'string' && /^\s*null\s*$/i.test(input));
}

/** A number or choice that was left empty, in a form or behind the `=`. */
function isNothing({ type }: ParameterSpec, input: SettingValue | null): boolean {
  return (type === 'int' || type === 'enum') && typeof input === 'string' && input.trim() === '';
}

function asText(value: SettingValue | undefined): string {
  return value === undefined ? '' : String(value);
}

function asNumber(value: SettingValue | undefined): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : 0;
}

function asFlag(value: SettingValue | undefined): boolean {
  return value === true || (value !== false && asNumber(value) !== 0);
}
