/** Presence, busy lamps and voice mail by settings, functions and notifications, with a scripted other side. */
import { afterEach, describe, expect, it } from 'vitest';
import { type DialogInfo, parsePidf, printDialogInfo } from '../../../src/ua/index.js';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import { NotifierPeer } from '../../support/notifier-peer.js';
import type { RawPeer } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

type Given = Record<string, string | number>;

const US = { uri: `sip:me@${HOST}`, host: HOST };
const PIDF = 'application/pidf+xml';

let w: WebphoneWorld;
let peer: RawPeer;
let notifier: NotifierPeer;

afterEach(() => w.end());

async function begin(settings: Given = {}): Promise<void> {
  w = new WebphoneWorld(settings);
  peer = await w.world.peer('bob', '10.0.0.9');
  notifier = new NotifierPeer(w.world, peer);
  const { onRequest } = peer;
  peer.onRequest = (request, flow) => {
    if (request.method === 'SUBSCRIBE') onRequest(request, flow);
    else peer.respond(request, 200, { headers: { 'SIP-ETag': 'e', Expires: '600' } });
  };
  w.webphone.API_Start();
  await w.run(100);
}

describe('presence', () => {
  const document = (basic: string, note: string, activity = ''): string =>
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@10.0.0.9"><tuple id="a"><status><basic>${basic}</basic></status></tuple><note>${note}</note>${activity}</presence>`;

  /** The peer watches us. */
  async function watches(callId = 'watch'): Promise<number> {
    const headers = { Event: 'presence', Accept: PIDF, Expires: '600' };
    await peer.request('SUBSCRIBE', US, { callId, headers });
    await w.run(200);
    return peer.answer('SUBSCRIBE').status;
  }

  /** What the peer is told of us last. */
  const seen = () => parsePidf(peer.last('NOTIFY').bodyText);

  it('[presence/0] [API_CheckPresence] [notify:PRESENCE] contacts are subscribed to, and what they notify is told', async () => {
    await begin();
    expect(w.webphone.API_CheckPresence('sip:bob@10.0.0.9')).toBe(true);
    await w.run(200);
    expect(notifier.subscribes[0].get('Event')).toBe('presence');
    await notifier.notify({ contentType: PIDF, body: document('open', 'Away') });
    await w.run(100);
    expect(w.last('PRESENCE')).toBe('PRESENCE,bob,Open,Away');
    await notifier.notify({ contentType: PIDF, body: document('closed', 'Unreachable') });
    await w.run(100);
    expect(w.last('PRESENCE')).toBe('PRESENCE,bob,Closed,Unreachable');
  });

  it.each([
    ['Online', 'open', 'Online'],
    ['Away', 'open', 'Away'],
    ['DND', 'open', 'DND'],
    ['Offline', 'closed', 'Offline'],
    ['Invisible', 'closed', 'Offline'],
  ])(
    '[presence/0] [API_SetPresenceStatus] %s is shown to watchers as %s, %s',
    async (status, basic, note) => {
      await begin({ autoacceptpresencerequests: 2 });
      expect(w.webphone.API_SetPresenceStatus(status)).toBe(true);
      await w.run(2000);
      expect(await watches()).toBe(200);
      expect([seen().tuples[0].basic, seen().note]).toEqual([basic, note]);
    },
  );

  it('[presence/0] [API_SetPresenceStatus] who watches already is told of changes, and the server by PUBLISH', async () => {
    await begin({ autoacceptpresencerequests: 2, serveraddress: '10.0.0.9', username: 'me', register: 0 });
    await watches();
    for (const status of ['Away', 'DND', 'Online']) {
      w.webphone.API_SetPresenceStatus(status);
      await w.run(6000);
      expect(seen().note).toBe(status);
      expect(parsePidf(peer.last('PUBLISH').bodyText).note).toBe(status);
    }
  });

  it.each([
    [0, 403, 0],
    [1, 202, 1],
    [2, 200, 0],
    [-1, 202, 1],
  ])(
    '[presence/1] [notify:NEWUSER] [param:autoacceptpresencerequests] %i: an unknown watcher gets %i and is asked about %i times',
    async (autoacceptpresencerequests, status, asked) => {
      await begin({ autoacceptpresencerequests });
      const got = await watches();
      // RFC 6665 has 200 in place of 202, and pending in Subscription-State.
      expect(got === 403).toBe(status === 403);
      expect(w.strings('NEWUSER')).toHaveLength(asked);
      if (status !== 403)
        expect(peer.last('NOTIFY').get('Subscription-State')).toMatch(
          status === 202 ? /^pending/ : /^active/,
        );
      if (asked > 0) {
        const [, user, , , uri] = w.last('NEWUSER').split(',');
        expect([user, uri]).toEqual(['bob', 'sip:bob@10.0.0.9']);
        expect(w.webphone.API_NewUser(user)).toBe(true);
        await w.run(2000);
        expect(peer.last('NOTIFY').get('Subscription-State')).toMatch(/^active/);
      }
    },
  );

  it('[presence/2] [notify:PRESENCE] [notify:NEWUSER] names and mail addresses are told', async () => {
    await begin();
    await peer.request('SUBSCRIBE', US, {
      callId: 'who',
      headers: {
        From: '"Bob B." <sip:bob@10.0.0.9>;tag=who',
        Event: 'presence',
        'Call-Info': '<mailto:bob@example.com>;purpose=info',
      },
    });
    await w.run(300);
    expect(w.last('NEWUSER')).toBe('NEWUSER,bob,Bob B.,bob@example.com,sip:bob@10.0.0.9');
    w.webphone.API_CheckPresence('sip:bob@10.0.0.9');
    await w.run(200);
    const mail =
      '<tuple id="m"><status><basic>open</basic></status><contact>mailto:bob@example.com</contact></tuple>';
    await notifier.notify({
      contentType: PIDF,
      body: document('open', 'back at three', mail).replace(
        '</presence>',
        '<dm:person xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" id="p"><display-name>Bob B.</display-name></dm:person></presence>',
      ),
    });
    await w.run(100);
    expect(w.last('PRESENCE')).toBe('PRESENCE,bob,Open,back at three,Bob B.,bob@example.com');
  });
});

