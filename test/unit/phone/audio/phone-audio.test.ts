import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MediaEngine } from '../../../../src/media/index.js';
import { Phone, type PhoneOptions } from '../../../../src/phone/index.js';
import { DatagramNetwork } from '../../../../src/testing/datagram-network.js';
import { FakeAudioBackend, FakeAudioDevice } from '../../../../src/testing/fake-audio.js';
import { FakeResolver } from '../../../../src/testing/fake-resolver.js';
import type { Call } from '../../../../src/ua/index.js';
import { sineOf, toneAtEnd } from '../../../support/headset-room.js';
import { outcome } from '../../../support/outcome.js';
import { UaWorld } from '../../../support/ua-harness.js';
import '../../../support/preloaded.js';

const LOUD = -28;
const QUIET = -60;

interface Desk {
  phone: Phone;
  microphone: FakeAudioDevice;
  speaker: FakeAudioDevice;
  ringer: FakeAudioDevice;
  incoming: Call[];
}

let world: UaWorld;
let network: DatagramNetwork;
let desks: Array<{ phone: Phone; engine: MediaEngine }>;

beforeEach(() => {
  world = new UaWorld();
  network = new DatagramNetwork(world.clock, world.random, { delayMs: 10 });
  desks = [];
});

afterEach(async () => {
  const closing = desks.map(({ phone }) => outcome(phone.close()));
  await world.run(70_000);
  expect(closing.map(({ text }) => text)).toEqual(closing.map(() => 'done'));
  for (const { engine } of desks) await engine.close();
  await world.end();
});

/** A phone with microphone, speaker and a ringer of its own. */
async function desk(host: string, audio: PhoneOptions['audio'] | 'by hand' = {}): Promise<Desk> {
  const backend = new FakeAudioBackend(world.clock);
  const speaker = backend.plug(new FakeAudioDevice('speaker', 'output', { isDefault: true }));
  const ringer = backend.plug(new FakeAudioDevice('bell', 'output'));
  const microphone = backend.plug(new FakeAudioDevice('microphone', 'input', { isDefault: true }));
  const engine = await MediaEngine.start({
    workers: 'in-process',
    clock: world.clock,
    random: world.random,
    transport: network,
    audioBackend: backend,
  });
  const phone = new Phone({
    clock: world.clock,
    random: world.random,
    engine,
    network: { transport: world.network.transport(host), resolver: new FakeResolver() },
    listen: { host, port: 5060 },
    media: { codecs: ['PCMU'] },
    audio: audio === 'by hand' ? undefined : { ringer: 'bell', echoCancellation: 'off', ...audio },
  });
  desks.push({ phone, engine });
  const incoming: Call[] = [];
  phone.on('incoming', (call) => void incoming.push(call));
  await phone.start();
  return { phone, microphone, speaker, ringer, incoming };
}

