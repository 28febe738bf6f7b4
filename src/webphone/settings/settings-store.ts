/**
 * The file that keeps settings from one run to the next, encrypted. A new version is written beside the old one, brought
 * to disk, and put in its place at once, so that a crash leaves the one or the other. A file that cannot be read is
 * moved aside and reported, never written over.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SwitchhookError } from '../../base/errors.js';
import type { SettingValue } from '../parameters/spec.js';
import { UnsealError, Vault } from './vault.js';

/** What is kept. */
export interface KeptSettings {
  /** Of the program that wrote it. */
  version: string;
  /** `configversion` when it was written. */
  configVersion: number;
  /** Tells whether the settings given at the start are the same as then. */
  fingerprint: string;
  settings: Record<string, SettingValue>;
  /** What the phone has found out: ports in use, servers that did not answer. */
  learned: Record<string, unknown>;
}

export type LoadResult =
  | { kept: KeptSettings | undefined; problem?: undefined }
  /** `aside`: where the unreadable file is now; undefined when it could not be moved, and nothing is written then. */
  | { kept: undefined; problem: SwitchhookError; aside: string | undefined };

export class SettingsStore {
  readonly path: string;
  readonly #vault: Vault;
  #writable = true;
  #queue: Promise<void> = Promise.resolve();

  /** @param cost of the key, see {@link Vault}; the usual one takes a tenth of a second at every start */
  constructor(path: string, secret: string, cost?: number) {
    this.path = path;
    this.#vault = new Vault(secret, cost);
  }

  /** Never throws. */
  async load(): Promise<LoadResult> {
    await this.#removeLeftovers();
    try {
      return { kept: parse(await this.#vault.unseal(await readFile(this.path, 'utf8'))) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kept: undefined };
      const aside = cause instanceof UnsealError ? await this.#moveAside() : undefined;
      if (!aside) this.#writable = false;
      const why = `${(cause as Error).message}${aside ? `; it is kept as ${basename(aside)}` : ''}`;
      const problem = new SwitchhookError('ERR_SETTINGS_FILE', { path: this.path, why }, { cause });
      return { kept: undefined, problem, aside };
    }
  }

  /** Writes in the order asked for. @throws ERR_SETTINGS_FILE */
  save(kept: KeptSettings): Promise<void> {
    const text = JSON.stringify(kept);
    const done = this.#queue.then(() => this.#write(text));
    this.#queue = done.catch(() => {});
    return done;
  }

  /** @throws ERR_SETTINGS_FILE */
  async delete(): Promise<void> {
    const done = this.#queue.then(() => rm(this.path, { force: true }));
    this.#queue = done.catch(() => {});
    await done.catch((cause: unknown) => {
      throw this.#problem(cause);
    });
  }

  async #write(text: string): Promise<void> {
    if (!this.#writable) throw this.#problem(new Error('it cannot be read and is left as it is'));
    const temporary = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      const sealed = await this.#vault.seal(text);
      await mkdir(dirname(this.path), { recursive: true });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(sealed);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
      await syncFolder(dirname(this.path));
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {});
      throw this.#problem(cause);
    }
  }

  async #moveAside(): Promise<string | undefined> {
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const aside = `${this.path}.unreadable-${stamp}-${randomBytes(2).toString('hex')}`;
    try {
      await rename(this.path, aside);
      return aside;
    } catch {
      return undefined;
    }
  }

  /** What a run that was killed while writing has left behind. */
  async #removeLeftovers(): Promise<void> {
    const folder = dirname(this.path);
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names) {
      const [, pid] = /\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name) ?? [];
      if (pid && name.startsWith(`${basename(this.path)}.`) && !isAlive(Number(pid))) {
        await rm(join(folder, name), { force: true }).catch(() => {});
      }
    }
  }

  #problem(cause: unknown): SwitchhookError {
    return new SwitchhookError(
      'ERR_SETTINGS_FILE',
      { path: this.path, why: (cause as Error).message },
      { cause },
    );
  }
}

function parse(text: string): KeptSettings {
  try {
    const kept = JSON.parse(text) as Partial<KeptSettings>;
    return {
      version: String(kept.version ?? ''),
      configVersion: Number(kept.configVersion) || 0,
      fingerprint: String(kept.fingerprint ?? ''),
      settings: kept.settings ?? {},
      learned: kept.learned ?? {},
    };
  } catch {
    throw new UnsealError('damaged');
  }
}

/** The new name itself has to reach the disk; not every system lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