describe('what belongs to presence', () => {
  it('[presence/2] [param:profilestatustext] [API_GetProfileStatusText] a text about us goes along, and that of others is read', async () => {
    await begin({ autoacceptpresencerequests: 2, profilestatustext: 'In Rome until Friday' });
    w.webphone.API_SetPresenceStatus('Away');
    await peer.request('SUBSCRIBE', US, { callId: 'watch', headers: { Event: 'presence', Expires: '600' } });
    await w.run(2000);
    const told = () => parsePidf(peer.last('NOTIFY').bodyText);
    expect([told().note, told().tuples[0].note]).toEqual(['Away', 'In Rome until Friday']);
    w.webphone.API_SetParameter('profilestatustext', 'back again');
    await w.run(2000);
    expect([told().note, told().tuples[0].note]).toEqual(['Away', 'back again']);
    w.webphone.API_CheckPresence(peer.uri);
    await w.run(200);
    const body =
      '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:bob@10.0.0.9"><tuple id="a"><status><basic>open</basic></status><note>gone fishing</note></tuple><note>Away</note></presence>';
    await notifier.notify({ contentType: PIDF, body });
    await w.run(100);
    expect(w.last('PRESENCE')).toBe('PRESENCE,bob,Open,Away');
    expect(w.webphone.API_GetProfileStatusText('bob')).toBe('gone fishing');
  });

  it('[presence/1] [API_AddContact] contacts are no strangers', async () => {
    await begin({ autoacceptpresencerequests: 0 });
    const asks = async (callId: string): Promise<number> => {
      await peer.request('SUBSCRIBE', US, { callId, headers: { Event: 'presence', Expires: '600' } });
      await w.run(200);
      return peer.answer('SUBSCRIBE').status;
    };
    expect(await asks('one')).toBe(403);
    w.webphone.API_AddContact(',Bob,sip:bob@10.0.0.9');
    await w.run(1000);
    expect(await asks('two')).toBe(200);
    w.webphone.API_DelContact('Bob');
    await w.run(1000);
    expect(await asks('three')).toBe(403);
  });

  it.each([
    [0, true, 0],
    [1, false, 0],
    [1, true, 1],
    [2, false, 1],
  ])(
    '[presence/0] [param:enablepresence] %i: a called contact (%s) is subscribed to after the call %i times',
    async (enablepresence, contact, times) => {
      await begin({ enablepresence });
      if (contact) w.webphone.API_AddContact('Bob,bob');
      const bob = await w.party('bob');
      const call = await w.calls(bob);
      const subscribed = (): number =>
        w.world.network.packets.filter(({ text, to }) => text.startsWith('SUBSCRIBE') && to.host === bob.host)
          .length;
      expect(subscribed()).toBe(0);
      void call.hangup();
      await w.run();
      expect(subscribed()).toBe(times);
    },
  );
});

