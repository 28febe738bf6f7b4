/**
 * Files on the server of `ftp_addr` or `http_addr`: a name in place of FILENAME or at the end of the address. Downloads
 * that were started are kept under their name until they are asked for. Used by functions/files.ts.
 */
import { Readable, Writable } from 'node:stream';
import { Client } from 'basic-ftp';
import { SwitchhookError } from '../../base/errors.js';
import type { Settings } from '../settings/settings.js';
import type { HttpClient } from './http-client.js';
import { MAX_FILE_BYTES } from './work-files.js';

const FTP_TIMEOUT_MS = 20_000;
const KEPT = 100;

export class RemoteFiles {
  readonly #settings: Settings;
  readonly #http: HttpClient;
  readonly #downloads = new Map<string, string>();

  constructor(settings: Settings, http: HttpClient) {
    this.#settings = settings;
    this.#http = http;
  }

  /** True when there is a server for files. */
  get configured(): boolean {
    return this.#address !== '';
  }

  get #address(): string {
    return this.#settings.text('http_addr') || this.#settings.text('ftp_addr');
  }

  /** @throws ERR_INVALID_ARGUMENT without a server, ERR_HTTP */
  async save(name: string, content: string): Promise<void> {
    const url = this.#url(name);
    if (url.protocol === 'ftp:')
      return ftp(url, (client, path) => client.uploadFrom(Readable.from([content]), path).then(() => {}));
    await this.#http.request(url.toString(), content, this.#address.includes('FILENAME') ? 'POST' : 'PUT');
  }

  /** @throws ERR_INVALID_ARGUMENT without a server, ERR_HTTP */
  async load(name: string): Promise<string> {
    const url = this.#url(name);
    if (url.protocol !== 'ftp:') return this.#http.request(url.toString());
    const collected = new Collector();
    await ftp(url, (client, path) => client.downloadTo(collected, path).then(() => {}));
    return collected.text;
  }

  /** Loads in the background; {@link takeDownload} has what came of it. */
  async download(name: string): Promise<void> {
    const text = await this.load(name).catch((error: Error) => `ERROR: ${error.message}`);
    if (this.#downloads.size >= KEPT) this.#downloads.delete(this.#downloads.keys().next().value as string);
    this.#downloads.set(name.trim(), text);
  }

  /** What was downloaded under that name; a failure is a text `ERROR: reason`. */
  takeDownload(name: string): string | undefined {
    const key = name.trim();
    const text = this.#downloads.get(key);
    this.#downloads.delete(key);
    return text;
  }

  #url(name: string): URL {
    const plain = name.trim();
    if (!plain || /[\0\r\n]|\.\./.test(plain)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${plain}" is not a file name` });
    }
    const address = this.#address.trim();
    if (!address) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'neither ftp_addr nor http_addr is set' });
    }
    const file = encodeURIComponent(plain);
    const full = address.includes('FILENAME')
      ? address.replaceAll('FILENAME', file)
      : `${address.replace(/\/?$/, '/')}${file}`;
    if (!URL.canParse(full) || !/^(https?|ftp):/i.test(full)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'ftp_addr or http_addr is not an address' });
    }
    return new URL(full);
  }
}

/** Takes up to the largest file there may be. */
class Collector extends Writable {
  #chunks: Buffer[] = [];
  #bytes = 0;

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error) => void): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_FILE_BYTES) return done(new Error('the file is too large'));
    this.#chunks.push(chunk);
    done();
  }
}

async function ftp(url: URL, work: (client: Client, path: string) => Promise<void>): Promise<void> {
  const client = new Client(FTP_TIMEOUT_MS);
  try {
    await client.access({
      host: url.hostname,
      port: url.port ? Number(url.port) : 21,
      user: decodeURIComponent(url.username) || 'anonymous',
      password: decodeURIComponent(url.password) || 'guest',
    });
    await work(client, decodeURIComponent(url.pathname).slice(1));
  } catch (error) {
    throw new SwitchhookError(
      'ERR_HTTP',
      { url: `${url.protocol}//${url.host}${url.pathname}`, why: (error as Error).message },
      { cause: error },
    );
  } finally {
    client.close();
  }
}
