import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { type UploadOptions, uploadRecording } from '../../../../src/media/index.js';
import { startFtpServer } from '../../../support/ftp-server.js';

let folder = '';
let path = '';
const content = Buffer.from(new SeededRandom(9).bytes(300_000));
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-upload-'));
  path = join(folder, 'call.mp3');
  await writeFile(path, content);
});
afterEach(() => {
  for (const server of open.splice(0)) server.close();
  // Whatever happened, the recording is still there.
  expect(existsSync(path)).toBe(true);
});
afterAll(() => rm(folder, { recursive: true }));

interface Received {
  request: IncomingMessage;
  body: Buffer;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => boolean | undefined;

/** Keeps what it gets; `answer` may deal with a request itself. */
async function httpServer(answer: Answer = () => false): Promise<{ url: string; got: Received[] }> {
  const got: Received[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (answer(request, response)) return;
    response.writeContinue();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ request, body: Buffer.concat(chunks) });
      response.end('stored');
    });
  };
  const server = createServer(handle).on('checkContinue', handle);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

const waits: number[] = [];
const fast: Pick<UploadOptions, 'wait'> = {
  wait: async (ms) => {
    waits.push(ms);
  },
};

describe('upload by HTTP', () => {
  it('[recording-upload/1] is a form with the file, and tells about the call', async () => {
    const { url, got } = await httpServer();
    const sent: number[] = [];
    const result = await uploadRecording(path, {
      url: `${url.replace('//', '//bob:s%20x@')}/store/any?filename=rec_CALLID_USER.mp3`,
      call: { user: 'bob', caller: 'alice', called: 'böb', callId: 'a1@b', server: 'sip.example.com' },
      onProgress: ({ sentBytes }) => sent.push(sentBytes),
    });
    const [{ request, body }] = got;
    expect(result).toEqual({
      url: `${url}/store/any`,
      fileName: 'rec_a1@b_bob.mp3',
      bytes: 300_000,
      attempts: 1,
    });
    expect(request.method).toBe('POST');
    expect(request.url).toBe('/store/any?filename=rec_a1%40b_bob.mp3');
    expect(request.headers).toMatchObject({
      'user-agent': 'switchhook',
      'x-type': 'fileupload',
      'x-filename': 'rec_a1@b_bob.mp3',
      'x-user': 'bob',
      'x-caller': 'alice',
      'x-called': 'b%C3%B6b',
      'x-callid': 'a1@b',
      'x-server': 'sip.example.com',
      expect: '100-continue',
      authorization: `Basic ${Buffer.from('bob:s x').toString('base64')}`,
      'content-length': String(body.length),
    });
    const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1];
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="rec_a1@b_bob.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n`;
    expect(body.subarray(0, head.length).toString()).toBe(head);
    expect(body.subarray(head.length, head.length + content.length).equals(content)).toBe(true);
    expect(body.subarray(head.length + content.length).toString()).toBe(`\r\n--${boundary}--\r\n`);
    expect(sent.at(-1)).toBe(300_000);
  });

  it('may be the file alone', async () => {
    const { url, got } = await httpServer();
    for (const method of ['put', 'post'] as const) {
      await uploadRecording(path, {
        url: `${url}/x/FILENAME`,
        method,
        headers: { 'X-user': 'me\r\nEvil: 1' },
      });
    }
    expect(got.map(({ request }) => `${request.method} ${request.url}`)).toEqual([
      'PUT /x/call.mp3',
      'POST /x/call.mp3',
    ]);
    expect(got[0].request.headers).toMatchObject({
      'content-type': 'audio/mpeg',
      'x-user': 'me%0D%0AEvil: 1',
    });
    expect(got.every(({ body }) => body.equals(content))).toBe(true);
  });

  it('is tried again after failures, later and later, until it succeeds', async () => {
    let failures = 0;
    const { url, got } = await httpServer((request, response) => {
      failures++;
      if (failures === 1) response.writeHead(503).end();
      else if (failures === 2) request.socket.destroy();
      else if (failures === 3) response.writeHead(429, { 'Retry-After': '77' }).end();
      else if (failures === 4)
        request.once('data', () => request.socket.destroy()) && response.writeContinue();
      return failures <= 4;
    });
    waits.length = 0;
    const told: string[] = [];
    const result = await uploadRecording(path, {
      url,
      ...fast,
      retries: Number.POSITIVE_INFINITY,
      onRetry: ({ why }) => told.push(why),
    });
    expect(result.attempts).toBe(5);
    expect(got).toHaveLength(1);
    expect(told[0]).toBe('the server answers 503 Service Unavailable');
    expect(waits[0]).toBeGreaterThanOrEqual(750);
    expect(waits[0]).toBeLessThanOrEqual(1250);
    expect(waits[1]).toBeGreaterThanOrEqual(1500);
    expect(waits[2]).toBe(77_000);
    expect(waits[3]).toBeGreaterThanOrEqual(6000);
  });

  it('[recording-upload/2] puts date, time, call, user and file name in the place of their keywords', async () => {
    const { url, got } = await httpServer();
    await uploadRecording(path, {
      url: `${url}/DATE/DATETIME/CALLID/USER/FILENAME`,
      call: { user: 'bob', callId: 'a1@b' },
    });
    const [, date, dateTime, callId, user, file] = (got[0].request.url ?? '').split('/');
    expect(date).toMatch(/^\d{4}_\d\d_\d\d$/);
    expect(dateTime).toMatch(/^\d{8}/);
    expect([callId, user, file].map(decodeURIComponent)).toEqual(['a1@b', 'bob', 'call.mp3']);
  });

  it.each([
    [0, 1],
    [1, 2],
    [Number.POSITIVE_INFINITY, 4],
  ])(
    '[recording-upload/3] with %s retries is tried %i times by a server that fails thrice',
    async (retries, attempts) => {
      let asked = 0;
      const { url } = await httpServer((_request, response) => {
        asked++;
        if (asked > 3) return false;
        response.writeHead(503).end();
        return true;
      });
      const uploading = uploadRecording(path, { url, retries, ...fast });
      if (attempts > 3) expect((await uploading).attempts).toBe(attempts);
      else await expect(uploading).rejects.toMatchObject({ code: 'ERR_UPLOAD' });
      expect(asked).toBe(attempts);
    },
  );

  it('is not tried again when the server refuses for good, and says why without the password', async () => {
    const { url } = await httpServer((_, response) => !!response.writeHead(403).end());
    const error: unknown = await uploadRecording(path, {
      url: url.replace('//', '//bob:secret@'),
      retries: 9,
    }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ERR_UPLOAD', details: { attempts: 1 } });
    expect(String(error)).toContain(
      `call.mp3 could not be uploaded to ${url}/: the server answers 403 Forbidden`,
    );
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  it('ends when nothing moves, when nobody listens, and when it is aborted', async () => {
    const { url } = await httpServer(() => true);
    await expect(uploadRecording(path, { url, retries: 0, timeoutMs: 50 })).rejects.toThrow(
      'no progress for 0.05 s',
    );
    await expect(uploadRecording(path, { url: 'http://127.0.0.1:1/', ...fast })).rejects.toMatchObject({
      code: 'ERR_UPLOAD',
      details: { attempts: 2 },
    });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(uploadRecording(path, { url, signal: abort.signal })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });

  it('of nothing, or to nowhere, is refused at once', async () => {
    await expect(uploadRecording('/nonexistent.wav', { url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      code: 'ERR_MEDIA_FILE',
    });
    for (const url of ['gopher://x/', 'call.mp3', 'ftp://127.0.0.1/a%0D%0ADELE b']) {
      await expect(uploadRecording(path, { url })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    }
  });

  it('asks once more without Expect where that is not known', async () => {
    const { url, got } = await httpServer((request, response) => {
      if (!request.headers.expect) return false;
      response.writeHead(417).end();
      return true;
    });
    expect((await uploadRecording(path, { url, method: 'put' })).attempts).toBe(1);
    expect(got[0].body.equals(content)).toBe(true);
  });
});

async function ftpServer(refuse: Partial<Record<string, string>> = {}) {
  const server = await startFtpServer(refuse);
  open.push(server);
  return server;
}

describe('upload by FTP', () => {
  it('[recording-upload/0] logs in, makes the folder and stores the file', async () => {
    const { address, log, files } = await ftpServer();
    const progress: number[] = [];
    const result = await uploadRecording(path, {
      url: `ftp://user01:pass1234@${address}/recordings/FILENAME`,
      onProgress: ({ sentBytes }) => progress.push(sentBytes),
    });
    expect(result).toMatchObject({
      url: `ftp://${address}/recordings/call.mp3`,
      attempts: 1,
      bytes: 300_000,
    });
    expect(log).toContain('USER user01');
    expect(log).toContain('PASS pass1234');
    const [stored] = files.values();
    expect(createHash('sha1').update(stored).digest('hex')).toBe(
      createHash('sha1').update(content).digest('hex'),
    );
    expect([...files.keys()]).toEqual(['recordings/call.mp3']);
  });

  it('gives up on a wrong password, tries again what may pass', async () => {
    const wrong = await ftpServer({ PASS: '530 wrong' });
    await expect(
      uploadRecording(path, { url: `ftp://a:b@${wrong.address}/f`, ...fast }),
    ).rejects.toMatchObject({
      code: 'ERR_UPLOAD',
      details: { attempts: 1 },
    });
    const busy = await ftpServer({ STOR: '452 no space' });
    await expect(
      uploadRecording(path, { url: `ftp://a:b@${busy.address}/f`, ...fast }),
    ).rejects.toMatchObject({
      code: 'ERR_UPLOAD',
      details: { attempts: 2 },
    });
  });
});