describe('busy lamps', () => {
  let version = 0;

  async function lamp(...dialogs: DialogInfo[]): Promise<void> {
    const body = printDialogInfo({ entity: 'sip:bob@10.0.0.9', version: version++, full: false, dialogs });
    await notifier.notify({ contentType: 'application/dialog-info+xml', body });
    await w.run(50);
  }

  async function lamps(settings: Given = {}): Promise<void> {
    version = 0;
    w = new WebphoneWorld({
      serveraddress: '10.0.0.9',
      username: 'me',
      register: 0,
      blfuserlist: '101,102',
      ...settings,
    });
    peer = await w.world.peer('bob', '10.0.0.9');
    notifier = new NotifierPeer(w.world, peer);
    notifier.automatic = undefined;
  }

  it('[blf/0] [param:blfuserlist] [notify:BLF] the dialogs of the listed are subscribed to, and each state told', async () => {
    await lamps();
    w.webphone.API_Start();
    await w.run(200);
    expect(notifier.subscribes.map((one) => `${one.uri} ${one.get('Event')}`)).toEqual([
      'sip:101@10.0.0.9 dialog',
      'sip:102@10.0.0.9 dialog',
    ]);
    const body = printDialogInfo({ entity: 'sip:102@10.0.0.9', version: version++, full: true, dialogs: [] });
    await notifier.notify({ contentType: 'application/dialog-info+xml', body });
    await w.run(50);
    w.forget();
    for (const state of ['trying', 'proceeding', 'early', 'confirmed', 'terminated'] as const)
      await lamp({ id: 'd', state, direction: 'initiator', callId: 'abc' });
    await lamp({ id: 'e', state: 'early', direction: 'recipient', callId: 'def' });
    await lamp({ id: 'e', state: 'terminated', direction: 'recipient', callId: 'def' });
    expect(w.strings('BLF')).toEqual([
      'BLF,102,out,trying,[abc]',
      'BLF,102,out,proceeding,[abc]',
      'BLF,102,out,early,[abc]',
      'BLF,102,out,confirmed,[abc]',
      'BLF,102,out,terminated,[abc]',
      'BLF,102,in,early,[def]',
      'BLF,102,in,terminated,[def]',
    ]);
    w.forget();
    notifier.script = [500];
    expect(w.webphone.API_CheckBLF('103')).toBe(true);
    await w.run(200);
    expect(w.strings('BLF')).toEqual([expect.stringMatching(/^BLF,103,undefined,failed/)]);
  });

  it.each([
    [0, 0, 0],
    [1, 2, 2],
    [3, 2, 4],
  ])(
    '[blf/1] [param:enableblf] %i: %i are subscribed to; after all have refused, %i times altogether',
    async (enableblf, first, later) => {
      await lamps({ enableblf });
      notifier.script = [489, 489, 489, 489];
      w.webphone.API_Start();
      await w.run(200);
      expect(notifier.subscribes).toHaveLength(first);
      await w.run(310_000);
      expect(notifier.subscribes).toHaveLength(later);
    },
  );
});

describe('voice mail', () => {
  let registrar: FakeRegistrar;

  async function mailbox(settings: Given = {}): Promise<void> {
    w = new WebphoneWorld({
      serveraddress: SERVER,
      username: '1111',
      password: 'x',
      register: 0,
      ...settings,
    });
    registrar = await w.registrar();
    peer = await w.world.peer('pbx', '10.0.0.9');
    w.webphone.API_Start();
    await w.run(200);
  }

  const subscribes = (): number =>
    registrar.others.filter(
      ({ request }) => request.method === 'SUBSCRIBE' && request.get('Event') === 'message-summary',
    ).length;

  let notices = 0;
  async function notice(body: string): Promise<number> {
    await peer.request(
      'NOTIFY',
      { host: HOST, uri: `sip:1111@${HOST}:5060` },
      {
        callId: `notice-${++notices}`,
        sdp: body,
        contentType: 'application/simple-message-summary',
        headers: { Event: 'message-summary', 'Subscription-State': 'active' },
      },
    );
    await w.run(200);
    return peer.answer('NOTIFY').status;
  }

  it('[mwi/0] [notify:MWI] tells whether there is some, the number to call, whose, how many, and the words of the server', async () => {
    await mailbox();
    const account = 'Message-Account: sip:5001@10.0.0.100\r\n';
    expect(await notice(`Messages-Waiting: yes\r\n${account}Voice-Message: 3/0\r\n`)).toBe(200);
    expect(w.last('MWI')).toBe('MWI,yes,5001,1111,3,3/0');
    expect(await notice(`Messages-Waiting: no\r\n${account}Voice-Message: 0/2\r\n`)).toBe(200);
    expect(w.last('MWI')).toBe('MWI,no,5001,1111,0,0/2');
  });

  it('[mwi/0] [param:voicemailnum] is the number when the server names none', async () => {
    await mailbox({ voicemailnum: '*97' });
    await notice('Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n');
    expect(w.last('MWI')).toBe('MWI,yes,*97,1111,1,1/0');
  });

  it.each([
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [2, 0, 0, 1],
    [3, 0, 1, 1],
    [4, 1, 1, 1],
  ])(
    '[mwi/1] [param:voicemail] %i: at the start %i, after registration %i, later %i subscriptions',
    async (voicemail, atStart, registered, later) => {
      await mailbox({ voicemail });
      const counts = [subscribes()];
      w.webphone.API_Register();
      await w.run(500);
      counts.push(subscribes());
      await w.run(15_000);
      counts.push(subscribes());
      expect(counts.map((count) => Math.min(count, 1))).toEqual([atStart, registered, later]);
      const before = subscribes();
      if (voicemail === 1) {
        expect(w.webphone.API_CheckVoicemail(-1)).toBe(true);
        await w.run(500);
        expect(subscribes()).toBe(before + 1);
      }
    },
  );
});
