/**
 * One upload by HTTP or HTTPS. On node's own client, not on fetch: a length known beforehand, `Expect: 100-continue`
 * and progress are asked for, and fetch allows none of them for a stream.
 */
import { createReadStream } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cryptoRandom } from '../../base/random.js';
import { type UploadAttempt, UploadFailure } from './upload-attempt.js';
import { decode } from './upload-target.js';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.wav': 'audio/x-wav',
  '.mp3': 'audio/mpeg',
  '.gsm': 'audio/x-gsm',
  '.ogg': 'audio/ogg',
  '.opus': 'audio/ogg',
};
/** RFC 9110 §10.1.1: a server that does not know 100-continue is not waited for. */
const CONTINUE_MS = 1000;
/** RFC 9110 §15: Request Timeout, Too Early, Too Many Requests. */
const TEMPORARY = [408, 425, 429];
const EXPECTATION_FAILED = 417;
const MAX_WAIT_MS = 300_000;

/** @throws UploadFailure */
export async function uploadByHttp(attempt: UploadAttempt): Promise<void> {
  let response = await send(attempt, true);
  if (response.statusCode === EXPECTATION_FAILED) response = await send(attempt, false);
  const status = response.statusCode ?? 0;
  response.destroy();
  if (status >= 200 && status < 300) return;
  const temporary = status >= 500 || TEMPORARY.includes(status);
  const location = response.headers.location;
  const hint = status >= 300 && status < 400 && location ? `, which points to ${location}` : '';
  const wait = Number(response.headers['retry-after'] ?? 0) * 1000;
  const waitMs = Number.isFinite(wait) ? Math.min(Math.max(0, wait), MAX_WAIT_MS) : 0;
  throw new UploadFailure(
    `the server answers ${status} ${response.statusMessage ?? ''}${hint}`,
    temporary,
    waitMs,
  );
}

async function send(attempt: UploadAttempt, expect: boolean): Promise<IncomingMessage> {
  const { url, method, bytes, ca, timeoutMs, signal } = attempt;
  const body = frame(attempt);
  const headers: Record<string, string> = {
    Accept: '*/*',
    ...callHeaders(attempt),
    'Content-Type': body.type,
    'Content-Length': String(body.head.length + bytes + body.tail.length),
    ...(expect ? { Expect: '100-continue' } : {}),
  };
  if (url.username) {
    const secret = Buffer.from(`${decode(url.username)}:${decode(url.password)}`).toString('base64');
    headers.Authorization = `Basic ${secret}`;
  }
  for (const [name, value] of Object.entries(attempt.headers)) headers[name] = printable(value);
  const make = url.protocol === 'https:' ? secureRequest : plainRequest;
  const request = make({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || undefined,
    path: url.pathname + url.search,
    method: method === 'put' ? 'PUT' : 'POST',
    headers,
    agent: false,
    ca,
    signal,
    timeout: timeoutMs,
  });
  request.on('timeout', () =>
    request.destroy(new UploadFailure(`no progress for ${timeoutMs / 1000} s`, true)),
  );
  try {
    return await exchange(request, attempt, body, expect);
  } catch (error) {
    if (error instanceof UploadFailure) throw error;
    throw new UploadFailure(error instanceof Error ? error.message : String(error), true, 0, error);
  } finally {
    // The answer is here, or never comes: what is left of the body is of no use.
    if (!request.writableFinished) request.destroy();
  }
}

/** The answer, which may come before the body is sent. */
function exchange(
  request: ClientRequest,
  attempt: UploadAttempt,
  body: Frame,
  expect: boolean,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    let started = false;
    const start = (): void => {
      if (started || request.destroyed) return;
      started = true;
      pipeline(() => content(attempt, body), request).catch((error: unknown) => {
        // A server that refuses closes its end; its answer, if there is one, says more.
        setImmediate(() => reject(error));
      });
    };
    if (!expect) return start();
    const timer = setTimeout(start, CONTINUE_MS);
    request.once('continue', start);
    for (const end of ['continue', 'response', 'close']) request.once(end, () => clearTimeout(timer));
    request.flushHeaders();
  });
}

async function* content({ path, bytes, onSent }: UploadAttempt, body: Frame): AsyncGenerator<Uint8Array> {
  if (body.head.length > 0) yield body.head;
  let sent = 0;
  if (bytes > 0) {
    for await (const chunk of createReadStream(path, { end: bytes - 1 }) as AsyncIterable<Buffer>) {
      yield chunk;
      sent += chunk.length;
      onSent(sent);
    }
  }
  if (sent < bytes) throw new UploadFailure('the file became shorter meanwhile', true);
  if (body.tail.length > 0) yield body.tail;
}

interface Frame {
  type: string;
  head: Buffer;
  tail: Buffer;
}

/** RFC 7578: one part, named "file". */
function frame({ method, fileName }: UploadAttempt): Frame {
  const type = CONTENT_TYPES[extname(fileName).toLowerCase()] ?? 'application/octet-stream';
  if (method !== 'multipart') return { type, head: Buffer.alloc(0), tail: Buffer.alloc(0) };
  const boundary = `-----${cryptoRandom.token(24)}`;
  const quoted = fileName.replace(/"/g, '%22');
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; filename="${quoted}"`,
    `Content-Type: ${type}`,
    '',
    '',
  ].join('\r\n');
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    head: Buffer.from(head),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`),
  };
}

function callHeaders({ fileName, call }: UploadAttempt): Record<string, string> {
  const fields: Record<string, string | undefined> = {
    'User-Agent': 'switchhook',
    'X-type': 'fileupload',
    'X-filename': fileName,
    'X-user': call.user,
    'X-caller': call.caller,
    'X-called': call.called,
    'X-callid': call.callId,
    'X-server': call.server,
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) headers[name] = printable(value);
  return headers;
}

/** What a header field cannot hold is percent-encoded. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]+/g, (text) => encodeURIComponent(text));
}
