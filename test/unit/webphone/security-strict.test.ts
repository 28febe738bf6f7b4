/** The settings that make a phone strict, as a profile each: what peers can no longer do, and what it does no more. */
import { getDefaultResultOrder, getServers } from 'node:dns';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawPeer, sdp } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

type Given = Readonly<Record<string, string | number | boolean>>;

const US = { uri: `sip:me@${HOST}`, host: HOST };

let w: WebphoneWorld;

afterEach(() => w.end());

/** A phone with those settings and a scripted peer who takes everything in a dialog. */
async function strict(settings: Given, folder?: string): Promise<RawPeer> {
  w = new WebphoneWorld({ codec: 'pcmu', setfinalcodec: 0, ...settings }, folder);
  w.webphone.API_Start();
  const peer = await w.world.peer('bob', '10.0.0.9');
  peer.onRequest = (request) => {
    if (!['INVITE', 'ACK', 'CANCEL'].includes(request.method)) peer.respond(request, 200);
  };
  await w.run();
  return peer;
}

/** In a call with the peer. */
async function talking(settings: Given): Promise<RawPeer> {
  const peer = await strict(settings);
  w.webphone.API_Call(-1, peer.uri);
  await w.run(50);
  peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
  await w.run(100);
  expect(w.webphone.API_IsInCall()).toBe(2);
  return peer;
}

/** The last of our answers to a request of the peer. */
async function answer(
  peer: RawPeer,
  method: string,
  options: Parameters<RawPeer['request']>[2] = {},
  ms = 300,
): Promise<number | undefined> {
  const before = peer.responses.length;
  await peer.request(method, US, options);
  await w.run(ms);
  return peer.responses.slice(before).at(-1)?.status;
}

/** In the dialog of our call. */
function inDialog(peer: RawPeer): { callId: string; toTag: string | undefined } {
  const { callId, from } = peer.last('INVITE');
  return { callId, toTag: from.tag };
}

const sent = (name: string): string[] =>
  w.world.network.packets
    .filter(({ from, text }) => from.host === HOST && text.startsWith(`${name} `))
    .map(({ text }) => text);

