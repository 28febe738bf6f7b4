/** Texts in other encodings than UTF-8: in messages, files, and answers of web servers. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Party, RawPeer } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let peer: RawPeer;
const ME = { uri: `sip:me@${HOST}`, host: HOST } as Party;
const TEXT = 'café für 3 £';
const LATIN = Buffer.from(TEXT, 'latin1');

beforeEach(async () => {
  w = new WebphoneWorld();
  w.webphone.API_Start();
  await w.run();
  peer = await w.world.peer('bob', '10.0.0.20');
});
afterEach(() => w.end());

async function sends(body: Buffer, callId: string, contentType = 'text/plain'): Promise<void> {
  await peer.request('MESSAGE', ME, { callId, sdp: body as unknown as string, contentType });
  await w.run();
}

async function weSend(text: string): Promise<{ body: Buffer; type: string }> {
  w.webphone.API_SendChat(-1, peer.uri, '', text);
  await w.run();
  const message = peer.last('MESSAGE');
  peer.respond(message, 200);
  await w.run();
  return { body: Buffer.from(message.body), type: message.get('Content-Type') ?? '' };
}

describe('text messages', () => {
  it('[param:charset_sip] are read and written in the encoding of the setting', async () => {
    expect(w.webphone.API_SetParameter('charset_sip', 'ISO-8859-1')).toBe(true);
    await w.run();
    await sends(LATIN, 'a');
    expect(w.last('CHAT')).toBe(`CHAT,0,bob,${TEXT}`);
    await sends(Buffer.from(TEXT), 'b', 'text/plain;charset=utf-8');
    expect(w.last('CHAT')).toBe(`CHAT,0,bob,${TEXT}`);
    const { body, type } = await weSend(TEXT);
    expect(body).toEqual(LATIN);
    expect(type).toBe('text/plain;charset=iso-8859-1');
    const greek = await weSend('γειά');
    expect([greek.body.toString(), greek.type]).toEqual(['γειά', 'text/plain']);
  });

  it('[param:charset] are in the general encoding when there is none of their own', async () => {
    await sends(LATIN, 'a');
    expect(w.last('CHAT')).not.toContain('café');
    w.webphone.API_SetParameter('charset', 'iso-8859-15');
    await w.run();
    await sends(Buffer.from([0xa4, 0x31]), 'b');
    expect(w.last('CHAT')).toBe('CHAT,0,bob,€1');
    expect((await weSend('€1')).body.toString()).toBe('€1');
  });
});

describe('files and answers of web servers', () => {
  it('[param:charset_bytes] are in the encoding of the setting', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/told') response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.end(request.url === '/told' ? TEXT : LATIN);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    w.webphone.API_SetParameter('charset_bytes', 'latin1');
    expect(await w.webphone.API_HTTPGet(`${url}/`)).toBe(TEXT);
    expect(await w.webphone.API_HTTPGet(`${url}/told`)).toBe(TEXT);
    expect(await w.webphone.API_SaveFileRaw('menu.txt', TEXT)).toBe(true);
    expect(readFileSync(join(w.folder, 'menu.txt'))).toEqual(LATIN);
    expect(await w.webphone.API_LoadFile('menu.txt')).toBe(TEXT);
    expect(await w.webphone.API_SaveFile('secret.txt', TEXT)).toBe(true);
    expect(await w.webphone.API_LoadFile('secret.txt')).toBe(TEXT);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
