/** Scenarios of our own in which SIPp calls. It sends back the RTP it gets; what comes back is compared. */
import { describe, expect } from 'vitest';
import { Exchange } from '../../dist/exchange/index.js';
import { type Call, nextEvent } from '../../dist/index.js';
import { hurriedClock } from '../support/hurried-clock.js';
import { describeWith } from '../support/peers/require-peer.js';
import { NO_REPETITION, type Sipp, type SippOptions, startSipp } from '../support/peers/sipp.js';
import { hearEcho } from '../support/talk.js';
import { type PhoneOptions, type TestPhone, test, type Workbench } from '../support/workbench.js';

const STEP_MS = 60_000;

interface Arrival extends TestPhone {
  call: Call;
  sipp: Sipp;
}

/** A phone of ours, and the call that the scenario makes to it. */
async function calledBy(
  bench: Workbench,
  scenario: string,
  { args, ...options }: PhoneOptions & Pick<SippOptions, 'args'> = {},
): Promise<Arrival> {
  const { phone, sip } = await bench.phone('we', options);
  const [{ port }] = phone.addresses;
  const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
  const sipp = await startSipp(bench, { scenario, target: { port }, args });
  const [call] = await incoming;
  return { phone, sip, call, sipp };
}

const heldBy = (call: Call): Promise<boolean> =>
  nextEvent(call.events, 'hold', AbortSignal.timeout(STEP_MS)).then(([{ held }]) => held);

describeWith(['sipp'], 'SIPp calls us', () => {
  describe.concurrent('on loopback', () => {
    test('re-INVITE: hold, then an offerless one', async ({ bench }) => {
      const { call, sipp } = await calledBy(bench, 'uac-reinvite');
      const changes: boolean[] = [];
      call.on('hold', ({ held }) => changes.push(held));
      const held = heldBy(call);
      await call.answer();
      expect(await held).toBe(true);
      if (changes.length < 2) expect(await heldBy(call)).toBe(false);
      expect(changes).toEqual([true, false]);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('CANCEL while it rings', async ({ bench }) => {
      const { call, sipp } = await calledBy(bench, 'uac-cancel');
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 487 });
      await sipp.succeeded();
    });

    test('an INVITE without an offer', async ({ bench }) => {
      const { call, sipp } = await calledBy(bench, 'uac-offerless');
      await call.answer();
      expect(call.codec).toBe('PCMU');
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('reliable provisional responses, with early media', async ({ bench }) => {
      const { call, sipp, sip } = await calledBy(bench, 'uac-100rel');
      await call.progress();
      await sip.waitFor('in', 'PRACK', { count: 2 });
      await hearEcho(bench, call);
      await call.answer();
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('session timer: 422, refresh by UPDATE, and the end when nobody refreshes', async ({ bench }) => {
      const { phone, sip } = await bench.phone('we', { clock: hurriedClock });
      const [{ port }] = phone.addresses;
      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      const sipp = await startSipp(bench, { scenario: 'uac-timer', target: { port } });
      const [call] = await incoming;
      expect(sip.find('out', '422')).toHaveLength(1);
      await call.answer();
      await hearEcho(bench, call);
      expect((await call.ended).end).toMatchObject({ by: 'error', status: 408 });
      expect(sip.find('out', '200', 'UPDATE')).toHaveLength(1);
      await sipp.succeeded();
    });

    test('a 200 that is never acknowledged', async ({ bench }) => {
      const { call, sipp, sip } = await calledBy(bench, 'uac-never-ack');
      await expect(call.answer()).rejects.toMatchObject({ code: 'ERR_SIP_TIMEOUT' });
      expect((await call.ended).end).toMatchObject({ by: 'error', status: 408 });
      expect(sip.find('out', '200', 'INVITE').length).toBeGreaterThan(2);
      await sipp.succeeded();
    });

    test('a caller that vanishes without BYE', async ({ bench }) => {
      const { call, sipp } = await calledBy(bench, 'uac-offerless', { media: { silenceMs: 500 } });
      await call.answer();
      await hearEcho(bench, call);
      const silence = nextEvent(call.events, 'noMedia', AbortSignal.timeout(STEP_MS));
      await sipp.process.stop();
      const [{ explanation }] = await silence;
      expect(explanation).toContain('stopped');
      const record = await call.hangup();
      expect(record.end).toMatchObject({ by: 'local', status: 200 });
    });

    test('INVITE, ACK and BYE sent twice are one call', async ({ bench }) => {
      const { call, sipp, sip, phone } = await calledBy(bench, 'uac-retransmits', { args: NO_REPETITION });
      const another: Call[] = [];
      phone.on('incoming', (other) => another.push(other));
      await sip.waitFor('in', 'INVITE', { count: 2 });
      await call.answer();
      await hearEcho(bench, call);
      expect((await call.ended).end).toMatchObject({ by: 'remote', status: 200 });
      await sipp.succeeded();
      expect(sip.find('in', 'INVITE')).toHaveLength(2);
      expect(sip.find('in', 'BYE')).toHaveLength(2);
      expect(sip.find('out', '481')).toHaveLength(0);
      expect(another).toHaveLength(0);
    });

    test('hold and resume by UPDATE', async ({ bench }) => {
      const { call, sipp, sip } = await calledBy(bench, 'uac-update');
      const changes: boolean[] = [];
      call.on('hold', ({ held }) => changes.push(held));
      await call.answer();
      await sip.waitFor('out', '200', { method: 'UPDATE', count: 3 });
      expect(changes).toEqual([true, false]);
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });

    test('with digest, through our exchange', async ({ bench }) => {
      const users = { we: 'secret', sipp: 'its:password' };
      const exchange = new Exchange({ users, digestAlgorithms: ['MD5'] });
      bench.defer(() => exchange.close());
      await exchange.start();
      const { phone } = await bench.phone('we', {
        server: exchange.address,
        username: 'we',
        password: users.we,
      });
      await phone.register();
      const target = { port: exchange.port };
      const credentials = ['-au', 'sipp', '-ap', users.sipp];
      const registering = await startSipp(bench, {
        scenario: 'uac-register',
        target,
        keys: { user: 'sipp' },
        args: credentials,
      });
      await registering.succeeded();
      expect(exchange.registered).toContain('sipp');

      const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
      // Of its own it would put the address without the user into the credentials, which are for another resource then.
      const args = [...credentials, '-auth_uri', `we@127.0.0.1:${exchange.port}`];
      const sipp = await startSipp(bench, { scenario: 'uac-digest', target, args });
      const [call] = await incoming;
      await call.answer();
      await hearEcho(bench, call);
      await call.hangup();
      await sipp.succeeded();
    });
  });
});