describe('a strict phone', () => {
  it.each([
    [3, 2],
    [4, 3],
  ])(
    '[security-strict/0] tlspolicy %i, strictsrtp %i: signals by TLS alone, and talks by SRTP or not at all',
    async (tlspolicy, strictsrtp) => {
      w = new WebphoneWorld({
        serveraddress: SERVER,
        username: 'anna',
        password: 'x',
        transport: 2,
        mediaencryption: 2,
        tlspolicy,
        strictsrtp,
      });
      const registrar = await w.registrar();
      w.webphone.API_Start();
      await w.run(500);
      w.webphone.API_Call(-1, '1234');
      await w.run(200);
      const invite = registrar.others.find(({ request }) => request.method === 'INVITE');
      expect(invite?.request.bodyText).toMatch(/m=audio \d+ RTP\/SAVP [\s\S]*a=crypto:/);
      const ours = w.world.network.packets.filter(({ from }) => from.host === HOST);
      expect(new Set(ours.map(({ protocol }) => protocol))).toEqual(new Set(['tls']));
      invite?.tx.reply(200, undefined, (response) => {
        response.set('Contact', `<sip:1234@${SERVER}:5061;transport=tls>`);
        response.setBody(sdp(), 'application/sdp');
      });
      await w.run(300);
      expect(w.states(1)).toContain('Finished');
      expect(w.states(1)).not.toContain('Speaking');
    },
  );

  it('[security-strict/1] leaves the sound as it is, and has no presence and no video', async () => {
    const peer = await talking({ agc: 0, aec: 0, denoise: 0, enablepresence: 0, video_config: 2, video: 0 });
    const { sent: ours, received } = w.media().options.processing ?? {};
    for (const side of [ours, received]) {
      expect(side?.agc ?? false).toBe(false);
      expect(side?.noiseSuppression ?? false).toBe(false);
    }
    expect(peer.last('INVITE').bodyText).not.toContain('m=video');
    expect(await answer(peer, 'SUBSCRIBE', { headers: { Event: 'presence', Expires: '600' } })).toBe(489);
    expect(sent('PUBLISH')).toEqual([]);
  });

  it('[security-strict/2] peers can neither have it answer, nor go elsewhere, nor replace, nor arrange calls', async () => {
    const none = { enableautoaccept: 0, allowcallredirect: 0, enable_3pcc: 0, allowreplace: 0 };
    const peer = await strict(none);
    const headers = { 'Answer-Mode': 'Auto', 'Call-Info': '<sip:x>;answer-after=0' };
    expect(await answer(peer, 'INVITE', { callId: 'one', sdp: sdp(), headers }, 2000)).toBe(180);
    expect(await answer(peer, 'INVITE', { callId: 'two' })).toBe(403);
    w.webphone.API_Call(-1, peer.uri);
    await w.run(50);
    const { callId, from } = peer.last('INVITE');
    const Replaces = `${callId};to-tag=${from.tag};from-tag=bob`;
    peer.respond(peer.last('INVITE'), 302, { headers: { Contact: '<sip:carol@10.0.0.77>' } });
    await w.run(200);
    expect(sent('INVITE')).toHaveLength(1);
    expect(w.states(2)).toContain('Finished');
    expect(await answer(peer, 'INVITE', { callId: 'three', sdp: sdp(), headers: { Replaces } })).toBe(603);
  });

  it.each([
    [1, undefined],
    [2, 497],
    [480, 480],
  ])(
    '[security-strict/4] [call-transfer/15] disabletransferrequests %i: a REFER gets %o',
    async (value, status) => {
      const peer = await talking({ disabletransferrequests: value });
      const headers = { 'Refer-To': '<sip:carol@10.0.0.77>' };
      expect(await answer(peer, 'REFER', { ...inDialog(peer), headers })).toBe(status);
      expect(sent('INVITE')).toHaveLength(1);
      expect(w.webphone.API_IsInCall()).toBe(2);
      w.webphone.API_SetParameter('transfertype', 0);
      expect(w.webphone.API_Transfer(-1, 'sip:carol@10.0.0.77')).toBe(false);
      await w.run(1000);
      expect(sent('REFER')).toEqual([]);
    },
  );

  it('[security-strict/5] never dials again, sends digits and audio as told, and keeps its transport', async () => {
    const peer = await talking({ autoredial: 0, redialonfail: 0, dtmfmode: 1, codec: 'pcmu' });
    expect(peer.last('INVITE').bodyText.match(/a=rtpmap:\d+ (?!telephone)[^\r]+/g)).toEqual([
      'a=rtpmap:0 PCMU/8000',
    ]);
    w.webphone.API_Dtmf(-1, '5');
    await w.run(500);
    expect(sent('INFO').join()).toContain('5');
    expect(w.media().digits).toBe('');
    w.webphone.API_Hangup(-1);
    await w.run(100);
    w.webphone.API_Call(-1, peer.uri);
    await w.run(50);
    peer.respond(peer.last('INVITE'), 503);
    await w.run(120_000);
    expect(new Set(sent('INVITE').map((text) => /^Call-ID: (.*)/m.exec(text)?.[1])).size).toBe(2);
    await w.end();

    w = new WebphoneWorld({
      serveraddress: SERVER,
      username: 'anna',
      password: 'x',
      transport: 1,
      canstransportswitch: 'false',
    });
    const registrar = await w.registrar();
    registrar.transport.breakConnections();
    w.world.network.detach('tcp', { host: SERVER, port: 5060 });
    w.webphone.API_Start();
    w.webphone.API_Register();
    await w.run(120_000);
    expect(registrar.requests).toEqual([]);
    expect(w.world.network.packets.filter(({ protocol }) => protocol === 'udp')).toEqual([]);
  });

  it('[security-strict/6] sends nothing before the answer, and takes audio only from where the peer said', async () => {
    const peer = await strict({ earlymedia: 0, strictssrc: 1 });
    w.webphone.API_Call(-1, peer.uri);
    await w.run(50);
    peer.respond(peer.last('INVITE'), 183, { sdp: sdp() });
    await w.run(50);
    expect(w.media().config?.direction).not.toMatch(/send/);
    expect(w.media().options.strictSource).toBe('address');
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
    await w.run(50);
    expect(w.media().config?.direction).toBe('sendrecv');
  });

  it('[security-strict/7] keeps its hold, takes no settings from the network, and guesses no lines', async () => {
    const peer = await talking({
      acceptholdchange: 0,
      acceptsettingsfromsip: 0,
      strictlines: 6,
      loglevel: 1,
    });
    peer.onRequest = (request) => {
      if (request.method === 'INVITE')
        peer.respond(request, 200, { sdp: sdp({ direction: 'recvonly', version: 2 }) });
      else if (request.method !== 'ACK') peer.respond(request, 200);
    };
    w.webphone.API_Hold(-1, true);
    await w.run(100);
    const offer = { ...inDialog(peer), cseq: 5, sdp: sdp({ version: 3 }) };
    expect(await answer(peer, 'INVITE', { ...offer, headers: { 'X-MParam': 'loglevel=9' } }, 100)).toBe(200);
    expect(peer.answer('INVITE').bodyText).toContain('a=sendonly');
    expect(w.webphone.API_IsOnHold(1)).toBe(2);
    await peer.request('ACK', US, { ...inDialog(peer), cseq: 5 });
    await w.run(50);
    expect(String(w.webphone.API_GetParameter('loglevel'))).toBe('1');
    expect(w.webphone.API_Hangup(3)).toBe(false);
    await w.run(100);
    expect(w.webphone.API_IsInCall()).toBe(2);
  });

  it('[security-strict/8] talks to its server and to nobody else', async () => {
    w = new WebphoneWorld({
      serveraddress: SERVER,
      username: 'anna',
      password: 'x',
      allowmizuservices: 2,
      altexternpublicip: 0,
      extchecklocalip: 0,
      geolocation: 0,
      use_fast_stun: 0,
    });
    const registrar = await w.registrar();
    const asked: string[] = [];
    const before = globalThis.fetch;
    globalThis.fetch = async (input) => {
      asked.push(String(input));
      throw new Error('no network here');
    };
    try {
      w.webphone.API_Start();
      w.webphone.API_Register();
      await w.run(1000);
      w.webphone.API_Call(-1, '1234');
      await w.run(5000);
    } finally {
      globalThis.fetch = before;
    }
    expect(registrar.requests.length).toBeGreaterThan(0);
    const ours = w.world.network.packets.filter(({ from }) => from.host === HOST);
    expect(new Set(ours.map(({ to }) => to.host))).toEqual(new Set([SERVER]));
    expect(ours.map(({ text }) => text).join('')).not.toContain('X-Country');
    expect(asked).toEqual([]);
  });

  it('[security-strict/10] tells nothing in the log', async () => {
    /** What an observer sees of a call with that level: the polled log, the file, and the notifications. */
    const seen = async (loglevel: number): Promise<string> => {
      const folder = mkdtempSync(join(tmpdir(), 'switchhook-strict-'));
      try {
        const logs = { loglevel, logpolling: 1, canlogtofile: 2, logtoconsole: 0, events: 3 };
        const peer = await strict(logs, folder);
        w.webphone.API_Call(-1, 'sip:secret-number@10.0.0.9');
        await w.run(500);
        expect(peer.last('INVITE').uri.toString()).toContain('secret-number');
        w.webphone.API_Hangup(-1);
        await w.run(500);
        const polled = w.webphone.API_GetLogs();
        const told = w.strings('LOG').join('\n');
        await w.end();
        const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
          (one) => one.isFile() && /log/i.test(one.name),
        );
        const text = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
        return [polled, told, ...text].join('\n');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
    const open = await seen(5);
    expect(open).toContain('secret-number');
    expect(open).toContain('INVITE sip:');
    expect(await seen(1)).not.toMatch(/secret-number|INVITE|10\.0\.0\.9/);
    // Both are closed already.
    w = new WebphoneWorld();
  });

  it('[security-strict/10] leaves the process alone', async () => {
    const events = [
      'uncaughtException',
      'unhandledRejection',
      'warning',
      'beforeExit',
      'exit',
      'SIGINT',
      'SIGTERM',
    ];
    const state = () => ({
      listeners: events.map((event) => process.listenerCount(event)),
      environment: { ...process.env },
      title: process.title,
      folder: process.cwd(),
      globals: Object.getOwnPropertyNames(globalThis),
      dns: getServers(),
      dnsOrder: getDefaultResultOrder(),
    });
    const before = state();
    const peer = await strict({ handleexceptions: 0, changesystemsettings: 0 });
    w.webphone.API_Call(-1, peer.uri);
    await w.run(50);
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
    await w.run(500);
    expect(w.webphone.API_IsInCall()).toBe(2);
    expect(state()).toEqual(before);
  });
});

describe('a phone that keeps to itself', () => {
  it('[security-strict/9] calls only when it is registered', async () => {
    const account = { serveraddress: SERVER, username: 'anna', password: 'secret', register: 0 };
    const peer = await strict({ mustconnect: 'true', ...account });
    const registrar = await w.registrar();
    registrar.password = 'secret';
    w.webphone.API_Call(-1, peer.uri);
    await w.run(500);
    expect(sent('INVITE')).toEqual([]);
    w.webphone.API_Register();
    await w.run(500);
    w.webphone.API_Call(-1, peer.uri);
    await w.run(500);
    expect(sent('INVITE').length).toBeGreaterThan(0);
  });
});
