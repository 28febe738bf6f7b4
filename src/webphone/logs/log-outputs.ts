/**
 * Where the lines of the log go: the file and the console, as `canlogtofile`, `logpath`, `maxlogsize`, `deloldlogs` and
 * `logtoconsole` say at the moment. One for each webphone; made by assemble.
 */
import { resolve } from 'node:path';
import type { SettingsReader } from '../settings/settings.js';
import type { LogLine, WebphoneLog } from '../webphone-log.js';
import { LogFile, type OldLog } from './log-file.js';

/** The settings that say `auto` log from this level on. */
const AUTO_FROM_LEVEL = 3;
/** `autocfgsave`: nothing at all is written unasked. */
const NO_FILES = -2;
const OLD_LOGS: Readonly<Record<number, OldLog>> = { 0: 'append', 1: 'keep-one', 3: 'delete' };

export interface LogOutputsOptions {
  settings: SettingsReader;
  /** Default: standard error; standard output is for answers and results. */
  console?: (text: string) => void;
  /** Told when the file cannot be written. */
  onError(message: string, error: Error): void;
}

export class LogOutputs {
  readonly #log: WebphoneLog;
  readonly #options: LogOutputsOptions;
  readonly #console: (text: string) => void;
  readonly #unsubscribe: () => void;
  #file: LogFile | undefined;

  constructor(log: WebphoneLog, options: LogOutputsOptions) {
    this.#log = log;
    this.#options = options;
    this.#console = options.console ?? ((text) => void process.stderr.write(text));
    this.#unsubscribe = log.subscribe((line) => this.#write(line));
  }

  /** Resolves when everything is on disk. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#file?.flush();
  }

  #write({ level, text }: LogLine): void {
    if (this.#wanted('logtoconsole')) this.#console(`${text}\n`);
    if (!this.#wanted('canlogtofile') || this.#options.settings.number('autocfgsave') <= NO_FILES) return;
    this.#file ??= this.#open();
    this.#file.write(`${level} ${text}`);
  }

  #wanted(name: 'logtoconsole' | 'canlogtofile'): boolean {
    const { settings } = this.#options;
    const mode = settings.number(name);
    return mode === 2 || (mode === 1 && settings.number('loglevel') >= AUTO_FROM_LEVEL);
  }

  #open(): LogFile {
    const { settings, onError } = this.#options;
    return new LogFile({
      path: resolve(withEnvironment(this.#log.path)),
      old: OLD_LOGS[settings.number('deloldlogs')] ?? 'keep-one',
      maxBytes: () => settings.number('maxlogsize'),
      onError: (error) => onError('the log file cannot be written', error),
    });
  }
}

/** `%TEMP%`, `$HOME` and `${HOME}` in a path. */
function withEnvironment(path: string): string {
  return path.replace(/%(\w+)%|\$\{(\w+)\}|\$(\w+)/g, (whole, ...names: Array<string | undefined>) => {
    const name = names.slice(0, 3).find((one) => one !== undefined);
    return (name && process.env[name]) ?? whole;
  });
}
