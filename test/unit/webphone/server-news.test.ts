/** What is told beside calls and messages: what the server says of money, texts to be shown, and who was kept out. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../src/sip/index.js';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import type { Party, RawPeer } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let registrar: FakeRegistrar;
const ME = { uri: `sip:alice@${HOST}`, host: HOST } as Party;

beforeEach(async () => {
  w = new WebphoneWorld({ serveraddress: SERVER, username: 'alice', password: 'secret' });
  registrar = await w.registrar();
});
afterEach(() => w.end());

async function start(): Promise<void> {
  w.webphone.API_Start();
  await w.run();
}

/** A text message of the server, by its own socket. */
async function serverSays(body: string, callId: string, user = ''): Promise<void> {
  const request = [
    `MESSAGE sip:alice@${HOST} SIP/2.0`,
    `Via: SIP/2.0/UDP ${SERVER}:5060;branch=z9hG4bK-${callId}`,
    'Max-Forwards: 70',
    `From: <sip:${user}${SERVER}>;tag=1`,
    `To: <sip:alice@${HOST}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 MESSAGE',
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  const flow = await registrar.transport.connect({ protocol: 'udp', host: HOST, port: 5060 });
  flow.send(Buffer.from(request));
  await w.run();
}

describe('what the server tells', () => {
  it('[notify:CREDIT] is the balance, told when it has changed', async () => {
    registrar.decorate = (response) => void response.set('X-Credit', 'Credit: 4.2 USD');
    await start();
    expect(w.strings('CREDIT')).toEqual(['CREDIT,Credit: 4.2 USD']);
    w.webphone.API_Register();
    await w.run();
    expect(registrar.requests.length).toBeGreaterThan(1);
    expect(w.strings('CREDIT')).toHaveLength(1);
    await serverSays('Balance: 3.9 USD', 'b1');
    expect(w.last('CREDIT')).toBe('CREDIT,Balance: 3.9 USD');
  });

  it('[notify:RATING] is what a call costs, told once a call', async () => {
    await start();
    for (const number of [1, 2]) {
      w.webphone.API_Call(-1, '1234');
      await w.run();
      const { request, tx } = registrar.others.at(-1) as {
        request: SipRequest;
        tx: (typeof registrar.others)[0]['tx'];
      };
      expect(request.method).toBe('INVITE');
      for (const status of [180, 183])
        tx.reply(status, undefined, (r) => void r.set('X-Rating', '15 cents/min'));
      await w.run();
      tx.reply(486);
      await w.run();
      expect(w.strings('RATING')).toEqual(Array.from({ length: number }, () => 'RATING,15 cents/min'));
    }
  });

  it('[notify:POPUP] is a text to be shown; a message of a user is none', async () => {
    await start();
    await serverSays('Maintenance tonight, at ten', 'm1');
    expect(w.strings('POPUP')).toEqual(['POPUP,Maintenance tonight, at ten']);
    await serverSays('Hello', 'm2', 'bob@');
    expect(w.strings('POPUP')).toHaveLength(1);
    expect(w.last('CHAT')).toBe('CHAT,0,bob,Hello');
  });

  it('is not believed when others say it', async () => {
    await start();
    const stranger: RawPeer = await w.world.peer('x', '10.0.0.66');
    await stranger.request('OPTIONS', ME, { headers: { 'X-Credit': '1000000 USD', 'X-Popup': 'Call me' } });
    await w.run();
    expect([...w.strings('CREDIT'), ...w.strings('POPUP')]).toEqual([]);
  });
});

describe('who is kept out', () => {
  it('[notify:BLOCK] [param:sendblocknotifications] is told with the message and the list, when that is wanted', async () => {
    await start();
    const stranger = await w.world.peer('pest', '10.0.0.66');
    w.webphone.API_SetBlacklist('pest');
    await stranger.request('INVITE', ME, { callId: 'one' });
    await w.run();
    expect(w.strings('BLOCK')).toEqual([]);
    w.webphone.API_SetParameter('sendblocknotifications', 1);
    await stranger.request('INVITE', ME, { callId: 'two' });
    await w.run();
    expect(w.strings('BLOCK')).toHaveLength(1);
    expect(w.last('BLOCK')).toMatch(/^BLOCK,1,INVITE sip:alice@[\s\S]*Call-ID: two/);
    w.webphone.API_SetBlacklist('');
    w.webphone.API_SetWhitelist('friend');
    await stranger.request('MESSAGE', ME, { callId: 'three' });
    await w.run();
    expect(w.last('BLOCK')).toMatch(/^BLOCK,2,MESSAGE sip:alice@[\s\S]*Call-ID: three/);
    expect(stranger.responses).toEqual([]);
  });
});
