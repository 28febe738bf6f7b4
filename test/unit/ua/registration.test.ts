import { describe, expect, it } from 'vitest';
import type { AccountOptions, RegistrationState } from '../../../src/ua/index.js';
import { behindNat, FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { UaWorld } from '../../support/ua-harness.js';

const SERVER = '10.0.0.100';

async function setUp(options: Partial<AccountOptions> = {}) {
  const world = new UaWorld();
  const registrar = await FakeRegistrar.start(world, SERVER);
  world.name('example.com', { protocol: 'udp', host: SERVER, port: 5060 });
  const alice = await world.party('alice', '10.0.0.1');
  const registration = alice.agent.addAccount({
    aor: 'sip:alice@example.com',
    password: 'secret',
    ...options,
  });
  const states: RegistrationState[] = [];
  const errors: string[] = [];
  registration.on('state', (state, error) => {
    states.push(state);
    if (error) errors.push(error.code);
  });
  return { world, registrar, alice, registration, states, errors };
}

/** When the REGISTERs came, in seconds after the one before. */
function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => (time - times[index]) / 1000);
}

describe('registration', () => {
  it('goes idle, registering, registered, refreshes before expiry and unregisters', async () => {
    const { world, registrar, registration, states } = await setUp({ expires: 100 });
    const registered = outcome(registration.register());
    await world.run(50);
    expect(registered.text).toBe('done');
    expect(registration.grantedSeconds).toBe(100);
    const first = registrar.last;
    expect(first.uri.toString()).toBe('sip:example.com');
    expect(first.to.uri.toString()).toBe('sip:alice@example.com');
    expect(first.contacts[0].params.has('reg-id')).toBe(false);
    expect(first.supported).toEqual(expect.arrayContaining(['path', 'outbound']));
    await world.run(250_000);
    expect(registrar.requests.length).toBeGreaterThanOrEqual(3);
    for (const gap of gaps(registrar.times)) {
      expect(gap).toBeGreaterThanOrEqual(80);
      expect(gap).toBeLessThanOrEqual(90);
    }
    expect(new Set(registrar.requests.map(({ callId }) => callId)).size).toBe(1);
    const numbers = registrar.requests.map(({ cseq }) => cseq.seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    const left = outcome(registration.unregister());
    await world.run(50);
    expect(left.text).toBe('done');
    expect(registrar.last.expires).toBe(0);
    expect(registrar.bindings.size).toBe(0);
    expect(states.slice(0, 2)).toEqual(['registering', 'registered']);
    expect(states.slice(-2)).toEqual(['unregistering', 'idle']);
    await world.end();
  });

  it('answers a challenge, and reuses the nonce', async () => {
    const { world, registrar, registration } = await setUp({ expires: 100 });
    registrar.password = 'secret';
    const registered = outcome(registration.register());
    await world.run(50);
    expect(registered.text).toBe('done');
    expect(registrar.requests).toHaveLength(2);
    await world.run(90_000);
    expect(registrar.requests).toHaveLength(3);
    await world.end();
  });

  it('ends in failed after a wrong password, with one retry and no loop', async () => {
    const { world, registrar, registration, states, errors } = await setUp();
    registrar.password = 'another';
    const registered = outcome(registration.register());
    await world.run(50);
    expect(registered.text).toBe('ERR_AUTHENTICATION_FAILED');
    await world.run(4_000_000);
    expect(registrar.requests).toHaveLength(2);
    expect(states).toEqual(['registering', 'failed']);
    expect(errors).toEqual(['ERR_AUTHENTICATION_FAILED']);
    registrar.password = 'secret';
    const again = outcome(registration.register());
    await world.run(50);
    expect(again.text).toBe('done');
    await world.end();
  });

  it.each([403, 404, 405, 501])('does not repeat what %d refuses', async (status) => {
    const { world, registrar, registration } = await setUp();
    registrar.script = [status];
    const registered = outcome(registration.register());
    await world.run(100_000);
    expect(registered.text).toBe('ERR_REGISTRATION_REJECTED');
    expect(registration.error?.details).toMatchObject({ status });
    expect(registrar.requests).toHaveLength(1);
    expect(registration.state).toBe('failed');
    await world.end();
  });

  it('raises the interval after 423, once', async () => {
    const { world, registrar, registration } = await setUp({ expires: 60 });
    registrar.minExpires = 300;
    const registered = outcome(registration.register());
    await world.run(50);
    expect(registered.text).toBe('done');
    expect(registrar.requests.map(({ expires }) => expires)).toEqual([60, 300]);
    await world.run(290_000);
    expect(registrar.last.expires).toBe(300);
    await world.end();
  });

  it('does not follow a registrar that answers 423 for ever', async () => {
    const { world, registrar, registration } = await setUp({ expires: 60 });
    const tooBrief = (min: string) => ({ status: 423, headers: { 'Min-Expires': min } });
    registrar.script = [tooBrief('100'), tooBrief('200'), tooBrief('300')];
    const registered = outcome(registration.register());
    await world.run(100);
    expect(registered.text).toBe('ERR_REGISTRATION_REJECTED');
    expect(registrar.requests).toHaveLength(2);
    expect(registration.state).toBe('waiting');
    await world.end();
  });

  it('backs off by RFC 5626 §4.5 while nobody answers', async () => {
    const { world, registrar, registration, states } = await setUp();
    registrar.script = Array.from({ length: 40 }, () => 503);
    const registered = outcome(registration.register());
    await world.run(3 * 3_600_000);
    expect(registered.text).toBe('ERR_REGISTRATION_REJECTED');
    const waits = gaps(registrar.times);
    for (const [index, wait] of waits.entries()) {
      const upper = Math.min(1800, 30 * 2 ** (index + 1));
      expect(wait).toBeGreaterThanOrEqual(upper / 2);
      expect(wait).toBeLessThanOrEqual(upper + 1);
    }
    expect(waits.length).toBeGreaterThan(8);
    registrar.script = [];
    await world.run(1_900_000);
    expect(states.at(-1)).toBe('registered');
    // A success resets the count.
    registrar.script = [503];
    const before = registrar.times.length;
    await world.run(700_000);
    expect(gaps(registrar.times.slice(before))[0]).toBeLessThanOrEqual(61);
    await world.end();
  });

  it('waits as long as Retry-After says', async () => {
    const { world, registrar, registration } = await setUp();
    registrar.script = [{ status: 503, headers: { 'Retry-After': '500' } }];
    outcome(registration.register());
    await world.run(499_000);
    expect(registrar.requests).toHaveLength(1);
    await world.run(2_000);
    expect(registrar.requests).toHaveLength(2);
    await world.end();
  });

  it('learns the address a NAT gives it and replaces the binding, once', async () => {
    const { world, registrar, registration } = await setUp({ registration: { seenAddress: 'any' } });
    let port = 6000;
    registrar.decorate = (response) => {
      // A NAT that maps every datagram anew would keep a naive client registering.
      behindNat(response, '203.0.113.5', port++);
    };
    const registered = outcome(registration.register());
    await world.run(100);
    expect(registered.text).toBe('done');
    expect(registrar.requests).toHaveLength(2);
    const [ours, old] = registrar.last.contacts;
    expect(ours.uri.toString()).toBe('sip:alice@203.0.113.5:6000');
    expect(old.uri.toString()).toBe('sip:alice@10.0.0.1:5060');
    expect(old.params.get('expires')).toBe('0');
    expect(old.params.has('+sip.instance')).toBe(false);
    expect([...registrar.bindings.keys()]).toEqual(['sip:alice@203.0.113.5:6000']);
    await world.end();
    expect(registrar.bindings.size).toBe(0);
  });

  it('removes the old binding also when the request is challenged on the way', async () => {
    const { world, registrar, registration, alice } = await setUp();
    registrar.decorate = (response) => {
      behindNat(response, '203.0.113.9', 7000);
      registrar.password = 'secret';
    };
    outcome(registration.register());
    await world.run(100);
    expect(registrar.requests).toHaveLength(3);
    expect([...registrar.bindings.keys()]).toEqual(['sip:alice@203.0.113.9:7000']);
    expect(alice.agent.registrations[0].state).toBe('registered');
    await world.end();
  });

  it('keeps Service-Route for calls and drops it when unregistered', async () => {
    const { world, registrar, registration, alice } = await setUp();
    registrar.decorate = (response) =>
      response.set('Service-Route', `<sip:orig@${SERVER};lr>, <sip:scscf.example.com;lr>`);
    outcome(registration.register());
    await world.run(100);
    const call = alice.agent.invite('bob', { account: registration.account });
    await world.run(100);
    const { request, tx } = registrar.others[0];
    expect(request.routes.map(String)).toEqual([`<sip:orig@${SERVER};lr>`, '<sip:scscf.example.com;lr>']);
    tx.reply(486);
    await world.run(100);
    expect(call.end?.status).toBe(486);
    outcome(registration.unregister());
    await world.run(100);
    expect(registration.account.routes()).toEqual([]);
    await world.end();
  });

  it('goes over to the next server when one dies, without waiting for the back-off', async () => {
    const { world, registrar, registration } = await setUp({ expires: 100 });
    const second = await FakeRegistrar.start(world, '10.0.0.101');
    world.name(
      'example.com',
      { protocol: 'udp', host: SERVER, port: 5060 },
      { protocol: 'udp', host: '10.0.0.101', port: 5060 },
    );
    outcome(registration.register());
    await world.run(50);
    expect(registrar.requests).toHaveLength(1);
    world.network.unreachable.add(SERVER);
    await world.run(90_000 + 8500);
    expect(second.requests).toHaveLength(1);
    expect(registration.state).toBe('registered');
    await world.end();
  });

  it('[dns-srv/1] goes over at once when a call finds the server silent; later calls go where it went', async () => {
    const { world, alice, registrar, registration } = await setUp();
    const second = await FakeRegistrar.start(world, '10.0.0.101');
    world.name(
      'example.com',
      { protocol: 'udp', host: SERVER, port: 5060 },
      { protocol: 'udp', host: '10.0.0.101', port: 5060 },
    );
    outcome(registration.register());
    await world.run(50);
    world.network.unreachable.add(SERVER);
    const { account } = registration;
    const call = alice.agent.invite('1234', { account });
    await world.run(3600);
    expect(second.others.map(({ request }) => request.method)).toEqual(['INVITE']);
    await call.hangup();
    // The REGISTER finds the same silence, as the table has no penalties.
    await world.run(4000);
    expect(second.requests).toHaveLength(1);
    expect(registration.state).toBe('registered');
    const again = alice.agent.invite('1234', { account });
    await world.run(100);
    expect(second.others.filter(({ request }) => request.method === 'INVITE')).toHaveLength(2);
    await again.hangup();
    expect(registrar.requests).toHaveLength(1);
    world.network.unreachable.clear();
    await world.end();
  });
});

describe('registration over a connection', () => {
  async function overTcp() {
    const set = await setUp({ transport: 'tcp' });
    set.world.name('example.com', { protocol: 'tcp', host: SERVER, port: 5060 });
    const registered = outcome(set.registration.register());
    await set.world.run(100);
    expect(registered.text).toBe('done');
    return set;
  }

  it('[auto-recover/0] comes back within two seconds when the connection is lost', async () => {
    const { world, registrar, states } = await overTcp();
    registrar.transport.breakConnections();
    await world.run(50);
    expect(states.at(-1)).toBe('waiting');
    await world.run(2_100);
    expect(states.at(-1)).toBe('registered');
    expect(registrar.requests).toHaveLength(2);
    await world.end();
  });

  it('does not shorten the back-off when the connection is lost while it waits', async () => {
    const { world, registrar, registration, states } = await overTcp();
    registrar.script = [{ status: 503, headers: { 'Retry-After': '300' } }];
    outcome(registration.refresh('test'));
    await world.run(100);
    expect(states.at(-1)).toBe('waiting');
    registrar.transport.breakConnections();
    await world.run(60_000);
    expect(registrar.requests).toHaveLength(2);
    await world.end();
  });

  it('closes the connection of a lost address and registers from the new one', async () => {
    const { world, registrar, alice, registration } = await overTcp();
    const old = registration.account.flow;
    alice.agent.networkChanged('cable pulled');
    await world.run(200);
    expect(old?.open).toBe(false);
    expect(registration.account.flow?.open).toBe(true);
    expect(registration.state).toBe('registered');
    expect(registrar.requests).toHaveLength(2);
    await world.end();
  });

  it('keeps the connection when its address is still there', async () => {
    const { world, alice, registration } = await overTcp();
    const old = registration.account.flow;
    alice.agent.networkChanged('VPN up', (host) => host === '10.0.0.1');
    await world.run(200);
    expect(registration.account.flow).toBe(old);
    expect(registration.state).toBe('registered');
    await world.end();
  });

  it('shares the connection between accounts and survives the leave of one', async () => {
    const { world, registrar, alice, registration } = await overTcp();
    const other = alice.agent.addAccount({ aor: 'sip:carol@example.com', transport: 'tcp' });
    outcome(other.register());
    await world.run(100);
    expect(other.account.flow).toBe(registration.account.flow);
    outcome(alice.agent.removeAccount(other.account));
    await world.run(100);
    expect(registration.state).toBe('registered');
    expect(registration.account.flow?.open).toBe(true);
    expect([...registrar.bindings.keys()]).toHaveLength(1);
    await world.end();
  });
});

describe('registration under way', () => {
  it('is given up for a fresh one when the network changes', async () => {
    const { world, registrar, registration, alice } = await setUp();
    registrar.script = [0];
    const registered = outcome(registration.register());
    await world.run(100);
    alice.agent.networkChanged('new address');
    await world.run(100);
    expect(registered.text).toBe('done');
    expect(registrar.requests).toHaveLength(2);
    await world.end();
  });

  it('is waited for by unregister, which leaves no binding', async () => {
    const { world, registrar, registration, states } = await setUp();
    const registered = outcome(registration.register());
    const left = outcome(registration.unregister());
    await world.run(200);
    expect(registered.text).toBe('done');
    expect(left.text).toBe('done');
    expect(registrar.bindings.size).toBe(0);
    expect(states.at(-1)).toBe('idle');
    await world.end();
  });

  it('begins anew when asked for while it is being taken back', async () => {
    const { world, registrar, registration } = await setUp();
    outcome(registration.register());
    await world.run(100);
    const left = outcome(registration.unregister());
    const back = outcome(registration.register());
    await world.run(200);
    expect(left.text).toBe('done');
    expect(back.text).toBe('done');
    expect(registration.state).toBe('registered');
    expect(registrar.bindings.size).toBe(1);
    await world.end();
  });

  it('can be asked for twice and is sent once', async () => {
    const { world, registrar, registration } = await setUp();
    const first = outcome(registration.register());
    const second = outcome(registration.register());
    await world.run(100);
    expect([first.text, second.text]).toEqual(['done', 'done']);
    expect(registrar.requests).toHaveLength(1);
    await world.end();
  });

  it('is given up when its signal fires', async () => {
    const { world, registrar, registration } = await setUp();
    registrar.script = [0, 0, 0];
    const abort = new AbortController();
    const registered = outcome(registration.register({ signal: abort.signal }));
    await world.run(100);
    abort.abort();
    await world.run(100);
    expect(registered.text).toBe('ERR_ABORTED');
    await world.end();
    expect(registration.state).toBe('idle');
  });

  it('leaves nothing behind when closed without an answer', async () => {
    const { world, registrar, registration, alice } = await setUp();
    outcome(registration.register());
    await world.run(100);
    registrar.script = [0, 0];
    const closed = outcome(alice.agent.close());
    await world.run(1_900);
    expect(closed.text).toBe('pending');
    await world.run(200);
    expect(closed.text).toBe('done');
    expect(registration.state).toBe('idle');
    await world.end();
  });

  it('an unregister that waits for the answer to a REGISTER comes to its end when closed', async () => {
    const { world, registrar, registration, alice } = await setUp();
    registrar.script = [0, 0];
    outcome(registration.register());
    await world.run(100);
    const left = outcome(registration.unregister());
    void alice.agent.close();
    await world.run(2_500);
    expect(left.text).toBe('done');
    await world.end();
  });

  it('rejects with the error when no server can be found, and goes on trying', async () => {
    const { world, registrar, registration } = await setUp({ server: 'nowhere.invalid' });
    const registered = outcome(registration.register());
    await world.run(50);
    expect(registered.text).toBe('ERR_DNS_NOT_FOUND');
    expect(registration.state).toBe('waiting');
    world.name('nowhere.invalid', { protocol: 'udp', host: SERVER, port: 5060 });
    await world.run(61_000);
    expect(registration.state).toBe('registered');
    expect(registrar.requests).toHaveLength(1);
    await world.end();
  });
});
