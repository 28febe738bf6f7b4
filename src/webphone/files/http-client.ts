/**
 * HTTP for the API: a GET or a POST with bounds. Only http and https, at most 20 s, a few MB of answer, a handful of
 * requests at a time. Used by the http and files functions.
 */
import { SwitchhookError } from '../../base/errors.js';
import { decodeText } from '../../base/text-encoding.js';

export const HTTP_TIMEOUT_MS = 20_000;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_AT_ONCE = 16;

export interface HttpClientOptions {
  timeoutMs?: number;
  maxBytes?: number;
  /** Sent as User-Agent. */
  userAgent: string;
  /** Encoding of answers that do not tell theirs; undefined is UTF-8. */
  charset?: () => string | undefined;
}

export class HttpClient {
  readonly #options: HttpClientOptions & { timeoutMs: number; maxBytes: number };
  readonly #stop = new AbortController();
  #running = 0;

  constructor(options: HttpClientOptions) {
    this.#options = { timeoutMs: HTTP_TIMEOUT_MS, maxBytes: MAX_BYTES, ...options };
  }

  /**
   * The text of the answer; a GET when `data` is empty, else a POST of it.
   * @throws ERR_INVALID_ARGUMENT for an address that is none, ERR_HTTP {url, why}
   */
  async request(address: string, data = '', method?: 'GET' | 'POST' | 'PUT'): Promise<string> {
    const { bytes, charset } = await this.#ask(address, data, method);
    return decodeText(bytes, charset ?? this.#options.charset?.());
  }

  /** What a GET gives, as it comes. @throws as {@link request} */
  async bytes(address: string): Promise<Uint8Array> {
    return (await this.#ask(address, '', 'GET')).bytes;
  }

  async #ask(
    address: string,
    data: string,
    method: 'GET' | 'POST' | 'PUT' | undefined,
  ): Promise<{ bytes: Uint8Array; charset: string | undefined }> {
    const url = parse(address);
    const fail = (why: string, cause?: unknown): SwitchhookError =>
      new SwitchhookError('ERR_HTTP', { url: `${url.origin}${url.pathname}`, why }, { cause });
    if (this.#running >= MAX_AT_ONCE) throw fail(`${MAX_AT_ONCE} requests are under way`);
    this.#running++;
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const login = credentials(url);
      const response = await fetch(url, {
        method: method ?? (data === '' ? 'GET' : 'POST'),
        body: data === '' ? undefined : data,
        headers: {
          'User-Agent': this.#options.userAgent,
          ...(data === '' ? {} : { 'Content-Type': contentTypeOf(data) }),
          ...(login ? { Authorization: login } : {}),
        },
        signal: AbortSignal.any([timeout, this.#stop.signal]),
      });
      const bytes = await this.#read(response);
      if (!response.ok) throw fail(`${response.status} ${response.statusText}`);
      const type = response.headers.get('content-type') ?? '';
      return { bytes, charset: /;\s*charset="?([\w.:-]+)/i.exec(type)?.[1] };
    } catch (error) {
      if (error instanceof SwitchhookError) throw error;
      throw fail(timeout.aborted ? `no answer within ${this.#options.timeoutMs} ms` : reasonOf(error), error);
    } finally {
      this.#running--;
    }
  }

  async #read(response: Response): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > this.#options.maxBytes)
        throw new Error(`the answer is larger than ${this.#options.maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** Gives up what is under way. */
  close(): void {
    this.#stop.abort();
  }
}

function parse(address: string): URL {
  const text = address.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'only http and https addresses can be asked' });
  }
  return url;
}

/** User and password of the address go into a header: fetch takes them nowhere else. */
function credentials(url: URL): string | undefined {
  if (!url.username) return undefined;
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function contentTypeOf(data: string): string {
  const start = data.trimStart()[0];
  if (start === '{' || start === '[') return 'application/json';
  if (start === '<') return 'application/xml';
  return /^[\w.%+-]+=[^\r\n]*$/.test(data)
    ? 'application/x-www-form-urlencoded'
    : 'text/plain; charset=utf-8';
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
