/**
 * The places settings come from, each turned into pairs of name and value: command line, `wpcfg.ini`, environment, lines
 * of API_SetParameters, and the x-mparam header. Nothing is judged here; {@link Settings} does that.
 */
import { readFileSync } from 'node:fs';
import { SwitchhookError } from '../../base/errors.js';

export type SettingPair = readonly [name: string, value: string];

/** Beside the program, or in the folder it was started in. */
export const CONFIG_FILE = 'wpcfg.ini';
const ENVIRONMENT_PREFIX = /^wp_/i;

/** `key=value` arguments; others are left to whoever they are for. */
export function fromArguments(args: readonly string[]): SettingPair[] {
  return args.flatMap(pairs);
}

/** `wp_username=anna` and the like. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): SettingPair[] {
  return Object.entries(env).flatMap(([name, value]): SettingPair[] =>
    ENVIRONMENT_PREFIX.test(name) && value !== undefined
      ? [[name.replace(ENVIRONMENT_PREFIX, ''), value]]
      : [],
  );
}

/**
 * Lines of `key=value`, as an ini file and API_SetParameters have them: sections are passed over, comments begin with
 * `;` or `#`, quotes around a value go, and what follows the first `=` is the value.
 */
export function fromLines(text: string): SettingPair[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n|\\r\\n/)
    .map((line) => line.trim())
    .filter((line) => !/^([;#[]|$)/.test(line))
    .flatMap(pairs)
    .map(([name, value]) => [name, unquoted(value)]);
}

export interface ConfigFile {
  path: string;
  pairs: SettingPair[];
  /** Numbers of the lines that are no settings, comments or sections. */
  unread: number[];
}

function unreadLines(text: string): number[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .flatMap((line, at) => (/^\s*([;#[]|$)/.test(line) || fromLines(line).length > 0 ? [] : [at + 1]));
}

/** The first configuration file there is; undefined without one. @throws ERR_INVALID_ARGUMENT for one that cannot be read */
export function fromFile(paths: readonly string[]): ConfigFile | undefined {
  for (const path of paths) {
    try {
      const text = readFileSync(path, 'utf8');
      return { path, pairs: fromLines(text), unread: unreadLines(text) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      const what = `${path} cannot be read: ${(error as Error).message}`;
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what }, { cause: error });
    }
  }
  return undefined;
}

/** The value of an x-mparam header: `loglevel=5;aec=0`. */
export function fromHeader(value: string): SettingPair[] {
  return value.split(';').flatMap((part) => pairs(part.trim()));
}

function pairs(text: string): SettingPair[] {
  const match = /^([A-Za-z_][\w.-]*)\s*=\s*(.*)$/s.exec(text);
  return match ? [[match[1], match[2]]] : [];
}

function unquoted(value: string): string {
  const trimmed = value.trim();
  return /^"[^"]*"$|^'[^']*'$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}
