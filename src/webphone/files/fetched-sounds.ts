/** Sounds on web servers, fetched once and kept in the work folder until the webphone closes. Used by API_PlaySound. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { HttpClient } from './http-client.js';

const KEPT = 50;

export class FetchedSounds {
  readonly #http: HttpClient;
  readonly #work: string;
  readonly #files = new Map<string, Promise<string>>();
  #folder: Promise<string> | undefined;

  constructor(http: HttpClient, work: string) {
    this.#http = http;
    this.#work = work;
  }

  isAddress(file: string): boolean {
    return /^https?:\/\//i.test(file);
  }

  /** The file it is in now. @throws ERR_HTTP, ERR_INVALID_ARGUMENT */
  fetch(address: string): Promise<string> {
    const known = this.#files.get(address);
    if (known) return known;
    const file = this.#load(address);
    this.#files.set(address, file);
    file.catch(() => this.#files.delete(address));
    if (this.#files.size > KEPT) this.#files.delete(this.#files.keys().next().value as string);
    return file;
  }

  async close(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined);
    if (folder) await rm(folder, { recursive: true, force: true });
  }

  async #load(address: string): Promise<string> {
    const bytes = await this.#http.bytes(address);
    this.#folder ??= mkdtemp(join(this.#work, 'sounds-'));
    const name = createHash('sha1').update(address).digest('hex');
    const path = join(await this.#folder, `${name}${extname(new URL(address).pathname)}`);
    await writeFile(path, bytes);
    return path;
  }
}
