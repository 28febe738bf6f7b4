/** Subscriptions and messages with SIPp scenarios of our own. */
import { describe, expect, vi } from 'vitest';
import type { BlfState, IncomingMessage } from '../../dist/index.js';
import { describeWith } from '../support/peers/require-peer.js';
import { startSipp } from '../support/peers/sipp.js';
import { test } from '../support/workbench.js';

const STEP = { timeout: 30_000 } as const;

describeWith(['sipp'], 'SIPp, events and messages', () => {
  describe.concurrent('on loopback', () => {
    test('[mwi/1] message-summary is subscribed to; a NOTIFY may pass the 200', async ({ bench }) => {
      const sipp = await startSipp(bench, { scenario: 'uas-mwi' });
      const server = `127.0.0.1:${sipp.port}`;
      const { phone } = await bench.phone('we', { server, username: 'we' });
      const notices: string[] = [];
      phone.voicemail.on('change', ({ waiting, number, to, count, message }) =>
        notices.push([waiting, number, to, count, message].join(' ')),
      );
      await phone.voicemail.check();
      await vi.waitFor(() => expect(notices).toEqual(['true 5001 we 3 3/1 (1/0)', 'false  we 0 0/4']), STEP);
      await sipp.succeeded();
    });

    test('[mwi/0] told unasked; unknown events and subscriptions are refused as the RFC says', async ({
      bench,
    }) => {
      const { phone } = await bench.phone('we');
      const [{ port }] = phone.addresses;
      const sipp = await startSipp(bench, { scenario: 'uac-mwi-unsolicited', target: { port } });
      await sipp.succeeded();
      expect(phone.voicemail.state).toMatchObject({
        waiting: true,
        number: '*97',
        to: 'we',
        count: 2,
        message: '2/0',
      });
    });

    test('our calls are watched', async ({ bench }) => {
      const { phone } = await bench.phone('we', { blf: { share: 'all' } });
      const [{ port }] = phone.addresses;
      const states: BlfState[] = [];
      phone.blf.on('change', (state) => states.push(state));
      const sipp = await startSipp(bench, { scenario: 'uac-watch', target: { port } });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const call = await phone.dial(`sip:nobody@127.0.0.1:${sipp.port + 1}`);
      await sipp.succeeded();
      await call.hangup();
      expect(states).toEqual([]);
    });

    test('messages are taken, or refused by their type', async ({ bench }) => {
      const { phone } = await bench.phone('we');
      const [{ port }] = phone.addresses;
      const came: IncomingMessage[] = [];
      phone.messages.on('message', (message) => came.push(message));
      const sipp = await startSipp(bench, { scenario: 'uac-message', target: { port } });
      await sipp.succeeded();
      expect(came).toMatchObject([{ group: 'emma | john', from: { user: 'emma', displayName: 'Emma' } }]);
      expect(came[0].text.trim()).toBe('Hi, ✓');
    });
  });
});
