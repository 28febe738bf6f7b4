/**
 * HTTP requests: who may ask (Host, Origin, token), what is asked (a function, or one of the pages), and the answer with
 * its status. A request carries the function in its URL or its body; `/API_Call?line=-1` is as good as
 * `/?function=API_Call&line=-1`. Body and time are bounded.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tokenOf } from '../access/token.js';
import type { WebPageGuard } from '../access/web-page-guard.js';
import type { NamedClients } from '../clients/named-clients.js';
import type { ControlCounters } from '../counters.js';
import type { Caller, Outcome, Reply, RequestHandler } from '../request-handler.js';
import { formatOfBody } from '../wire/detect.js';
import { jsonFormat } from '../wire/json.js';
import { queryFormat } from '../wire/query.js';
import { EVENT_STREAM } from './server-sent-events.js';

/** From the head of a request to the end of its body. */
const BODY_MS = 15_000;

const STATUS: Readonly<Record<Outcome, number>> = {
  done: 200,
  malformed: 400,
  unknown: 404,
  token: 401,
  rate: 429,
};

export interface Page {
  readonly mediaType: string;
  text(): string;
}

export interface HttpExchangeParts {
  readonly handler: RequestHandler;
  readonly guard: WebPageGuard;
  readonly clients: NamedClients;
  readonly counters: ControlCounters;
  readonly maxRequestBytes: number;
  /** By path; all but the open ones need the token. */
  readonly pages: ReadonlyMap<string, Page>;
  readonly openPages: ReadonlySet<string>;
  /** Serves `/events`. */
  events(request: IncomingMessage, response: ServerResponse): void;
}

export class HttpExchange {
  constructor(private readonly parts: HttpExchangeParts) {}

  /** Never throws; the response is always ended. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const verdict = this.parts.guard.judge(request.headers);
    if (!verdict.allowed) {
      this.parts.counters.refused['web-page']++;
      return this.#end(response, 403, `ERROR: ${verdict.why}`);
    }
    if (verdict.origin) allowOrigin(request, response, verdict.origin);
    const method = request.method ?? 'GET';
    const { path, query } = splitTarget(request.url ?? '/');
    if (method === 'OPTIONS') return this.#end(response, 204, '');
    if (!['GET', 'HEAD', 'POST', 'PUT'].includes(method)) {
      response.setHeader('Allow', 'GET, HEAD, POST, PUT, OPTIONS');
      return this.#end(response, 405, 'ERROR: use GET, POST or PUT');
    }
    const caller = this.#caller(request, response, query);
    const named = functionInPath(path);
    const asksFunction = named !== undefined || /(^|&)function=/i.test(query);
    if ((method === 'GET' || method === 'HEAD') && !asksFunction)
      return this.#page(path, caller, request, response);
    // RFC 9110 §15.5.16: what is compressed is not read.
    if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) {
      response.setHeader('Accept-Encoding', 'identity');
      return this.#end(response, 415, 'ERROR: the body must not be compressed');
    }
    const body = method === 'POST' || method === 'PUT' ? await this.#body(request, response) : '';
    if (body === undefined) return;
    await this.#function({ named, query, body }, caller, request, response);
  }

  #page(path: string, caller: Caller, request: IncomingMessage, response: ServerResponse): void {
    const { pages, openPages, handler, events } = this.parts;
    if (!handler.allows(caller)) {
      response.setHeader('Retry-After', '1');
      return this.#end(response, STATUS.rate, 'ERROR: too many requests');
    }
    const page = pages.get(path);
    if (!page && path !== '/events') return this.#end(response, 404, 'ERROR: there is no such page');
    const why = openPages.has(path) ? undefined : handler.admit(caller, undefined);
    if (why) return this.#denied(response, why);
    if (page) return this.#end(response, 200, page.text(), page.mediaType);
    if (request.method === 'HEAD') return this.#end(response, 200, '', EVENT_STREAM);
    events(request, response);
  }

  async #function(
    asked: { named: string | undefined; query: string; body: string },
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { named, query, body } = asked;
    const inBody = body.trim() !== '';
    const format = inBody ? formatOfBody(String(request.headers['content-type'] ?? ''), body) : queryFormat;
    const output = wantsJson(request) ? jsonFormat : format;
    const reply: Reply = await this.parts.handler.handle(inBody ? body : query, caller, {
      format,
      output,
      named,
    });
    if (reply.outcome === 'token') response.setHeader('WWW-Authenticate', 'Bearer realm="switchhook"');
    if (reply.outcome === 'rate') response.setHeader('Retry-After', '1');
    this.#end(response, STATUS[reply.outcome], reply.text, reply.mediaType);
  }

  #caller(request: IncomingMessage, response: ServerResponse, query: string): Caller {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const search = new URLSearchParams(query);
    const name = first(request.headers['x-client']) ?? search.get('client') ?? undefined;
    return {
      transport: 'http',
      address: request.socket.remoteAddress ?? '?',
      token: tokenOf(request.headers, search),
      gone: gone.signal,
      client: (own) => this.parts.clients.get(own ?? name),
    };
  }

  #body(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
    const { maxRequestBytes, counters } = this.parts;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (result: string | undefined): void => {
        clearTimeout(timer);
        request.off('data', onData);
        resolve(result);
      };
      const refuse = (status: number, text: string): void => {
        response.setHeader('Connection', 'close');
        this.#end(response, status, text);
        request.resume();
        finish(undefined);
      };
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        if (size <= maxRequestBytes) chunks.push(chunk);
        else {
          counters.refused.size++;
          refuse(413, `ERROR: a request may have ${maxRequestBytes} bytes`);
        }
      };
      const timer = setTimeout(() => {
        counters.refused.slow++;
        refuse(408, 'ERROR: the request took too long');
      }, BODY_MS);
      timer.unref();
      request.on('data', onData);
      request.once('end', () => finish(Buffer.concat(chunks).toString('utf8')));
      request.once('close', () => finish(undefined));
    });
  }

  #denied(response: ServerResponse, why: string): void {
    response.setHeader('WWW-Authenticate', 'Bearer realm="switchhook"');
    this.#end(response, 401, `ERROR: ${why}`);
  }

  #end(
    response: ServerResponse,
    status: number,
    text: string,
    mediaType = 'text/plain; charset=utf-8',
  ): void {
    if (response.writableEnded || response.destroyed) return;
    response.statusCode = status;
    const bytes = Buffer.from(text);
    if (status !== 204) {
      response.setHeader('Content-Type', mediaType);
      response.setHeader('Content-Length', bytes.length);
    }
    response.end(bytes);
  }
}

function allowOrigin(request: IncomingMessage, response: ServerResponse, origin: string): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Vary', 'Origin');
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, X-Token, X-Client');
  response.setHeader('Access-Control-Max-Age', '600');
  // Browsers that keep public pages from the local network ask for this as well.
  if (request.headers['access-control-request-private-network'] === 'true')
    response.setHeader('Access-Control-Allow-Private-Network', 'true');
}

function splitTarget(url: string): { path: string; query: string } {
  // A proxy sends the absolute form (RFC 9112 §3.2.2).
  const relative = url.replace(/^https?:\/\/[^/?#]*/i, '');
  const [path, query = ''] = relative.split('#', 1)[0].split(/\?(.*)/s, 2);
  return { path: path || '/', query };
}

function functionInPath(path: string): string | undefined {
  return /^\/(?:api\/)?(API_\w{1,64})$/i.exec(path)?.[1];
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function wantsJson(request: IncomingMessage): boolean {
  return /^\s*application\/json\b/i.test(request.headers.accept ?? '');
}
