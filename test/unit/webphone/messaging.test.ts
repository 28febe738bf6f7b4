import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Phone } from '../../../src/phone/index.js';
import { FakeMediaEngine } from '../../../src/testing/fake-media.js';
import { FakeResolver } from '../../../src/testing/fake-resolver.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Phone;
const BOB = 'sip:bob@10.0.0.20';

beforeEach(async () => {
  w = new WebphoneWorld();
  w.webphone.API_Start();
  bob = new Phone({
    clock: w.world.clock,
    random: w.world.random,
    engine: new FakeMediaEngine(),
    network: { transport: w.world.network.transport('10.0.0.20'), resolver: new FakeResolver() },
    listen: { host: '10.0.0.20', port: 5060 },
    presence: { strangers: 'accept' },
    blf: { share: 'all' },
  });
  await bob.start();
  await w.run();
  w.forget();
});

afterEach(async () => {
  const closing = bob.close();
  await w.run(70_000);
  await closing;
  await w.end();
});

describe('messages', () => {
  it('[API_SendChat] [notify:CHATREPORT] [notify:CHAT] are sent, reported and received', async () => {
    const got: string[] = [];
    bob.messages.on('message', ({ body }) => got.push(body));
    expect(w.webphone.API_SendChat(-1, BOB, '', 'Hello, Bob', 17)).toBe(true);
    await w.run(1000);
    expect(got).toEqual(['Hello, Bob']);
    const reports = w.strings('CHATREPORT');
    expect(reports.at(-1)).toMatch(/^CHATREPORT,0,bob,2,[^,]*,,[0-9a-f]{32},17$/);
    expect(w.strings('EVENT').join()).toContain('chat message sent');
    expect(w.webphone.API_SendChat(-1, BOB, 'bob | carol', 'all of you')).toBe(true);
    await w.run(1000);
    expect(got[1]).toMatch(/^GROUP: bob \| carol:/);
    const back = bob.messages.send('sip:me@10.0.0.1', 'Hi, there');
    await w.run(1000);
    await back;
    expect(w.last('CHAT')).toMatch(/^CHAT,0,[^,]+,Hi, there$/);
    expect(w.webphone.API_SendChat(-1, '', '', 'x')).toBe(false);
    expect(w.webphone.API_SendChat(-1, BOB, '', '')).toBe(false);
  });

  it('[API_SendSMS] asks the server to pass it on as SMS', async () => {
    expect(w.webphone.API_SendSMS(-1, BOB, 'short', 5)).toBe(true);
    await w.run(1000);
    const sent = w.world.network.packets.find(({ text }) => text.startsWith('MESSAGE'))?.text ?? '';
    expect(sent).toContain('X-Sms: Yes');
    expect(w.last('CHATREPORT')).toMatch(/,5$/);
  });

  it('[API_SendChatIsComposing] [notify:CHATCOMPOSING] tells that somebody types', async () => {
    const typing: boolean[] = [];
    bob.messages.on('typing', (event) => typing.push(event.typing));
    expect(w.webphone.API_SendChatIsComposing('-1', BOB)).toBe(true);
    await w.run(1000);
    expect(typing).toEqual([true]);
    bob.messages.typing('sip:me@10.0.0.1');
    await w.run(1000);
    expect(w.last('CHATCOMPOSING')).toMatch(/^CHATCOMPOSING,0,[^,]+,0$/);
    bob.messages.typing('sip:me@10.0.0.1', false);
    await w.run(1000);
    expect(w.last('CHATCOMPOSING')).toMatch(/,1$/);
    expect(w.webphone.API_SendChatIsComposing('-1', '')).toBe(false);
  });
});

describe('presence', () => {
  it('[API_CheckPresence] [API_UnSubscribe] [notify:PRESENCE] watches others until it is taken back', async () => {
    expect(w.webphone.API_CheckPresence(BOB)).toBe(true);
    await w.run(2000);
    const away = bob.presence.publish('away', 'at lunch');
    await w.run(3000);
    await away;
    expect(w.last('PRESENCE')).toMatch(/^PRESENCE,bob,/);
    expect(w.webphone.API_GetProfileStatusText('bob')).not.toBe('');
    expect(w.webphone.API_UnSubscribe()).toBe(true);
    await w.run(2000);
    w.forget();
    const online = bob.presence.publish('online');
    await w.run(3000);
    await online;
    expect(w.strings('PRESENCE')).toEqual([]);
    expect(w.webphone.API_CheckPresence(' , ')).toBe(false);
  });

  it('[API_SetPresenceStatus] [API_NewUser] [API_PushContactlist] [notify:NEWUSER] lets others watch us', async () => {
    const states: string[] = [];
    bob.presence.on('change', ({ group }) => states.push(group));
    bob.presence.watch('sip:me@10.0.0.1');
    await w.run(2000);
    expect(w.last('NEWUSER')).toMatch(/^NEWUSER,[^,]+/);
    const user = w.last('NEWUSER').split(',')[1];
    expect(w.webphone.API_NewUser(user)).toBe(true);
    expect(w.webphone.API_SetPresenceStatus('DND')).toBe(true);
    await w.run(3000);
    expect(states.at(-1)).toBe('dnd');
    expect(w.webphone.API_SetPresenceStatus('nonsense')).toBe(false);
    expect(w.webphone.API_PushContactlist('carol,dave')).toBe(true);
    expect(w.webphone.API_PushContactlist('')).toBe(false);
    expect(w.webphone.API_NewUser('')).toBe(false);
  });

  it('[API_CheckBLF] [API_DisableBLF] [notify:BLF] watches the calls of an extension', async () => {
    expect(w.webphone.API_CheckBLF(BOB)).toBe(true);
    await w.run(2000);
    const carol = await w.party('carol', '10.0.0.30');
    await bob.dial(carol.uri);
    await w.run(2000);
    expect(w.strings('BLF').some((text) => /^BLF,bob,out,(trying|proceeding|early)/.test(text))).toBe(true);
    void carol.calls[0].reject();
    await w.run(2000);
    expect(w.last('BLF')).toMatch(/^BLF,bob,[^,]*,terminated/);
    expect(w.webphone.API_DisableBLF('')).toBe(true);
    await w.run(2000);
    w.forget();
    await bob.dial(carol.uri);
    await w.run(2000);
    expect(w.strings('BLF')).toEqual([]);
  });

  it('[API_CheckVoicemail] [notify:MWI] subscribes, and tells what servers say', async () => {
    expect(w.webphone.API_CheckVoicemail()).toBe(false);
    const registrar = await w.registrar();
    w.webphone.API_Register('10.0.0.100', 'alice', 'x');
    await w.run(500);
    expect(w.webphone.API_CheckVoicemail(-1)).toBe(true);
    await w.run(500);
    expect(registrar.others.map(({ request }) => `${request.method} ${request.get('Event')}`)).toContain(
      'SUBSCRIBE message-summary',
    );
    const notify = await w.world.peer('server', '10.0.0.40');
    const body = 'Messages-Waiting: yes\r\nMessage-Account: sip:5001@10.0.0.100\r\nVoice-Message: 3/0\r\n';
    await notify.request('NOTIFY', { host: '10.0.0.1', uri: 'sip:alice@10.0.0.1:5060' } as never, {
      sdp: body,
      contentType: 'application/simple-message-summary',
      headers: { Event: 'message-summary', 'Subscription-State': 'active' },
    });
    await w.run(500);
    expect(w.last('MWI')).toBe('MWI,yes,5001,alice,3,3/0');
  });
});
