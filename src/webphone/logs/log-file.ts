/**
 * The log as a file of bounded size. Lines are collected and written together, so that logging waits for no disk; what
 * the disk cannot take in time is dropped and counted. At its size limit the file becomes the previous one and a new
 * one begins. Opened by the first line. Used by LogOutputs.
 */
import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What happens to the log of the run before: the setting `deloldlogs`. */
export type OldLog = 'append' | 'keep-one' | 'delete';

export interface LogFileOptions {
  path: string;
  old: OldLog;
  /** The setting `maxlogsize`; asked at every write. */
  maxBytes(): number;
  /** Told once when it cannot be written. */
  onError(error: Error): void;
}

/** Lines that may wait for the disk, in characters. */
const MAX_WAITING = 4 << 20;

export class LogFile {
  readonly #options: LogFileOptions;
  #waiting: string[] = [];
  #waitingLength = 0;
  #dropped = 0;
  #size: number | undefined;
  #writing: Promise<void> | undefined;
  #broken = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#broken) return;
    if (this.#waitingLength + line.length > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingLength += line.length;
    this.#writing ??= this.#work();
  }

  /** Resolves when everything so far is on disk. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #work(): Promise<void> {
    try {
      // One turn of the event loop later: a burst is one write.
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#waiting.length > 0) await this.#writeWaiting();
    } catch (error) {
      this.#broken = true;
      this.#waiting = [];
      this.#options.onError(error as Error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeWaiting(): Promise<void> {
    const lines = this.#waiting;
    if (this.#dropped > 0) lines.push(`(${this.#dropped} lines dropped: the disk is too slow)`);
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#dropped = 0;
    this.#size ??= await this.#open();
    let part = '';
    let bytes = 0;
    const limit = Math.max(1, this.#options.maxBytes());
    for (const line of lines) {
      const text = cut(`${line}\n`, limit);
      const length = Buffer.byteLength(text);
      if (this.#size + bytes + length > limit) {
        await this.#append(part, bytes);
        await this.#roll();
        part = '';
        bytes = 0;
      }
      part += text;
      bytes += length;
    }
    await this.#append(part, bytes);
  }

  async #append(text: string, bytes: number): Promise<void> {
    if (text === '') return;
    // What is said on the wire is nobody else's business.
    await appendFile(this.#options.path, text, { mode: 0o600 });
    this.#size = (this.#size ?? 0) + bytes;
  }

  async #open(): Promise<number> {
    const { path, old } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    if (old === 'keep-one') await rename(path, previousOf(path)).catch(ignoreAbsence);
    else if (old === 'delete') await rm(path, { force: true });
    return (await stat(path).catch(ignoreAbsence))?.size ?? 0;
  }

  async #roll(): Promise<void> {
    const { path, old } = this.#options;
    if (old === 'delete') await rm(path, { force: true });
    else await rename(path, previousOf(path)).catch(ignoreAbsence);
    this.#size = 0;
  }
}

/** `webphonelog.dat` → `previous_webphonelog.dat` */
export function previousOf(path: string): string {
  return join(dirname(path), `previous_${basename(path)}`);
}

/** A single line longer than the whole file may be. */
function cut(text: string, limit: number): string {
  return Buffer.byteLength(text) <= limit
    ? text
    : `${Buffer.from(text)
        .subarray(0, limit - 1)
        .toString('latin1')}\n`;
}

function ignoreAbsence(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