describe('a phone on sound devices', () => {
  it('rings at one end, rings back at the other, and carries the conversation', async () => {
    const alice = await desk('10.0.0.1');
    const bob = await desk('10.0.0.2');
    alice.microphone.hears = sineOf(1000);
    bob.microphone.hears = sineOf(1700);
    const call = await alice.phone.dial('sip:bob@10.0.0.2');
    await world.run(900);
    expect(bob.ringer.played.length).toBeGreaterThan(8000);
    expect(Math.max(...bob.ringer.played)).toBeGreaterThan(3000);
    expect(bob.speaker.played.length).toBe(0);
    expect(toneAtEnd(alice.speaker.played, 425, 500)).toBeGreaterThan(LOUD);
    const answered = outcome(bob.incoming[0].answer());
    await world.run(1500);
    expect([answered.text, call.state]).toEqual(['done', 'connected']);
    expect(toneAtEnd(alice.speaker.played, 425, 500)).toBeLessThan(QUIET);
    expect(toneAtEnd(alice.speaker.played, 1700, 500)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(bob.speaker.played, 1000, 500)).toBeGreaterThan(LOUD);
    // On hold neither the microphone goes out nor anything comes in.
    const held = outcome(call.hold());
    await world.run(500);
    expect(held.text).toBe('done');
    expect(toneAtEnd(bob.speaker.played, 1000, 200)).toBeLessThan(QUIET);
    const resumed = outcome(call.resume());
    await world.run(700);
    expect(resumed.text).toBe('done');
    expect(toneAtEnd(bob.speaker.played, 1000, 200)).toBeGreaterThan(LOUD);
    call.hangup();
    await world.run(4000);
    for (const { microphone, speaker, ringer } of [alice, bob]) {
      expect([microphone.streams, speaker.streams, ringer.streams]).toEqual([0, 0, 0]);
    }
  });

  it('a call taken off them is looked at no longer, and may come back', async () => {
    const alice = await desk('10.0.0.1');
    const bob = await desk('10.0.0.2');
    bob.microphone.hears = sineOf(1700);
    const call = await alice.phone.dial('sip:bob@10.0.0.2');
    await world.run(900);
    const answered = outcome(bob.incoming[0].answer());
    await world.run(1500);
    expect([answered.text, call.state]).toEqual(['done', 'connected']);
    const listening = call.events.listenerCount('hold');
    alice.phone.audio.detach(call);
    expect(call.events.listenerCount('hold')).toBe(listening - 1);
    await world.run(1000);
    expect(toneAtEnd(alice.speaker.played, 1700, 500)).toBeLessThan(QUIET);
    alice.phone.audio.attach(call);
    await world.run(1000);
    expect(toneAtEnd(alice.speaker.played, 1700, 500)).toBeGreaterThan(LOUD);
    expect(call.events.listenerCount('hold')).toBe(listening);
  });

  it('[audio-devices/4] has a volume for each device, and for each call beside it', async () => {
    const alice = await desk('10.0.0.1', { tones: false, volumes: { microphone: 25 } });
    const bob = await desk('10.0.0.2', { tones: false });
    bob.phone.on('incoming', (call) => call.answer());
    alice.microphone.hears = sineOf(1000);
    const call = await alice.phone.dial('sip:bob@10.0.0.2');
    await world.run(1000);
    const level = async () => {
      await world.run(500);
      return toneAtEnd(bob.speaker.played, 1000, 200);
    };
    const soft = await level();
    alice.phone.audio.setVolume('microphone', 50);
    const usual = await level();
    expect(usual - soft).toBeCloseTo(12, 0);
    alice.phone.audio.setVolume('microphone', 25, call);
    expect((await level()) - usual).toBeCloseTo(-12, 0);
    expect(alice.phone.audio.volume('microphone')).toBe(50);
    expect(alice.phone.audio.volume('microphone', call)).toBe(25);
    expect(() => alice.phone.audio.setVolume('speaker', -1)).toThrow(/volume -1/);
    alice.phone.audio.mute({ microphone: true });
    expect(await level()).toBeLessThan(QUIET);
    expect(alice.phone.audio.muted('microphone')).toBe(true);
  });

  it('[audio-devices/1] opens nothing on a server, until it is asked to', async () => {
    const alice = await desk('10.0.0.1', { tones: false });
    const server = await desk('10.0.0.2', 'by hand');
    server.phone.on('incoming', (call) => call.answer());
    server.microphone.hears = sineOf(1700);
    const call = await alice.phone.dial('sip:server@10.0.0.2');
    await world.run(1000);
    expect(call.state).toBe('connected');
    expect([server.microphone.opened, server.speaker.opened, server.ringer.opened]).toEqual([0, 0, 0]);
    expect(await server.phone.audio.stats()).toBeUndefined();
    server.phone.audio.attach(server.incoming[0]);
    await world.run(1000);
    expect(toneAtEnd(alice.speaker.played, 1700, 300)).toBeGreaterThan(LOUD);
    server.phone.audio.detach(server.incoming[0]);
    await world.run(500);
    expect(toneAtEnd(alice.speaker.played, 1700, 200)).toBeLessThan(QUIET);
    expect(call.state).toBe('connected');
  });

  it('beeps when a call was answered by itself, if asked to', async () => {
    const alice = await desk('10.0.0.1', { tones: false });
    const bob = await desk('10.0.0.2', { tones: { ring: 'off', connectBeep: 'automatic' } });
    bob.phone.policies.configure({ answering: { automatic: 'all' } });
    const call = await alice.phone.dial('sip:bob@10.0.0.2');
    await world.run(1000);
    expect(call.state).toBe('connected');
    expect(Math.max(...bob.speaker.played)).toBeGreaterThan(3000);
    expect(toneAtEnd(bob.speaker.played, 1000, 200)).toBeLessThan(QUIET);
  });

  it('lists and chooses devices, and tells what became of them', async () => {
    const { phone, speaker, ringer } = await desk('10.0.0.1');
    const changes: string[] = [];
    phone.audio.on('device', ({ role, using }) => changes.push(`${role} ${using.join()}`));
    expect((await phone.audio.devices()).map(({ name }) => name)).toEqual(['speaker', 'bell', 'microphone']);
    await phone.audio.select('speaker', 'bell');
    expect([phone.audio.selected('speaker'), phone.audio.selected('microphone')]).toEqual([
      'bell',
      'default',
    ]);
    await expect(phone.audio.select('speaker', 'nobody')).rejects.toMatchObject({ code: 'ERR_AUDIO_DEVICE' });
    expect(phone.audio.selected('speaker')).toBe('bell');
    const { done } = await phone.audio.play('speaker', {
      tone: { segments: [{ frequencies: [600], durationMs: 300 }], repeat: 1 },
    });
    await world.run(1000);
    expect(await done).toMatchObject({ reason: 'end' });
    expect(speaker.opened).toBe(0);
    expect(Math.max(...ringer.played)).toBeGreaterThan(3000);
    expect(changes).toContain('speaker bell');
  });
});
