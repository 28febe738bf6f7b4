/** Settings that are changed while the phone runs act without a restart. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import { type Party, type RawPeer, sdp } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let registrar: FakeRegistrar;
let peer: RawPeer;
let calls = 0;
const ME = { uri: `sip:alice@${HOST}`, host: HOST } as Party;

beforeEach(async () => {
  w = new WebphoneWorld({ serveraddress: SERVER, username: 'alice', password: 'secret' });
  registrar = await w.registrar();
  w.webphone.API_Start();
  await w.run();
  peer = await w.world.peer('bob', '10.0.0.20');
});
afterEach(() => w.end());

const set = (name: string, value: string | number): void => {
  expect(w.webphone.API_SetParameter(name, value)).toBe(true);
};

/** The SDP a call is answered with. */
async function answered(): Promise<string> {
  await peer.request('INVITE', ME, { callId: `call-${++calls}`, sdp: sdp() });
  await w.run();
  w.webphone.API_Accept(-1);
  await w.run();
  const answer = peer.answer('INVITE');
  await peer.request('ACK', ME, { callId: `call-${calls}`, toTag: answer.to.tag });
  await w.run();
  return Buffer.from(answer.body).toString();
}

describe('settings changed while the phone runs', () => {
  it('are those of the next incoming call', async () => {
    expect(await answered()).toContain('PCMU/8000');
    expect(peer.answer('INVITE').get('P-Asserted-Identity')).toBeUndefined();
    w.webphone.API_Hangup(-2);
    await w.run(1000);
    set('use_pcmu', 0);
    await peer.request('INVITE', ME, { callId: 'no-codec', sdp: sdp() });
    await w.run();
    w.webphone.API_Accept(-1);
    await w.run();
    expect(peer.answer('INVITE').status).toBe(488);
    set('use_pcmu', 3);
    expect(await answered()).toContain('PCMU/8000');
  });

  it('[param:textmessaging] decide about messages at once', async () => {
    await peer.request('MESSAGE', ME, { callId: 'm1', sdp: 'one', contentType: 'text/plain' });
    await w.run();
    expect(w.strings('CHAT')).toEqual(['CHAT,0,bob,one']);
    set('textmessaging', 0);
    await peer.request('MESSAGE', ME, { callId: 'm2', sdp: 'two', contentType: 'text/plain' });
    await w.run();
    expect(w.strings('CHAT')).toHaveLength(1);
    expect(peer.answer('MESSAGE').status).toBeGreaterThanOrEqual(400);
    expect(w.webphone.API_SendChat(-1, 'bob', '', 'no')).toBe(true);
    await w.run();
    expect(registrar.others.filter(({ request }) => request.method === 'MESSAGE')).toEqual([]);
  });

  it('[param:blfuserlist] lamps named later are watched', async () => {
    const watches = (): string[] =>
      registrar.others
        .filter(({ request }) => request.method === 'SUBSCRIBE')
        .map(({ request }) => String(request.uri));
    set('blfuserlist', '201,202');
    await w.run(1000);
    expect(watches().filter((uri) => /sip:20[12]@/.test(uri)).length).toBeGreaterThanOrEqual(2);
    set('blfuserlist', '202,203');
    await w.run(1000);
    expect(watches().some((uri) => uri.startsWith('sip:203@'))).toBe(true);
  });

  it('[param:strictlines] decide whether an order for an empty line reaches another', async () => {
    await answered();
    expect(w.webphone.API_Hold(3, true)).toBe(true);
    await w.run();
    set('strictlines', 6);
    expect(w.webphone.API_Hangup(3)).toBe(false);
    set('strictlines', 0);
    expect(w.webphone.API_Hangup(3)).toBe(true);
  });

  it('[param:muted] [API_IsMuted] of a line wins over that of all calls, and can be changed during the call', async () => {
    set('defsetmuted', 1);
    w.webphone.API_SetLineParameter(1, 'muted', '2', 1);
    await answered();
    expect(w.webphone.API_IsMuted(1)).toBe(3);
    expect(w.webphone.API_SetLineParameter(-1, 'muted', '0', 0)).toBe(true);
    expect(w.webphone.API_IsMuted(1)).toBe(0);
    expect(w.media().muted).toMatchObject({ send: false, receive: false });
    w.webphone.API_SetLineParameter(1, 'muted', '4', 0);
    expect(w.webphone.API_IsMuted(1)).toBe(1);
    w.webphone.API_Hangup(-2);
    await w.run(1000);
    w.webphone.API_SetLineParameter(1, 'muted', '0', 1);
    await answered();
    expect(w.webphone.API_IsMuted(1)).toBe(0);
    w.webphone.API_Hangup(-2);
    await w.run(1000);
    w.webphone.API_SetLineParameter(1, 'muted', 'NULL', 1);
    await answered();
    expect(w.webphone.API_IsMuted(1)).toBe(2);
  });

  it('[param:defsetmuted] [API_IsMuted] mute the next call from its beginning', async () => {
    set('defsetmuted', 2);
    await answered();
    expect(w.media().muted).toEqual({ send: true, receive: false, rtp: 'stop' });
    expect(w.webphone.API_IsMuted(-1)).toBe(3);
    expect(w.states(1).at(-1)).toBe('Muted');
    expect(w.webphone.API_GetLineDetails(1)).toMatch(/^LINEDETAILS,1,Muted,.*,3,0,/);
    w.webphone.API_Mute(1, true, 1);
    expect(w.webphone.API_IsMuted(1)).toBe(1);
  });
});
