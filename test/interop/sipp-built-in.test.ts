/** SIPp's built-in scenarios; it sends back the RTP it gets, and what comes back is compared with what was sent. */
import { describe, expect } from 'vitest';
import { Exchange } from '../../dist/exchange/index.js';
import { nextEvent } from '../../dist/index.js';
import { describeWith } from '../support/peers/require-peer.js';
import { startSipp } from '../support/peers/sipp.js';
import { hearEcho } from '../support/talk.js';
import { test } from '../support/workbench.js';

const STEP_MS = 30_000;

describeWith(['sipp'], 'SIPp, built-in scenarios', () => {
  describe.concurrent('on loopback', () => {
    for (const transport of ['udp', 'tcp'] as const) {
      test(`uac calls us over ${transport.toUpperCase()}`, async ({ bench }) => {
        const { phone } = await bench.phone('we');
        const [{ port }] = phone.addresses;
        const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
        // -d: how long it stays in the call, ms
        const sipp = await startSipp(bench, {
          scenario: 'uac',
          target: { port },
          transport,
          args: ['-d', '4000'],
        });
        const [call] = await incoming;
        await call.answer();
        await hearEcho(bench, call);
        expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
        await sipp.succeeded();
      });
    }

    test('uas is called', async ({ bench }) => {
      const sipp = await startSipp(bench, { scenario: 'uas' });
      const { phone } = await bench.phone('we');
      const call = await phone.call(sipp.uri, { signal: AbortSignal.timeout(STEP_MS) });
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('branchs takes our registration and our call', async ({ bench }) => {
      const sipp = await startSipp(bench, { scenario: 'branchs' });
      const { phone, sip } = await bench.phone('we', { server: `127.0.0.1:${sipp.port}`, username: 'ua2' });
      await phone.register();
      // The scenario takes both for one call: it goes by the Call-ID.
      const id = /^Call-ID: *(\S+)/im.exec(sip.find('out', 'REGISTER')[0].text)?.[1] ?? '';
      const call = await phone.call('ua1', {
        headers: { 'Call-ID': id },
        signal: AbortSignal.timeout(STEP_MS),
      });
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('branchc registers at our exchange and calls us through it', async ({ bench }) => {
      // It knows no passwords and sends what is within the dialog without a route.
      const exchange = new Exchange({
        users: { ua1: '', ua2: '' },
        domain: 'CA.cym.com',
        authenticateCalls: false,
      });
      bench.defer(() => exchange.close());
      await exchange.start();
      const { phone } = await bench.phone('we', {
        server: exchange.address,
        username: 'ua2',
        domain: 'CA.cym.com',
      });
      await phone.register();
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      const sipp = await startSipp(bench, { scenario: 'branchc', target: { port: exchange.port } });
      const [call] = await incoming;
      await call.answer();
      await hearEcho(bench, call);
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
      await sipp.succeeded();
    });
  });
});
