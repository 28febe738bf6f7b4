/** Settings of lines by API_SetLineParameter: which there are, for whom they can be set, and calls by several servers. */
import { afterEach, describe, expect, it } from 'vitest';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

/** As the manual lists them, with a value each takes. */
const VALUES: Readonly<Record<string, string>> = {
  peer: '100',
  address: '10.0.0.50',
  serveraddress: '10.0.0.50',
  proxyaddress: '10.0.0.51',
  username: 'anna',
  sipusername: 'anna1',
  password: 'secret',
  displayname: 'Anna',
  voicerecording: '1',
  muted: '2',
  holded: '1',
  maxsipmessagesize: '4000',
  codecretry: 'false',
  discrcode: '480',
  registerinterval: '300',
  maxmsgresend: '3',
  srtp_suite: 'AES_CM_128_HMAC_SHA1_32',
  strictsrtp: '2',
  dtmfmode: '2',
  rtp_timestamp: '1000',
  rtp_seq: '7',
  rtp_src: '77',
  defpayload: '8',
  setfinalcodec: '1',
  presenceexpiresec: '600',
  notifyexpiresec: '600',
  sipproto: 'sips',
  volumein: '40',
  volumeout: '60',
  volumering: '70',
  videocalltype: '0',
  videodirection: '0',
  keepvideospdponhold: '0',
  defvideopayload: '0',
  serverdomainandport: 'pbx.example:5080',
  serveraddr: '10.0.0.50',
  serverport: '5070',
  serverip: '10.0.0.52',
  proxyport: '5090',
  proxyip: '10.0.0.53',
  realm: 'example',
  p_referred_identity: 'sip:a@b.c',
  p_asserted_identity: 'sip:d@e.f',
  remote_party_id: 'sip:g@h.i',
  privacy: 'id',
  customsipheader: 'X-A: 1',
  customsdpfield: 'a=x:1',
  customsdpmediafield: 'a=y:1',
  sip_uui: 'abc',
  sessionid: 'f81d4fae7dec11d0a76500a0c91e6bf6',
  discreason: 'busy',
  usesdpip: '1',
  transport: '1',
  line: '3',
  callid: 'my-own-id',
  state: 'Ringing',
  mediaencryption: '2',
};
/** What a call there is has, or is in: nothing all calls could have. */
const OF_ONE_CALL = ['peer', 'holded', 'discreason', 'line', 'callid', 'state'];

let w: WebphoneWorld;

afterEach(() => w.end());

describe('settings of lines', () => {
  it('[line-parameters/0] [API_SetLineParameter] [API_GetLineParameter] all 57 are set for a line, the active one, the next call, or all', async () => {
    expect(Object.keys(VALUES)).toHaveLength(57);
    for (const line of [2, -1, 0, -2]) {
      w = new WebphoneWorld({ register: 0 });
      const { webphone } = w;
      webphone.API_Start();
      await w.run();
      const refused: string[] = [];
      for (const [name, value] of Object.entries(VALUES)) {
        const taken = webphone.API_SetLineParameter(line, name, value, 0);
        if (!taken) refused.push(name);
        else expect([line, name, webphone.API_GetLineParameter(line, name)]).toEqual([line, name, value]);
      }
      // `address` is the two after it; a call has to be there before it can be held.
      expect([line, refused]).toEqual([line, line === -2 ? OF_ONE_CALL : ['holded', 'line', 'state']]);
      if (line !== 0) await w.end();
    }
  });

  it('[line-parameters/2] NULL takes one away, line 0 with nothing all of them', async () => {
    w = new WebphoneWorld({ register: 0, displayname: 'Phone' });
    const { webphone } = w;
    const names = (): string[] => [0, 1, 2].map((line) => webphone.API_GetLineParameter(line, 'displayname'));
    webphone.API_SetLineParameter(1, 'displayname', 'One', 1);
    webphone.API_SetLineParameter(2, 'displayname', 'Two', 0);
    webphone.API_SetLineParameter(0, 'displayname', 'Next', 0);
    expect(names()).toEqual(['Next', 'One', 'Two']);
    webphone.API_SetLineParameter(1, 'displayname', 'NULL', 1);
    expect(names()).toEqual(['Next', 'Phone', 'Two']);
    for (const nothing of ['', 'NULL', 'null']) {
      webphone.API_SetLineParameter(2, 'displayname', 'Two', 1);
      webphone.API_SetLineParameter(0, 'displayname', 'Next', 0);
      expect(webphone.API_SetLineParameter(0, nothing, nothing, 1)).toBe(true);
      expect(names()).toEqual(['Phone', 'Phone', 'Phone']);
    }
    webphone.API_Start();
    await w.run();
  });

  it('[line-parameters/1] are for one call of the line, or with permanent for all of them', async () => {
    w = new WebphoneWorld({ register: 0, disablesamecall: 0, displayname: 'Phone' });
    const { webphone } = w;
    webphone.API_Start();
    const bob = await w.party('bob');
    webphone.API_SetLineParameter(1, 'displayname', 'Once', 0);
    webphone.API_SetLineParameter(2, 'displayname', 'Always', 1);
    const names: Array<string | undefined> = [];
    for (const line of [1, 2, 1, 2]) {
      const call = await w.calls(bob, line);
      names.push(call.remote.displayName);
      webphone.API_Hangup(line);
      await w.run();
    }
    expect(names).toEqual(['Once', 'Always', 'Phone', 'Always']);
  });

  it('[line-parameters/3] before each call send it through a server of its own, with its user, password and transport', async () => {
    w = new WebphoneWorld({ register: 0, serveraddress: '10.0.0.100', username: 'main', password: 'main' });
    const { webphone, world } = w;
    webphone.API_Start();
    await w.run();
    for (const [serveraddress, username, password, transport] of [
      ['10.0.0.50', 'anna', 'one', '0'],
      ['10.0.0.60', 'bea', 'two', '1'],
    ]) {
      const server = await FakeRegistrar.start(world, serveraddress);
      server.password = password;
      for (const [name, value] of Object.entries({ serveraddress, username, password, transport }))
        expect(webphone.API_SetLineParameter(0, name, value, 0)).toBe(true);
      expect(webphone.API_Call(-1, '100')).toBe(true);
      await w.run(200);
      const [first] = server.others;
      expect(first.request.uri.toString()).toBe(`sip:100@${serveraddress}`);
      expect(first.request.from.uri.toString()).toBe(`sip:${username}@${serveraddress}`);
      expect(first.tx.flow.protocol).toBe(['udp', 'tcp'][Number(transport)]);
      first.tx.reply(401, undefined, (response) => server.challenge(response));
      await w.run(200);
      const { request, tx } = server.others[1];
      expect(server.verifies(request)).toBe(true);
      tx.reply(180);
      await w.run(200);
    }
    expect([1, 2].map((line) => webphone.API_GetLineStatusText(line))).toEqual(['Ringing', 'Ringing']);
    // They were for those calls alone.
    webphone.API_Call(-1, '300');
    await w.run(100);
    expect(world.network.packets.at(-1)).toMatchObject({ to: { host: '10.0.0.100' } });
    expect(world.network.packets.at(-1)?.text).toMatch(/^From: .*<sip:main@10\.0\.0\.100>/m);
  });
});
