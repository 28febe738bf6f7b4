import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.js';
import { MediaEngine } from '../../../src/media/index.js';
import { Phone, type PhoneOptions } from '../../../src/phone/index.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import { FakeMediaEngine } from '../../../src/testing/fake-media.js';
import { FakeResolver } from '../../../src/testing/fake-resolver.js';
import type { Call } from '../../../src/ua/index.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { UaWorld } from '../../support/ua-harness.js';
import '../../support/preloaded.js';

const SERVER = '10.0.0.100';

let world: UaWorld;
let phones: Phone[];
let engines: FakeMediaEngine[];

beforeEach(() => {
  world = new UaWorld();
  phones = [];
  engines = [];
});

/** Closes all phones; nothing may be left. */
afterEach(async () => {
  const closing = phones.map((phone) => outcome(phone.close()));
  await world.run(70_000);
  expect(closing.map(({ text }) => text)).toEqual(closing.map(() => 'done'));
  for (const engine of engines) expect(engine.open.size).toBe(0);
  await world.end();
});

function phone(host: string, options: PhoneOptions = {}): Phone {
  const engine = new FakeMediaEngine();
  engines.push(engine);
  const made = new Phone({
    clock: world.clock,
    random: world.random,
    engine,
    network: { transport: world.network.transport(host), resolver: new FakeResolver() },
    listen: { host, port: 5060 },
    ...options,
  });
  phones.push(made);
  return made;
}

async function twoPhones(): Promise<{ alice: Phone; bob: Phone; incoming: Call[] }> {
  const alice = phone('10.0.0.1');
  const bob = phone('10.0.0.2');
  const incoming: Call[] = [];
  bob.on('incoming', (call) => incoming.push(call));
  await bob.start();
  return { alice, bob, incoming };
}

describe('a phone', () => {
  it('registers, calls another through the server’s address, and unregisters on close', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    registrar.password = 'secret';
    const alice = phone('10.0.0.1', {
      server: SERVER,
      username: 'alice',
      password: 'secret',
      displayName: 'Alice',
    });
    const states: string[] = [];
    alice.on('registration', ({ account, state }) => states.push(`${account.uri} ${state}`));
    const registered = outcome(alice.register());
    await world.run(100);
    expect(registered.text).toBe('done');
    expect(states).toEqual(['sip:alice@10.0.0.100 registering', 'sip:alice@10.0.0.100 registered']);
    const call = await alice.dial('1234');
    await world.run(50);
    const { request, tx } = registrar.others[0];
    expect(request.uri.toString()).toBe('sip:1234@10.0.0.100');
    expect(request.from.displayName).toBe('Alice');
    tx.reply(486);
    await world.run(50);
    expect(call.end?.status).toBe(486);
    const left = outcome(alice.unregister());
    await world.run(50);
    expect(left.text).toBe('done');
    expect(registrar.bindings.size).toBe(0);
  });

  it('gives a wrong password as a coded error', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    registrar.password = 'secret';
    const alice = phone('10.0.0.1', { server: SERVER, username: 'alice', password: 'wrong' });
    const registered = outcome(alice.register());
    await world.run(10_000);
    expect(registered.text).toBe('ERR_AUTHENTICATION_FAILED');
    expect(registrar.requests).toHaveLength(2);
  });

  it('cannot register without a server', async () => {
    await expect(phone('10.0.0.1').register()).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  });

  it('watches a trunk', async () => {
    await FakeRegistrar.start(world, SERVER);
    const alice = phone('10.0.0.1', { server: SERVER, ping: 20 });
    const events: string[] = [];
    alice.on('reachability', ({ state }) => events.push(state));
    await alice.start();
    await world.run(100);
    expect(events).toEqual(['reachable']);
    world.network.unreachable.add(SERVER);
    await world.run(40_000);
    expect(events).toEqual(['reachable', 'unreachable']);
  });

  it.each([
    [{ server: '' }, 'server'],
    [{ server: 'a b' }, 'server'],
    [{ server: 'x', username: 'a\r\nb' }, 'username'],
    [{ server: 'x', password: 'p' }, 'password'],
    [{ transport: 'sctp' as 'udp' }, 'transport'],
    [{ listen: { port: 70_000 } }, 'listen.port'],
    [{ listen: { transports: ['tls' as const] } }, 'listen.transports'],
    [{ media: { ptime: 15 } }, 'media.ptime'],
    [{ media: { portRange: [5, 5] as const } }, 'media.portRange'],
    [{ sessionExpires: 10 }, 'sessionExpires'],
    [{ ringTimeout: -1 }, 'ringTimeout'],
    [{ server: 'x', expires: -1 }, 'expires'],
  ])('names the wrong option of %j', (options, name) => {
    expect(() => new Phone(options)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
    expect(() => new Phone(options)).toThrow(`'${name}'`);
  });
});

