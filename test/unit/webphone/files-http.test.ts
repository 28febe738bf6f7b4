import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFtpServer } from '../../support/ftp-server.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let server: Server;
let url: string;
const stored = new Map<string, string>();

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

beforeEach(async () => {
  w = new WebphoneWorld();
  stored.clear();
  server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const path = request.url ?? '';
    if (path.startsWith('/files/')) {
      if (request.method === 'GET') {
        const text = stored.get(path);
        response.statusCode = text === undefined ? 404 : 200;
        return void response.end(text ?? 'no');
      }
      stored.set(path, body);
      return void response.end();
    }
    response.end(`${request.method} ${request.headers['content-type'] ?? ''} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await w.end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('HTTP', () => {
  it('[API_HTTPGet] [API_HTTPPost] [API_HTTPReq] [http-client/0] ask and post', async () => {
    expect(await w.webphone.API_HTTPGet(`${url}/x`)).toBe('GET  ');
    expect(await w.webphone.API_HTTPReq(`${url}/x`)).toBe('GET  ');
    expect(await w.webphone.API_HTTPReq(`${url}/x`, '{"a":1}')).toBe('POST application/json {"a":1}');
    expect(await w.webphone.API_HTTPPost(`${url}/x`, 'a=b')).toBe(true);
    expect(await w.webphone.API_HTTPGet(`${url}/files/none`)).toMatch(/^ERROR: .*404/);
    expect(await w.webphone.API_HTTPGet('file:///etc/passwd')).toMatch(/^ERROR: only http/);
    expect(await w.webphone.API_HTTPPost('http://127.0.0.1:1/', 'x')).toBe(false);
    expect(w.last('ERROR')).toContain('API_HTTPPost');
  });

  it('[API_HTTPReqAsync] [notify:ANSWER] [http-client/0] tells the answer later', async () => {
    expect(w.webphone.API_HTTPReqAsync(`${url}/x?a=1,2`, 'p=1')).toBe(true);
    await expect
      .poll(() => w.last('ANSWER'))
      .toBe(`ANSWER,RESULT:POST application/x-www-form-urlencoded p=1,REQUEST:${url}/x?a=1,2,EOFANSWER`);
    w.webphone.API_HTTPReqAsync('nothing');
    await expect.poll(() => w.last('ANSWER')).toMatch(/^ANSWER,RESULT:ERROR: /);
  });
});

describe('files', () => {
  it('[API_SaveFile] [API_SaveFileRaw] [API_LoadFile] [file-storage/0] keep texts, encrypted or as they are, in the work folder only', async () => {
    expect(await w.webphone.API_SaveFile('notes.txt', 'my secret')).toBe(true);
    expect(await w.webphone.API_LoadFile('notes.txt')).toBe('my secret');
    expect(readFileSync(join(w.folder, 'notes.txt'), 'utf8')).not.toContain('secret');
    expect(await w.webphone.API_SaveFileRaw('sub/plain.txt', 'as is')).toBe(true);
    expect(readFileSync(join(w.folder, 'sub', 'plain.txt'), 'utf8')).toBe('as is');
    expect(await w.webphone.API_LoadFile('sub/plain.txt')).toBe('as is');
    expect(await w.webphone.API_LoadFile('absent')).toBe('');
    for (const name of [
      '../out.txt',
      join(w.folder, '..', 'out.txt'),
      '',
      'a/../../out',
      'settings.key',
      './settings.dat',
      'phone.db-wal',
    ]) {
      expect(await w.webphone.API_SaveFileRaw(name, 'x'), name).toBe(false);
      expect(await w.webphone.API_LoadFile(name), name).toBe('');
    }
    expect(existsSync(join(w.folder, '..', 'out.txt'))).toBe(false);
  });

  it('[param:ftp_addr] [API_SaveFileRemote] [API_LoadFileRemote] use an FTP server, in place of FILENAME or in the folder', async () => {
    const ftp = await startFtpServer();
    const { webphone } = w;
    try {
      webphone.API_SetParameter('ftp_addr', `ftp://user01:pass%201234@${ftp.address}/phone/FILENAME`);
      expect(webphone.API_SaveFileRemote('a b.txt', 'far away: é')).toBe(true);
      await expect.poll(() => ftp.files.get('phone/a b.txt')?.toString()).toBe('far away: é');
      expect(ftp.log).toEqual(expect.arrayContaining(['USER user01', 'PASS pass 1234']));
      expect(await webphone.API_LoadFileRemoteSync('a b.txt')).toBe('far away: é');
      expect(webphone.API_LoadFileRemote('a b.txt')).toBe(true);
      await expect.poll(() => webphone.API_LoadFile('a b.txt')).toBe('far away: é');
      expect(await webphone.API_LoadFileRemoteSync('absent.txt')).toMatch(/^ERROR: .*550/);
      webphone.API_SetParameter('ftp_addr', `ftp://${ftp.address}/other`);
      webphone.API_SaveFileRemote('b.txt', 'x');
      await expect.poll(() => ftp.files.get('other/b.txt')?.toString()).toBe('x');
      expect(ftp.log).toContain('USER anonymous');
      // Of two addresses that of the web server is taken.
      webphone.API_SetParameter('http_addr', `${url}/files/FILENAME`);
      webphone.API_SaveFileRemote('c.txt', 'by HTTP');
      await expect.poll(() => stored.get('/files/c.txt')).toBe('by HTTP');
      webphone.API_SetParameter('http_addr', 'NULL');
      webphone.API_SetParameter('ftp_addr', 'NULL');
      expect(webphone.API_SaveFileRemote('d.txt', 'x')).toBe(false);
      // What went wrong is told, without the password.
      webphone.API_SetParameter('ftp_addr', 'ftp://user01:hunter2@127.0.0.1:1/FILENAME');
      expect(await webphone.API_LoadFileRemoteSync('a.txt')).toMatch(/^ERROR: (?!.*hunter2)/);
    } finally {
      ftp.close();
    }
  });

  it('[API_SaveFileRemote] [API_LoadFileRemote] [API_LoadFileRemoteSync] [file-storage/1] [param:http_addr] use a server', async () => {
    expect(w.webphone.API_SaveFileRemote('a.txt', 'x')).toBe(false);
    expect(await w.webphone.API_LoadFileRemoteSync('a.txt')).toMatch(/^ERROR: /);
    w.webphone.API_SetParameter('http_addr', `${url}/files/FILENAME`);
    expect(w.webphone.API_SaveFileRemote('a b.txt', 'far away')).toBe(true);
    await expect.poll(() => stored.get('/files/a%20b.txt')).toBe('far away');
    expect(await w.webphone.API_LoadFileRemoteSync('a b.txt')).toBe('far away');
    expect(w.webphone.API_LoadFileRemote('a b.txt')).toBe(true);
    await expect.poll(() => w.webphone.API_LoadFile('a b.txt')).toBe('far away');
    w.webphone.API_LoadFileRemote('absent.txt');
    await expect.poll(() => w.webphone.API_LoadFile('absent.txt')).toMatch(/^ERROR: .*404/);
    expect(await w.webphone.API_LoadFileRemoteSync('../x')).toMatch(/^ERROR: /);
  });

  it('[API_GetBindir] [API_GetWorkdir] [API_GetAltWorkdir] name the folders', () => {
    expect(w.webphone.API_GetWorkdir()).toBe(w.folder);
    for (const folder of [w.webphone.API_GetBindir(), w.webphone.API_GetAltWorkdir()])
      expect(existsSync(folder)).toBe(true);
  });
});
