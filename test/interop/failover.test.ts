/**
 * Two Kamailios under the SRV records of one domain. The first is stopped: registrations and calls go on at the second
 * within the times docs/SERVERS.md states. It comes back and is used again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { type Call, nextEvent } from '../../dist/index.js';
import { DnsServer } from '../../dist/testing/index.js';
import { freePort } from '../support/free-port.js';
import { KAMAILIO_DOMAIN, type Kamailio, startKamailio } from '../support/peers/kamailio.js';
import { describeWith } from '../support/peers/require-peer.js';
import { talk } from '../support/talk.js';
import { type TestPhone, test, Workbench } from '../support/workbench.js';

const USERS = { ann: 'wonderland', ben: 'builder' } as const;
type User = keyof typeof USERS;
type Transport = 'udp' | 'tcp';

/** As docs/SERVERS.md states them, in ms; what the machine needs besides is in SLACK_MS. */
const STATED = {
  /** From the failure to the registration elsewhere; over UDP with a ping of two seconds. */
  registration: { udp: 8000, tcp: 3000 },
  /** A call that meets a silent server, until it rings. */
  call: 4000,
  /** From the return to the registration there, beyond the interval asked for. */
  back: 5000,
} as const;
const SLACK_MS = 3000;
const RETURN_S = 3;
const STEP_MS = 30_000;

interface Site {
  first: Kamailio;
  second: Kamailio;
  dns: DnsServer;
  /** The same again, where it was. */
  restart(): Promise<Kamailio>;
}

/** Kamailios want folders of their own. */
async function server(bench: Workbench, port: number): Promise<Kamailio> {
  const room = await Workbench.open();
  bench.defer(() => room[Symbol.asyncDispose]());
  bench.watch(() => room.report());
  return startKamailio(room, { users: USERS, port });
}

async function site(bench: Workbench): Promise<Site> {
  const ports = [await freePort(), await freePort()];
  const [first, second] = await Promise.all(ports.map((port) => server(bench, port)));
  const records = [
    { priority: 10, weight: 1, port: first.port, target: `one.${KAMAILIO_DOMAIN}` },
    { priority: 20, weight: 1, port: second.port, target: `two.${KAMAILIO_DOMAIN}` },
  ];
  const dns = await DnsServer.start({
    [`_sip._udp.${KAMAILIO_DOMAIN}`]: { srv: records },
    [`_sip._tcp.${KAMAILIO_DOMAIN}`]: { srv: records },
    [`one.${KAMAILIO_DOMAIN}`]: { a: ['127.0.0.1'] },
    [`two.${KAMAILIO_DOMAIN}`]: { a: ['127.0.0.1'] },
  });
  bench.defer(() => dns.close());
  return { first, second, dns, restart: () => server(bench, first.port) };
}

function phone(bench: Workbench, { dns }: Site, username: User, transport: Transport): Promise<TestPhone> {
  return bench.phone(username, {
    server: KAMAILIO_DOMAIN,
    username,
    password: USERS[username],
    transport,
    dnsServers: [dns.address],
    // Over UDP nobody tells that a server is gone.
    ping: transport === 'udp' ? 2 : undefined,
    registration: { returnSeconds: RETURN_S },
    media: { codecs: ['PCMU'] },
  });
}

const serverOf = ({ phone }: TestPhone): number | undefined => phone.accounts[0].flow?.remote.port;

/** Until all are registered with `kamailio`; how long that took, in ms. */
async function moved(phones: readonly TestPhone[], kamailio: Kamailio, stated: number): Promise<number> {
  const begin = performance.now();
  await vi.waitFor(
    () => {
      expect(phones.map(({ phone }) => phone.registrations[0].state)).toEqual(phones.map(() => 'registered'));
      expect(phones.map(serverOf)).toEqual(phones.map(() => kamailio.port));
    },
    { timeout: stated + SLACK_MS, interval: 20 },
  );
  return performance.now() - begin;
}

/** A call through whichever server there is; until it rings, in ms. */
async function call(
  from: TestPhone,
  to: TestPhone,
  target: string,
): Promise<{ calls: [Call, Call]; ringsAfter: number }> {
  const begin = performance.now();
  const answering = nextEvent(to.phone, 'incoming', AbortSignal.timeout(STEP_MS)).then(async ([incoming]) => {
    const ringsAfter = performance.now() - begin;
    await incoming.answer();
    return { incoming, ringsAfter };
  });
  const [calling, { incoming, ringsAfter }] = await Promise.all([
    from.phone.call(target, { signal: AbortSignal.timeout(STEP_MS) }),
    answering,
  ]);
  return { calls: [calling, incoming], ringsAfter };
}

describeWith(['kamailio'], 'two Kamailios under SRV records', () => {
  describe.concurrent('the first one fails and returns', () => {
    for (const transport of ['udp', 'tcp'] as const) {
      test(`[dns-srv/1] registrations and calls go on at the second over ${transport.toUpperCase()}, and return`, async ({
        bench,
      }) => {
        const place = await site(bench);
        const { first, second } = place;
        const ann = await phone(bench, place, 'ann', transport);
        const ben = await phone(bench, place, 'ben', transport);
        const both = [ann, ben];
        await Promise.all(both.map((each) => each.phone.register()));
        expect(both.map(serverOf)).toEqual([first.port, first.port]);
        const before = await call(ann, ben, 'ben');
        expect(first.process.log).toMatch(/in dialog: ACK/);

        await first.process.stop();
        const gone = await moved(both, second, STATED.registration[transport]);
        // The call that was there has lost its proxy, not its audio.
        await talk(bench, ...before.calls, { seconds: 1 });
        const during = await call(ben, ann, 'ann');
        expect(during.ringsAfter).toBeLessThan(STATED.call + SLACK_MS);
        expect(second.process.log).toMatch(/in dialog: ACK/);
        await during.calls[0].hangup();
        await during.calls[1].ended;

        const again = await place.restart();
        const back = await moved(both, again, RETURN_S * 1000 + STATED.back);
        const after = await call(ann, ben, 'ben');
        expect(again.process.log).toMatch(/in dialog: ACK/);
        await after.calls[1].hangup();
        await after.calls[0].ended;
        console.info(
          `failover over ${transport}: registered elsewhere after ${Math.round(gone)} ms, ` +
            `the next call rang after ${Math.round(during.ringsAfter)} ms, back after ${Math.round(back)} ms`,
        );
      });
    }

    test('[dns-srv/1] a call meets the silent server first, and takes the registration along', async ({
      bench,
    }) => {
      const place = await site(bench);
      const ann = await bench.phone('ann', {
        server: KAMAILIO_DOMAIN,
        username: 'ann',
        password: USERS.ann,
        transport: 'udp',
        dnsServers: [place.dns.address],
        media: { codecs: ['PCMU'] },
      });
      await ann.phone.register();
      await place.first.process.stop();
      await sleep(200);
      expect(serverOf(ann)).toBe(place.first.port);
      const begin = performance.now();
      const refused = ann.phone.call('nobody', { signal: AbortSignal.timeout(STEP_MS) });
      await expect(refused).rejects.toMatchObject({ code: 'ERR_CALL_REJECTED', details: { status: 404 } });
      expect(performance.now() - begin).toBeLessThan(STATED.call + SLACK_MS);
      await moved([ann], place.second, STATED.call);
    });
  });
});