describe('calling', () => {
  it('resolves when answered; both sides end with a record', async () => {
    const { alice, incoming } = await twoPhones();
    const ended: string[] = [];
    alice.on('callEnded', (call) => ended.push(call.id));
    const calling = alice.call('sip:bob@10.0.0.2');
    const result = outcome(calling);
    await world.run(50);
    expect(result.text).toBe('pending');
    void incoming[0].answer();
    await world.run(50);
    expect(result.text).toBe('done');
    const call = await calling;
    await world.run(5_000);
    const record = await call.hangup();
    await world.run(50);
    expect(record).toMatchObject({ direction: 'outgoing', remote: 'sip:bob@10.0.0.2', end: { by: 'local' } });
    expect(record.durationMs).toBeGreaterThanOrEqual(5_000);
    expect(record.media).toBeDefined();
    expect((await incoming[0].ended).end.by).toBe('remote');
    expect(ended).toEqual([call.id]);
    expect(alice.calls).toEqual([]);
  });

  it('rejects with the status', async () => {
    const { alice, incoming } = await twoPhones();
    const calling = alice.call('sip:bob@10.0.0.2');
    calling.catch(() => {});
    await world.run(50);
    incoming[0].reject(486);
    await world.run(50);
    await expect(calling).rejects.toMatchObject({ code: 'ERR_CALL_REJECTED', details: { status: 486 } });
  });

  it('is refused with 480 when the called phone does not listen', async () => {
    const alice = phone('10.0.0.1');
    await phone('10.0.0.2').start();
    const calling = outcome(alice.call('sip:bob@10.0.0.2'));
    await world.run(50);
    expect(calling.text).toBe('ERR_CALL_REJECTED');
  });

  it('is cancelled by its signal while it rings, and not after the answer', async () => {
    const { alice, incoming } = await twoPhones();
    const already = outcome(alice.call('sip:bob@10.0.0.2', { signal: AbortSignal.abort() }));
    await world.run(50);
    expect(already.text).toBe('ERR_ABORTED');
    expect(incoming).toHaveLength(0);

    const ringing = new AbortController();
    const first = outcome(alice.call('sip:bob@10.0.0.2', { signal: ringing.signal }));
    await world.run(50);
    ringing.abort();
    await world.run(50);
    expect(first.text).toBe('ERR_ABORTED');
    expect(incoming[0].end).toMatchObject({ by: 'remote', status: 487 });

    const later = new AbortController();
    const second = alice.call('sip:bob@10.0.0.2', { signal: later.signal });
    await world.run(50);
    void incoming[1].answer();
    await world.run(50);
    later.abort();
    await world.run(50);
    expect((await second).state).toBe('connected');
  });

  it('dial gives the call at once; its signal ends it whenever it fires', async () => {
    const { alice, incoming } = await twoPhones();
    const abort = new AbortController();
    const call = await alice.dial('sip:bob@10.0.0.2', { signal: abort.signal });
    expect(call.state).toBe('trying');
    await world.run(50);
    void incoming[0].answer();
    await world.run(50);
    expect(call.state).toBe('connected');
    abort.abort();
    await world.run(50);
    expect(call.end?.by).toBe('local');
  });

  it('what listeners throw disturbs nothing', async () => {
    const failures: unknown[] = [];
    Emitter.onListenerError = (error) => failures.push(error);
    const { alice, incoming } = await twoPhones();
    const call = await alice.dial('sip:bob@10.0.0.2');
    for (const event of ['state', 'progress', 'connected', 'ended'] as const) {
      call.on(event, () => {
        throw new Error(event);
      });
    }
    await world.run(50);
    incoming[0].on('state', async () => {
      throw new Error('async');
    });
    void incoming[0].answer();
    await world.run(50);
    expect([call.state, incoming[0].state]).toEqual(['connected', 'connected']);
    void call.hangup();
    await world.run(50);
    expect([call.state, incoming[0].state]).toEqual(['ended', 'ended']);
    expect(failures.length).toBeGreaterThan(5);
  });

  it('asks for abilities', async () => {
    const { alice } = await twoPhones();
    const asked = alice.options('sip:bob@10.0.0.2');
    await world.run(50);
    expect(await asked).toMatchObject({ status: 200, server: 'Switchhook', roundTripMs: 10 });
  });
});

