/** Presence, busy lamps, message waiting and messages through Kamailio's presence server and proxy, with digest. */
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { nextEvent } from '../../dist/index.js';
import { KAMAILIO_DOMAIN, type Kamailio, startKamailio } from '../support/peers/kamailio.js';
import { describeWith } from '../support/peers/require-peer.js';
import { startSipp } from '../support/peers/sipp.js';
import { type PhoneOptions, type TestPhone, test, Workbench } from '../support/workbench.js';

const STEP = { timeout: 30_000 } as const;
const USERS: Readonly<Record<string, string>> = {
  ann: 'a',
  ben: 'b',
  cat: 'c',
  dan: 'd',
  eve: 'e',
  fay: 'f',
};

describeWith(['kamailio', 'sipp'], 'Kamailio, events and messages', () => {
  let hall: Workbench;
  let kamailio: Kamailio;

  beforeAll(async () => {
    hall = await Workbench.open();
    kamailio = await startKamailio(hall, {
      config: 'presence',
      users: USERS,
      tables: ['version', 'presentity', 'active_watchers', 'watchers', 'xcap', 'pua'],
    });
  });
  afterAll(() => hall?.[Symbol.asyncDispose]());

  async function phone(bench: Workbench, username: string, options: PhoneOptions = {}): Promise<TestPhone> {
    const made = await bench.phone(username, {
      server: kamailio.server('udp'),
      username,
      password: USERS[username],
      domain: KAMAILIO_DOMAIN,
      ...options,
    });
    await made.phone.register();
    return made;
  }

  test('[presence/0] is published, watched, changed, and withdrawn', async ({ bench }) => {
    const [{ phone: ann }, { phone: ben, sip }] = [await phone(bench, 'ann'), await phone(bench, 'ben')];
    const watch = ann.presence.watch('ben');
    await ben.presence.publish('away', 'lunch');
    await vi.waitFor(() => expect(watch.state).toMatchObject({ group: 'away', details: 'lunch' }), STEP);
    await ben.presence.publish('dnd');
    await vi.waitFor(() => expect(watch.state.group).toBe('dnd'), STEP);
    await ben.presence.publish('online');
    await vi.waitFor(() => expect(watch.state.group).toBe('online'), STEP);
    await ben.presence.publish('invisible');
    await vi.waitFor(() => expect(watch.state.group).toBe('offline'), STEP);
    expect(sip.find('in', '200', 'PUBLISH').length).toBeGreaterThan(3);
    ann.presence.unwatch();
    await vi.waitFor(() => expect(ann.presence.watched).toEqual([]), STEP);
  });

  test('[blf/0] the lamp of an extension follows its calls', async ({ bench }) => {
    const { phone: ann } = await phone(bench, 'cat');
    const { phone: ben } = await phone(bench, 'dan');
    const { phone: eve } = await phone(bench, 'eve');
    const seen: string[] = [];
    ann.blf.on('change', ({ peer, state, direction }) =>
      seen.push(`${peer.user} ${state} ${direction ?? ''}`.trim()),
    );
    ann.blf.watch('dan');
    await vi.waitFor(() => expect(seen).toContain('dan terminated'), STEP);
    const ringing = nextEvent(ben, 'incoming', AbortSignal.timeout(20_000));
    const calling = eve.call('dan', { media: { codecs: ['PCMU'] } });
    const [incoming] = await ringing;
    await vi.waitFor(() => expect(seen).toContain('dan early incoming'), STEP);
    await incoming.answer();
    const call = await calling;
    await vi.waitFor(() => expect(seen).toContain('dan confirmed incoming'), STEP);
    await call.hangup();
    await vi.waitFor(() => expect(seen.at(-1)).toBe('dan terminated incoming'), STEP);
    expect(ann.blf.mode).toBe('on');
  });

  test('[mwi/1] the server tells of messages after it was asked', async ({ bench }) => {
    const { phone: ann } = await phone(bench, 'fay', { voicemail: { mode: 'registered' } });
    const sipp = await startSipp(bench, {
      scenario: 'uac-publish-mwi',
      target: { port: kamailio.port, user: 'fay' },
    });
    await sipp.succeeded();
    await vi.waitFor(
      () => expect(ann.voicemail.state).toMatchObject({ waiting: true, count: 4, number: '*98', to: 'fay' }),
      STEP,
    );
  });

  test('[im-chat/3] messages pass, long ones too, and wait for who is offline', async ({ bench }) => {
    const { phone: ann } = await phone(bench, 'ann');
    const { phone: ben } = await phone(bench, 'ben');
    const came: string[] = [];
    ben.messages.on('message', ({ text }) => came.push(text));
    expect(await ann.messages.send('ben', 'hello')).toMatchObject({ status: 'sent' });
    const long = 'long '.repeat(1000);
    expect(await ann.messages.send('ben', long)).toMatchObject({ status: 'sent' });
    expect(came).toEqual(['hello', long]);
    await ben.unregister();
    expect(await ann.messages.send('ben', 'are you back?')).toMatchObject({ status: 'queued' });
    await ben.register();
    await ben.messages.send('ann', 'I am');
    await vi.waitFor(() => expect(came.at(-1)).toBe('are you back?'), STEP);
    expect(came).toHaveLength(3);
  });
});
