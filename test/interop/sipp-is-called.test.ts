/** Scenarios of our own in which SIPp is called. It sends back the RTP it gets; what comes back is compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import type { Call } from '../../dist/index.js';
import { nextEvent } from '../../dist/index.js';
import { DnsServer } from '../../dist/testing/index.js';
import { hurriedClock } from '../support/hurried-clock.js';
import { describeWith } from '../support/peers/require-peer.js';
import { NO_REPETITION, type Sipp, type SippOptions, startSipp } from '../support/peers/sipp.js';
import { hearEcho } from '../support/talk.js';
import { type PhoneOptions, type TestPhone, test, type Workbench } from '../support/workbench.js';

const STEP_MS = 60_000;

interface Departure extends TestPhone {
  call: Call;
  sipp: Sipp;
}

/** A phone of ours and its call to the scenario, not yet answered. */
async function calling(
  bench: Workbench,
  scenario: string,
  { keys, args, ...options }: PhoneOptions & Pick<SippOptions, 'keys' | 'args'> = {},
): Promise<Departure> {
  const sipp = await startSipp(bench, { scenario, keys, args });
  const { phone, sip } = await bench.phone('we', options);
  const call = await phone.dial(sipp.uri);
  return { phone, sip, call, sipp };
}

const answered = (call: Call): Promise<void> => call.answered(AbortSignal.timeout(STEP_MS));

describeWith(['sipp'], 'SIPp is called', () => {
  describe.concurrent('on loopback', () => {
    test('digest: 401 and 407 for one INVITE', async ({ bench }) => {
      const sipp = await startSipp(bench, { scenario: 'uas-digest' });
      const { phone } = await bench.phone('we', {
        server: `127.0.0.1:${sipp.port}`,
        username: 'we',
        password: 'secret',
      });
      const call = await phone.call('sipp', { signal: AbortSignal.timeout(STEP_MS) });
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('reliable provisional responses, with early media', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-100rel');
      await sip.waitFor('out', 'PRACK', { count: 2 });
      await sip.waitFor('in', '200', { method: 'PRACK', count: 2 });
      await hearEcho(bench, call);
      await answered(call);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('early media', async ({ bench }) => {
      const { call, sipp } = await calling(bench, 'uas-early-media');
      const [{ status, earlyMedia }] = await nextEvent(call.events, 'progress', AbortSignal.timeout(STEP_MS));
      expect({ status, earlyMedia }).toEqual({ status: 183, earlyMedia: true });
      await nextEvent(call.events, 'flowing', AbortSignal.timeout(STEP_MS));
      expect(call.state).toBe('ringing');
      await hearEcho(bench, call);
      await answered(call);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('a forked INVITE with two early dialogs, of which one answers', async ({ bench }) => {
      const { call, sipp } = await calling(bench, 'uas-forking');
      await answered(call);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('two answers: the second branch gets ACK and BYE', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-two-answers');
      await answered(call);
      await sip.waitFor('in', '200', { method: 'BYE' });
      expect(call.state).toBe('connected');
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    for (const method of ['UPDATE', 'INVITE']) {
      const scenario = method === 'UPDATE' ? 'uas-timer-update' : 'uas-timer-reinvite';
      test(`session timer: 422, then refreshes by ${method}`, async ({ bench }) => {
        const { call, sipp, sip } = await calling(bench, scenario, { clock: hurriedClock });
        await answered(call);
        await hearEcho(bench, call);
        const first = sip.find('out', 'INVITE').length;
        await sip.waitFor('out', method, { count: method === 'INVITE' ? first + 2 : 2, timeoutMs: STEP_MS });
        await sleep(500);
        await call.hangup();
        await sipp.succeeded();
      });
    }

    test('302: the call goes where it is sent', async ({ bench }) => {
      const other = await startSipp(bench, { scenario: 'uas' });
      const keys = { elsewhere: `moved@127.0.0.1:${other.port}` };
      const { call, sipp } = await calling(bench, 'uas-redirects', { keys });
      await answered(call);
      await hearEcho(bench, call);
      await call.hangup();
      await Promise.all([sipp.succeeded(), other.succeeded()]);
    });

    test('503: the next server of the domain takes the call', async ({ bench }) => {
      const ill = await startSipp(bench, { scenario: 'uas-unavailable' });
      const well = await startSipp(bench, { scenario: 'uas' });
      const dns = await DnsServer.start({
        '_sip._udp.farm.test': {
          srv: [
            { priority: 1, port: ill.port, target: 'ill.farm.test' },
            { priority: 2, port: well.port, target: 'well.farm.test' },
          ],
        },
        'ill.farm.test': { a: ['127.0.0.1'] },
        'well.farm.test': { a: ['127.0.0.1'] },
      });
      bench.defer(() => dns.close());
      const { phone, sip } = await bench.phone('we', { dnsServers: [dns.address] });
      const call = await phone.call('sip:help@farm.test', { signal: AbortSignal.timeout(STEP_MS) });
      expect(sip.find('in', '503')).toHaveLength(1);
      await hearEcho(bench, call);
      await call.hangup();
      await Promise.all([ill.succeeded(), well.succeeded()]);
    });

    test('a BYE that is never answered', async ({ bench }) => {
      const { call, sipp, sip, phone } = await calling(bench, 'uas-ignores-bye');
      await answered(call);
      await hearEcho(bench, call);
      expect((await call.hangup()).end).toMatchObject({ by: 'local', status: 200 });
      expect(phone.calls).toHaveLength(0);
      await sipp.succeeded();
      expect(sip.find('out', 'BYE').length).toBeGreaterThan(1);
    });

    test('CANCEL while it rings', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-rings');
      await sip.waitFor('in', '180');
      expect((await call.hangup()).end).toMatchObject({ by: 'local', status: 487 });
      await sipp.succeeded();
    });

    test('CANCEL that crosses the 200', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-late-cancel');
      await sip.waitFor('in', '180');
      expect((await call.hangup()).end).toMatchObject({ by: 'local', status: 487 });
      await sipp.succeeded();
      expect(sip.find('out', 'BYE')).toHaveLength(1);
    });

    test('a 200 that is repeated gets its ACK again', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-repeats', { args: NO_REPETITION });
      await answered(call);
      await hearEcho(bench, call);
      await vi.waitFor(() => expect(sip.find('out', 'ACK')).toHaveLength(2), STEP_MS);
      await call.hangup();
      await sipp.succeeded();
    });

    test('hold by UPDATE of the callee, and back by re-INVITE', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-update');
      const changes: boolean[] = [];
      call.on('hold', ({ held }) => changes.push(held));
      await answered(call);
      await sip.waitFor('in', 'ACK');
      expect(changes).toEqual([true, false]);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('491: a hold is tried again', async ({ bench }) => {
      const { call, sipp, sip } = await calling(bench, 'uas-glare');
      await answered(call);
      await call.hold();
      expect(sip.find('in', '491')).toHaveLength(1);
      expect(call.held.local).toBe(true);
      await call.resume();
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });
  });
});
