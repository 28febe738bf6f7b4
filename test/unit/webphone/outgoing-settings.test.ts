/** What settings make of the calls we place: what is refused, followed elsewhere, and tried again. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Given } from '../../support/settings-world.js';
import type { RawPeer } from '../../support/ua-harness.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let peer: RawPeer;

afterEach(() => w.end());

/** A phone without account, and somebody who answers INVITE with this status. */
async function begin(settings: Given, status?: number, headers: Record<string, string> = {}): Promise<void> {
  w = new WebphoneWorld({ register: 0, ...settings });
  w.webphone.API_Start();
  peer = await w.world.peer('bob', '10.0.0.9');
  peer.onRequest = (request) => {
    if (request.method === 'INVITE' && status) peer.respond(request, status, { headers });
    else if (request.method === 'CANCEL') peer.respond(request, 200);
  };
  await w.run();
}

const invites = (to = peer): number =>
  new Set(
    to.requests.filter(({ message }) => message.method === 'INVITE').map(({ message }) => message.callId),
  ).size;

describe('calls we place', () => {
  it('[outgoing-call/0] [API_Call] take the next free line, and the last number again when none is given', async () => {
    await begin({ disablesamecall: 0 }, 180);
    const { webphone } = w;
    expect(webphone.API_Call(-1, peer.uri)).toBe(true);
    await w.run();
    expect(webphone.API_Call(-1, '')).toBe(true);
    await w.run();
    expect(webphone.API_Call(-1, peer.uri, 0)).toBe(true);
    await w.run();
    expect([1, 2, 3].map((line) => webphone.API_GetLineDetails(line).split(',')[4])).toEqual([
      'bob',
      'bob',
      'bob',
    ]);
    expect(invites()).toBe(3);
    webphone.API_Hangup(2);
    await w.run(1000);
    webphone.API_Call(-1, '');
    await w.run();
    expect(webphone.API_GetLineStatusText(2)).toBe('Ringing');
  });

  it('[outgoing-call/2] [param:disablesamecall] [param:maxsimcalls] [param:mustconnect] [param:blacklist] are refused before anything is sent', async () => {
    for (const [settings, before] of [
      [{ disablesamecall: 2 }, 1],
      [{ disablesamecall: 0, maxsimcalls: 1 }, 1],
      [{ maxsimcalls: 0 }, 0],
      [{ mustconnect: true, serveraddress: SERVER, username: 'me', password: 'x' }, 0],
    ] as Array<[Given, number]>) {
      await begin(settings, 180);
      for (let calls = 0; calls < before; calls++) w.webphone.API_Call(-1, peer.uri);
      await w.run(1000);
      const sent = w.world.network.packets.length;
      w.forget();
      w.webphone.API_Call(-1, peer.uri);
      await w.run(1000);
      const after = w.world.network.packets.slice(sent).filter(({ text }) => text.startsWith('INVITE'));
      expect([settings, after]).toEqual([settings, []]);
      expect([settings, w.strings('ERROR').length + w.strings('WARNING').length > 0]).toEqual([
        settings,
        true,
      ]);
      await w.end();
    }
    await begin({ blacklist: 'bob' }, 180);
    w.webphone.API_Call(-1, peer.uri);
    await w.run(1000);
    expect(invites()).toBe(0);
  });

  it('[outgoing-call/3] [param:allowcallredirect] [param:diversion] go where 301 and 302 say, with Diversion, unless told otherwise', async () => {
    const headers = { Contact: '<sip:carol@10.0.0.8>' };
    for (const status of [301, 302]) {
      for (const [settings, diversion] of [
        [{}, '<sip:bob@10.0.0.9>;reason=unconditional;counter=1'],
        [{ diversion: 0 }, undefined],
      ] as Array<[Given, string | undefined]>) {
        await begin(settings, status, headers);
        const carol = await w.world.peer('carol', '10.0.0.8');
        w.webphone.API_Call(-1, peer.uri);
        await w.run(500);
        expect(carol.last('INVITE').uri.toString()).toBe('sip:carol@10.0.0.8');
        expect(carol.last('INVITE').get('Diversion')).toBe(diversion);
        expect(w.strings('CDR')).toEqual([]);
        await w.end();
      }
      await begin({ allowcallredirect: 0 }, status, headers);
      const carol = await w.world.peer('carol', '10.0.0.8');
      w.webphone.API_Call(-1, peer.uri);
      await w.run(500);
      expect(invites(carol)).toBe(0);
      expect(w.last('CDR').split(',')[12]).toBe(String(status));
      if (status === 301) await w.end();
    }
  });

  it.each([
    [{}, { 503: 2, 500: 2, 408: 2, 488: 2, 420: 2, 486: 1 }],
    [{ redialonfail: 0 }, { 503: 1, 500: 1, 408: 1, 488: 2, 420: 2 }],
    [{ allowrecall: 1 }, { 503: 1, 500: 1, 408: 1 }],
    [{ allowrecall: 2 }, { 503: 2, 500: 1, 408: 1 }],
    [{ allowrecall: 3 }, { 503: 2, 500: 2, 408: 2, 486: 1 }],
    [{ codecretry: false }, { 488: 1, 420: 2, 503: 2 }],
    [{ callretryonreject: 0 }, { 420: 1, 488: 2, 503: 2 }],
  ] as Array<[Given, Record<number, number>]>)(
    '[outgoing-call/4] [param:redialonfail] [param:allowrecall] [param:codecretry] [param:callretryonreject] %j: calls that fail are placed so often: %j',
    async (settings, counts) => {
      for (const [status, count] of Object.entries(counts)) {
        await begin(settings, Number(status));
        w.webphone.API_Call(-1, peer.uri);
        await w.run(10_000);
        expect([status, invites()]).toEqual([status, count]);
        if (status !== Object.keys(counts).at(-1)) await w.end();
      }
    },
  );
});
