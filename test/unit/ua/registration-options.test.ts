import { describe, expect, it } from 'vitest';
import type { FakeFlow } from '../../../src/testing/fake-network.js';
import type { AccountOptions, RegistrationOptions } from '../../../src/ua/index.js';
import { behindNat, FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { UaWorld } from '../../support/ua-harness.js';

const SERVER = '10.0.0.100';
const BACKUP = '10.0.0.101';

async function setUp(registration: RegistrationOptions = {}, options: Partial<AccountOptions> = {}) {
  const world = new UaWorld();
  const registrar = await FakeRegistrar.start(world, SERVER);
  const alice = await world.party('alice', '10.0.0.1');
  const made = alice.agent.addAccount({ aor: `sip:alice@${SERVER}`, registration, ...options });
  return { world, registrar, alice, registration: made, account: made.account };
}

describe('registration', () => {
  it('[registration/1] is refreshed below the negotiated expiry, and raised by Min-Expires', async () => {
    const { world, registrar, registration } = await setUp({}, { expires: 60 });
    registrar.minExpires = 100;
    outcome(registration.register());
    await world.run(100);
    expect(registrar.requests.map((request) => request.expires)).toEqual([60, 100]);
    expect(registration.grantedSeconds).toBe(100);
    await world.run(90_000);
    expect(registrar.requests).toHaveLength(3);
    expect(registrar.times[2]).toBeLessThan(91_000);
    await world.end();
  });

  it('a registrar whose first hop lacks RFC 5626 (439) is registered at without it, once', async () => {
    for (const [outbound, count] of [
      ['auto', 2],
      ['always', 1],
    ] as const) {
      const { world, registrar, registration } = await setUp({ outbound }, { transport: 'tcp' });
      registrar.script = [439, 439].slice(0, count === 1 ? 2 : 1);
      outcome(registration.register());
      await world.run(500);
      expect([outbound, registrar.requests.length]).toEqual([outbound, count]);
      const [{ params }] = registrar.last.contacts;
      expect(params.has('reg-id')).toBe(outbound === 'always');
      expect(registrar.last.supported.includes('outbound')).toBe(outbound === 'always');
      expect(registration.state).toBe(outbound === 'always' ? 'waiting' : 'registered');
      await world.end();
    }
  });

  it('[param:actualregisterexpires_val] [param:actualregisterexpires_div] the refresh comes when it is told to', async () => {
    for (const [options, seconds] of [
      [{ refreshSeconds: 20 }, 20],
      [{ refreshDivisor: 4 }, 25],
      [{ refreshSeconds: 1000 }, 90],
    ] as const) {
      const { world, registrar, registration } = await setUp(options, { expires: 100 });
      outcome(registration.register());
      await world.run(seconds * 1000 + 200);
      expect(Math.round((registrar.times[1] - registrar.times[0]) / 1000)).toBe(seconds);
      await world.end();
    }
  });

  it('[param:acceptsrvexpire] 0 ignores the expiry of the server, 1 takes that of the Contact, 2 that of the header', async () => {
    for (const [grantedBy, granted] of [
      ['none', 600],
      ['contact', 300],
      ['header', 200],
    ] as const) {
      const { world, registrar, registration } = await setUp({ grantedBy });
      registrar.maxExpires = 300;
      registrar.decorate = (response) => response.set('Expires', 200);
      outcome(registration.register());
      await world.run(100);
      expect(registration.grantedSeconds).toBe(granted);
      await world.end();
    }
  });

  it('[registration/3] is taken back with Expires 0 and waited for as long as told', async () => {
    const { world, registrar, registration } = await setUp({ unregisterWaitMs: 2000 });
    outcome(registration.register());
    await world.run(100);
    registrar.script = [0];
    const left = outcome(registration.unregister());
    await world.run(1900);
    expect(left.text).toBe('pending');
    expect(registrar.last.expires).toBe(0);
    await world.run(200);
    expect(left.text).toBe('done');
    expect(registration.state).toBe('idle');
    const sent = world.lines('10.0.0.1').length;
    await world.run(30_000);
    expect(world.lines('10.0.0.1')).toHaveLength(sent);
    await world.end();
  });

  it('[param:waitforunregister] 0 says it once and does not wait', async () => {
    const { world, registrar, registration } = await setUp({ unregisterWaitMs: 0 });
    outcome(registration.register());
    await world.run(100);
    const left = outcome(registration.unregister());
    await world.run(2);
    expect(left.text).toBe('done');
    await world.run(10_000);
    expect(registrar.requests).toHaveLength(2);
    expect(registrar.bindings.size).toBe(0);
    await world.end();
  });

  it('[param:needunregister] false leaves the binding', async () => {
    const { world, registrar, registration } = await setUp({ unregister: false });
    outcome(registration.register());
    await world.run(100);
    outcome(registration.unregister());
    await world.run(100);
    expect(registrar.requests).toHaveLength(1);
    expect(registration.state).toBe('idle');
    await world.end();
  });

  it('[param:unregall] 1 removes all bindings of the user', async () => {
    const { world, registrar, registration } = await setUp({ unregisterAll: true });
    outcome(registration.register());
    await world.run(100);
    outcome(registration.unregister());
    await world.run(100);
    expect(registrar.last.get('Contact')).toBe('*');
    expect(registrar.last.expires).toBe(0);
    await world.end();
  });

  it('[param:unregonstart] 1 clears before the first REGISTER, once', async () => {
    const { world, registrar, registration } = await setUp({ unregisterFirst: true });
    outcome(registration.register());
    await world.run(100);
    outcome(registration.refresh('again'));
    await world.run(100);
    expect(registrar.requests.map((request) => request.expires)).toEqual([0, 600, 600]);
    await world.end();
  });

  it('a GRUU, where one is asked for and given, is the Contact of calls and not of REGISTER (RFC 5627 §4)', async () => {
    const gruus = 'pub-gruu="sip:alice@example.com;gr=urn:x";temp-gruu="sip:tgruu.7hs@example.com;gr"';
    for (const [gruu, given, contact, hidden] of [
      [true, gruus, 'sip:alice@example.com;gr=urn:x', 'sip:tgruu.7hs@example.com;gr'],
      [true, 'pub-gruu="nonsense"', 'sip:alice@10.0.0.1:5060', 'sip:anonymous@10.0.0.1:5060'],
      [true, '', 'sip:alice@10.0.0.1:5060', 'sip:anonymous@10.0.0.1:5060'],
      [false, gruus, 'sip:alice@10.0.0.1:5060', 'sip:anonymous@10.0.0.1:5060'],
    ] as const) {
      const { world, registrar, alice, account, registration } = await setUp({ gruu });
      registrar.decorate = (response) => {
        if (given) response.set('Contact', `<sip:alice@10.0.0.1:5060>;expires=600;${given}`);
      };
      outcome(registration.register());
      await world.run(100);
      const { supported, contacts } = registrar.last;
      expect([supported.includes('gruu'), contacts[0].params.has('+sip.instance')]).toEqual([gruu, gruu]);
      outcome(registration.refresh('again'));
      await world.run(100);
      expect(registrar.last.contacts[0].uri.toString()).toBe('sip:alice@10.0.0.1:5060');
      for (const [anonymous, expected] of [
        [false, contact],
        [true, hidden],
      ] as const) {
        const call = alice.agent.invite('bob', { account, policies: { identity: { anonymous } } });
        await world.run(100);
        const { request, tx } = registrar.others[registrar.others.length - 1];
        expect(request.contacts[0].uri.toString()).toBe(expected);
        tx.reply(486);
        await world.run(100);
        expect(call.state).toBe('ended');
      }
      outcome(registration.unregister());
      await world.run(100);
      expect(account.gruu).toBeUndefined();
      await world.end();
    }
  });

  it('[param:unbindbeforeregister] the earlier binding goes with the new one, or stays', async () => {
    for (const unbind of [true, false]) {
      const { world, registrar, registration } = await setUp({ unbind });
      outcome(registration.register());
      await world.run(100);
      registrar.decorate = (response) => behindNat(response, '198.51.100.7', 7777);
      outcome(registration.refresh('moved'));
      await world.run(100);
      const second = registrar.requests[2];
      expect(second.contacts).toHaveLength(unbind ? 2 : 1);
      expect(second.contacts[0].uri.toString()).toBe('sip:alice@198.51.100.7:7777');
      await world.end();
    }
  });

  it('[outbound-flow/0] over a connection the Contact has reg-id, +sip.instance and ob', async () => {
    for (const [transport, outbound, named] of [
      ['tcp', 'auto', true],
      ['tls', 'auto', true],
      ['udp', 'auto', false],
      ['udp', 'always', true],
      ['tcp', 'never', false],
    ] as const) {
      const { world, registrar, registration } = await setUp({ outbound }, { transport });
      outcome(registration.register());
      await world.run(100);
      const [contact] = registrar.last.contacts;
      expect(contact.params.get('reg-id')).toBe(named ? '1' : undefined);
      expect(contact.params.has('+sip.instance')).toBe(named);
      expect(/;ob\b/.test(contact.uri.toString())).toBe(named);
      await world.end();
    }
  });

  it('[param:keepalivetype] is what is sent on the flow: nothing, line ends, or a NOTIFY', async () => {
    for (const [kind, bytes] of [
      ['crlf', '\r\n'],
      ['crlfcrlf', '\r\n\r\n'],
      ['space', ' \r\n'],
    ] as const) {
      const { world, registration, account } = await setUp(
        { keepAliveKind: kind, keepAliveAnswerMs: 8000 },
        { keepAlive: 28 },
      );
      outcome(registration.register());
      await world.run(100);
      const { keptAlive } = account.flow as FakeFlow;
      expect(keptAlive?.intervalMs).toBe(28_000);
      expect(Buffer.from(keptAlive?.options.ping ?? []).toString()).toBe(bytes);
      expect(keptAlive?.options.answerMs).toBe(8000);
      await world.end();
    }
    const none = await setUp({ keepAliveKind: 'none' });
    outcome(none.registration.register());
    await none.world.run(100);
    expect((none.account.flow as FakeFlow).keptAlive).toBeUndefined();
    await none.world.end();
    const notify = await setUp({ keepAliveKind: 'notify' }, { keepAlive: 20 });
    outcome(notify.registration.register());
    await notify.world.run(41_000);
    expect(notify.registrar.others.map(({ request }) => request.get('Event'))).toEqual([
      'keep-alive',
      'keep-alive',
    ]);
    for (const { tx } of notify.registrar.others) tx.reply(200);
    await notify.world.end();
  });

  it('[param:contactaddressfailback] the address the server sees is taken at once, after a failure, or never', async () => {
    for (const [contact, first, after] of [
      ['public', 2, 3],
      ['onFailure', 1, 3],
      ['local', 1, 2],
    ] as const) {
      const { world, registrar, registration } = await setUp({ contact });
      registrar.decorate = (response) => behindNat(response, '198.51.100.7', 7777);
      outcome(registration.register());
      await world.run(100);
      expect([contact, registrar.requests.length]).toEqual([contact, first]);
      if (contact === 'onFailure') {
        registrar.script = [500];
        outcome(registration.refresh('test'));
        await world.run(70_000);
        expect(registrar.last.contacts[0].uri.toString()).toContain('198.51.100.7');
        expect(registrar.requests.length).toBeGreaterThan(after);
      }
      await world.end();
    }
  });

  it('an address is given up when the server sees us elsewhere each time; a public one of ours is kept', async () => {
    for (const [host, seenAddress, told] of [
      ['10.0.0.1', 'stable', ['10.0.0.1:5060', '198.51.100.7:7000', '10.0.0.1:5060']],
      ['10.0.0.1', 'private', ['10.0.0.1:5060', '198.51.100.7:7000']],
      ['203.0.113.1', 'stable', ['203.0.113.1:5060']],
      ['203.0.113.1', 'private', ['203.0.113.1:5060']],
      ['203.0.113.1', 'any', ['203.0.113.1:5060', '198.51.100.7:7000']],
    ] as const) {
      const world = new UaWorld();
      const registrar = await FakeRegistrar.start(world, SERVER);
      const { agent } = await world.party('alice', host);
      const registration = agent.addAccount({ aor: `sip:alice@${SERVER}`, registration: { seenAddress } });
      let port = 7000;
      registrar.decorate = (response) => behindNat(response, '198.51.100.7', port++);
      outcome(registration.register());
      await world.run(100);
      const hosts = (): string[] =>
        registrar.requests.map(({ topVia, contacts }) => {
          expect(
            String(contacts[0].uri)
              .replace('sip:alice@', '')
              .replace(/^([\d.]+)$/, '$1:5060'),
          ).toBe(topVia?.sentBy);
          return String(topVia?.sentBy);
        });
      expect(hosts()).toEqual(told);
      if (seenAddress === 'stable') {
        outcome(registration.refresh('again'));
        await world.run(100);
        expect(hosts()).toEqual([...told, told[0]]);
        // In another network it may be otherwise.
        agent.networkChanged('test');
        await world.run(100);
        expect(registrar.requests).toHaveLength(2 * told.length + 1);
      }
      await world.end();
    }
  });
});

describe('a backup server', () => {
  it('[backup-server/0] is used when the first does not register us, and left when that is back', async () => {
    const { world, registrar, registration, account } = await setUp({
      backup: { server: BACKUP },
      returnSeconds: 60,
    });
    const backup = await FakeRegistrar.start(world, BACKUP);
    world.network.unreachable.add(SERVER);
    const registered = outcome(registration.register());
    await world.run(9000);
    expect(registered.text).toBe('done');
    expect(backup.requests).toHaveLength(1);
    expect(account.nextHop.host).toBe(BACKUP);
    // The next calls go there as well.
    const call = world.parties[0].agent.invite('100', { account });
    await world.run(100);
    expect(backup.others.map(({ request }) => request.method)).toEqual(['INVITE']);
    backup.others[0].tx.reply(486);
    await world.run(100);
    expect(call.end?.status).toBe(486);
    await world.run(130_000);
    expect(registrar.requests).toHaveLength(0);
    world.network.unreachable.delete(SERVER);
    await world.run(66_000);
    expect(registrar.requests).toHaveLength(1);
    expect(account.nextHop.host).toBe(SERVER);
    expect(registration.state).toBe('registered');
    await world.end();
  });

  it('takes over within eight seconds when the first one dies while we are registered, and has a domain of its own', async () => {
    const { world, registration, account } = await setUp({
      backup: { server: BACKUP, domain: 'backup.example' },
      refreshSeconds: 30,
    });
    const backup = await FakeRegistrar.start(world, BACKUP);
    outcome(registration.register());
    await world.run(100);
    world.network.unreachable.add(SERVER);
    await world.run(30_000 + 17_000);
    expect(backup.last.to.uri.toString()).toBe('sip:alice@backup.example');
    expect(account.uri.toString()).toBe('sip:alice@backup.example');
    await world.end();
  });

  it('[param:autotransportdetect] [backup-server/0] is taken at once when the first one does not answer a question', async () => {
    const { world, registration } = await setUp({ backup: { server: BACKUP }, probeFirst: true });
    const backup = await FakeRegistrar.start(world, BACKUP);
    world.network.unreachable.add(SERVER);
    outcome(registration.register());
    await world.run(1200);
    expect(backup.requests).toHaveLength(1);
    await world.end();
  });

  it('is not asked when the first one refuses the password', async () => {
    const { world, registrar, registration } = await setUp({ backup: { server: BACKUP } });
    const backup = await FakeRegistrar.start(world, BACKUP);
    registrar.script = [403];
    const registered = outcome(registration.register());
    await world.run(20_000);
    expect(registered.text).toBe('ERR_REGISTRATION_REJECTED');
    expect(backup.requests).toHaveLength(0);
    await world.end();
  });

  it('never storms: with all servers dead few REGISTERs leave in an hour', async () => {
    const { world, registration } = await setUp({ backup: { server: BACKUP }, otherTransports: true });
    world.network.unreachable.add(SERVER).add(BACKUP);
    outcome(registration.register());
    await world.run(3_600_000);
    const lines = world.lines('10.0.0.1').filter((line) => line.startsWith('REGISTER'));
    expect(lines.length).toBeLessThan(250);
    await world.end();
  });
});

describe('other transports', () => {
  it('[param:canstransportswitch] TCP is tried when UDP brings no answer, unless forbidden', async () => {
    for (const otherTransports of [true, false]) {
      const { world, registrar, registration } = await setUp({ otherTransports });
      world.network.lose = ({ protocol }) => protocol === 'udp';
      const registered = outcome(registration.register());
      await world.run(10_000);
      expect(registered.text).toBe(otherTransports ? 'done' : 'pending');
      expect(registrar.requests).toHaveLength(otherTransports ? 1 : 0);
      await world.end();
    }
  });
});
