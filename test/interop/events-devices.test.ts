/** Messages and presence with linphonec and baresip, without a server between. */
import { describe, expect, vi } from 'vitest';
import { startBaresip } from '../support/peers/baresip.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { test } from '../support/workbench.js';

const STEP = { timeout: 30_000 } as const;
const says = new Int16Array(800);

describeWith(['linphonec'], 'linphone, messages', () => {
  describe.concurrent('on loopback', () => {
    test('takes our messages, short and long', async ({ bench }) => {
      const linphone = await startLinphone(bench, { says });
      const { phone } = await bench.phone('we', { messages: { offline: 'fail' } });
      expect(await phone.messages.send(linphone.uri, 'Hi, linphone!')).toMatchObject({ status: 'sent' });
      await linphone.process.waitFor(/Hi, linphone!/);
      const long = 'word '.repeat(500);
      expect(await phone.messages.send(linphone.uri, long)).toMatchObject({ status: 'sent' });
    });
  });
});

describeWith(['baresip'], 'baresip, presence', () => {
  describe.concurrent('on loopback', () => {
    test('watches us, and we watch it', async ({ bench }) => {
      const { phone, sip } = await bench.phone('we', { presence: { strangers: 'accept' } });
      const [{ port }] = phone.addresses;
      const baresip = await startBaresip(bench, {
        says,
        modules: ['contact', 'presence'],
        contacts: [`"We" <sip:we@127.0.0.1:${port}>;presence=p2p`],
      });
      await sip.waitFor('in', 'SUBSCRIBE');
      await sip.waitFor('out', 'NOTIFY');
      await sip.waitFor('in', '200', { method: 'NOTIFY' });
      await phone.presence.publish('away');
      await sip.waitFor('in', '200', { method: 'NOTIFY', count: 2 });
      const told: string[] = [];
      phone.presence.watch(baresip.uri).on('change', ({ state, group }) => told.push(`${state} ${group}`));
      await vi.waitFor(() => expect(told.at(-1)).toBe('Unknown unknown'), STEP); // what it says before it is told
      baresip.command('presence_online');
      await vi.waitFor(() => expect(told.at(-1)).toBe('Open online'), STEP);
      baresip.command('presence_offline');
      await vi.waitFor(() => expect(told.at(-1)).toBe('Closed offline'), STEP);
    });
  });
});