describe('closing', () => {
  it('while starting, during a call and twice', async () => {
    const starting = phone('10.0.0.3');
    const started = outcome(starting.start());
    const closed = outcome(starting.close());
    await world.run(10);
    expect(closed.text).toBe('done');
    expect(['done', 'ERR_CLOSED']).toContain(started.text);

    const { alice, incoming } = await twoPhones();
    const call = await alice.dial('sip:bob@10.0.0.2');
    await world.run(50);
    void incoming[0].answer();
    await world.run(50);
    const both = [outcome(alice.close()), outcome(alice.close())];
    await world.run(100);
    expect(both.map(({ text }) => text)).toEqual(['done', 'done']);
    expect(call.state).toBe('ended');
    expect(incoming[0].end?.by).toBe('remote');
    await expect(alice.dial('sip:bob@10.0.0.2')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(alice.register()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('sends the BYE before the sockets close', async () => {
    const { alice, incoming } = await twoPhones();
    outcome(alice.dial('sip:bob@10.0.0.2'));
    await world.run(50);
    void incoming[0].answer();
    await world.run(50);
    outcome(alice.close());
    await world.run(100);
    expect(world.count('BYE')).toBe(1);
    expect(world.count('200 BYE')).toBe(1);
  });
});

describe('audio', () => {
  it('flows between two phones with the real media engine', async () => {
    const network = new DatagramNetwork(world.clock, world.random, { delayMs: 10 });
    const engine = await MediaEngine.start({
      workers: 'in-process',
      clock: world.clock,
      random: world.random,
      transport: network,
    });
    const media = { codecs: ['PCMU'] };
    const alice = phone('10.0.0.1', { engine, media });
    const bob = phone('10.0.0.2', { engine, media });
    const digits: string[] = [];
    bob.on('incoming', async (call) => {
      await call.answer();
      for await (const { digit } of call.dtmf()) digits.push(digit);
    });
    await bob.start();
    const call = await alice.dial('sip:bob@10.0.0.2');
    const flowing = outcome(new Promise<void>((resolve) => call.on('flowing', () => resolve())));
    await world.run(200);
    expect(call.state).toBe('connected');
    const sent = outcome(call.sendDtmf('42#'));
    await world.run(2_000);
    expect([flowing.text, sent.text]).toEqual(['done', 'done']);
    expect(digits).toEqual(['4', '2', '#']);
    const stats = await call.stats();
    expect(stats.received.packets).toBeGreaterThan(80);
    expect(stats.received.lost).toBe(0);
    void call.hangup();
    await world.run(100);
    expect(network.openPorts).toBe(0);
    await engine.close();
  });
});
