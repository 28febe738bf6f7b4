import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../../src/dsp/level.js';
import type { DeviceChange, HeadsetOptions } from '../../../../src/media/index.js';
import { FakeAudioDevice } from '../../../../src/testing/fake-audio.js';
import { type HeadsetRoom, headsetRoom, sineOf, sound, toneAtEnd } from '../../../support/headset-room.js';
import { sines } from '../../../support/signals.js';

const LOUD = -25;
const QUIET = -60;

async function headset(room: HeadsetRoom, options: HeadsetOptions = {}) {
  const opened = await room.engine.openHeadset({ echoCancellation: 'off', ...options });
  const changes: DeviceChange[] = [];
  const errors: string[] = [];
  opened.on('device', (change) => void changes.push(change));
  opened.on('error', (error) => void errors.push(error.code));
  await room.clock.run(10);
  return { opened, changes, errors };
}

describe('a headset', () => {
  it('carries the microphone to the call and the call to the speaker', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room);
    room.microphone.hears = sineOf(1000);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    const heard = await room.hear(call, 2000);
    expect(toneAtEnd(heard, 1000)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(heard, 600)).toBeLessThan(QUIET);
    expect(toneAtEnd(room.speaker.played, 600)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(room.speaker.played, 1000)).toBeLessThan(QUIET);
    const { microphone, speaker, loopMs } = await opened.stats();
    expect(microphone).toMatchObject({ devices: ['Desk microphone'], underruns: 0 });
    expect(speaker).toMatchObject({ devices: ['Desk speaker'], underruns: 0 });
    expect(loopMs).toBeGreaterThan(10);
    expect(loopMs).toBeLessThan(80);
    await room.engine.close();
  });

  it('opens devices when a call needs them and gives them back afterwards', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room, { idleMs: 500 });
    const call = await room.call();
    expect([room.microphone.opened, room.speaker.opened]).toEqual([0, 0]);
    opened.add(call.leg, { microphone: false });
    await room.clock.run(100);
    expect([room.microphone.streams, room.speaker.streams]).toEqual([0, 1]);
    opened.set(call.leg, {});
    await room.clock.run(100);
    expect([room.microphone.streams, room.speaker.streams]).toEqual([1, 1]);
    await call.leg.close();
    await room.clock.run(200);
    expect(opened.members).toEqual([]);
    expect([room.microphone.streams, room.speaker.streams]).toEqual([1, 1]);
    await room.clock.run(500);
    expect([room.microphone.streams, room.speaker.streams]).toEqual([0, 0]);
    await room.engine.close();
  });

  it('serves several calls: each hears the microphone, none the other, the speaker both', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room);
    room.microphone.hears = sineOf(1000);
    const [one, two] = [await room.call(), await room.call(true)];
    sound(one.far, 600);
    sound(two.far, 1700);
    opened.add(one.leg);
    opened.add(two.leg);
    await room.clock.run(1000);
    const heardByOne = await room.hear(one, 1000);
    const heardByTwo = await room.hear(two, 1000);
    for (const heard of [heardByOne, heardByTwo]) {
      expect(toneAtEnd(heard, 1000)).toBeGreaterThan(LOUD);
      expect(toneAtEnd(heard, 600)).toBeLessThan(QUIET);
      expect(toneAtEnd(heard, 1700)).toBeLessThan(QUIET);
    }
    expect(toneAtEnd(room.speaker.played, 600)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(room.speaker.played, 1700)).toBeGreaterThan(LOUD);
    opened.set(two.leg, { microphone: false, speaker: false });
    await room.clock.run(200);
    expect(levelDbov(await room.hear(two, 500))).toBeLessThan(QUIET);
    expect(toneAtEnd(room.speaker.played, 1700, 300)).toBeLessThan(QUIET);
    expect(toneAtEnd(room.speaker.played, 600, 300)).toBeGreaterThan(LOUD);
    await room.engine.close();
  });

  it('[audio-devices/4] has volumes from 0 to 100 for each device and each call; 50 leaves the sound as it is', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room, { volumes: { speaker: 0 } });
    room.microphone.hears = sineOf(1000, 4000);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(1000);
    const spoken = (): number => toneAtEnd(room.speaker.played, 600, 200);
    expect(spoken()).toBeLessThan(QUIET);
    const level = async (): Promise<number> => toneAtEnd(await room.hear(call, 600), 1000, 200);
    opened.setVolume('speaker', 50);
    const usual = await level();
    const usualSpoken = spoken();
    opened.setVolume('microphone', 100);
    opened.setVolume('speaker', 25);
    expect((await level()) - usual).toBeCloseTo(12, 0);
    expect(spoken() - usualSpoken).toBeCloseTo(-12, 0);
    expect([opened.volume('microphone'), opened.volume('speaker'), opened.volume('ringer')]).toEqual([
      100, 25, 50,
    ]);
    opened.setVolume('microphone', 0);
    opened.set(call.leg, { speakerVolume: 25 });
    expect(await level()).toBeLessThan(QUIET);
    expect(spoken() - usualSpoken).toBeCloseTo(-24, 0);
    expect(() => opened.setVolume('microphone', 101)).toThrow(/volume 101 is not 0 to 100/);
    await room.engine.close();
  });

  it('plays a sound on a device of its own, or the default where that is not there', async () => {
    const room = await headsetRoom();
    const bell = room.backend.plug(new FakeAudioDevice('bell', 'output', { name: 'Bell' }));
    const { opened, changes } = await headset(room);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(500);
    const before = changes.length;
    const tone = { samples: sines(8000, 600, { hz: 1000, levelDb: -6 }), sampleRate: 8000 };
    const played = opened.play('speaker', tone, { device: 'Bell' });
    await room.clock.run(500);
    expect(toneAtEnd(bell.played, 1000, 200)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(bell.played, 600, 200)).toBeLessThan(QUIET);
    expect(toneAtEnd(room.speaker.played, 1000, 200)).toBeLessThan(QUIET);
    await room.clock.run(1500);
    expect((await played.done).reason).toBe('end');
    opened.setVolume('speaker', 0);
    opened.play('speaker', tone, { device: 'Bell' });
    await room.clock.run(500);
    expect(toneAtEnd(bell.played, 1000, 200)).toBeLessThan(QUIET);
    opened.play('ringer', tone, { device: 'all' });
    await room.clock.run(500);
    for (const device of [bell, room.speaker])
      expect(toneAtEnd(device.played, 1000, 200)).toBeGreaterThan(LOUD);
    expect(changes.length).toBe(before);
    room.speaker.forget();
    opened.setVolume('speaker', 50);
    opened.play('speaker', tone, { device: 'Nowhere' });
    await room.clock.run(500);
    expect(toneAtEnd(room.speaker.played, 1000, 200)).toBeGreaterThan(LOUD);
    expect(() => opened.play('speaker', tone, { device: 'all' })).toThrow(/cannot be all devices/);
    await room.clock.run(5000);
    expect([bell.streams, room.speaker.streams]).toEqual([0, 1]);
    await room.engine.close();
  });

  it('mutes microphone and speaker without touching the volume', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room);
    room.microphone.hears = sineOf(1000);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(500);
    opened.setMute({ microphone: true });
    expect(opened.muted('microphone')).toBe(true);
    await room.clock.run(200);
    expect(toneAtEnd(await room.hear(call, 500), 1000)).toBeLessThan(QUIET);
    expect(toneAtEnd(room.speaker.played, 600, 300)).toBeGreaterThan(LOUD);
    opened.setMute({ microphone: false, speaker: true });
    await room.clock.run(200);
    expect(toneAtEnd(await room.hear(call, 500), 1000)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(room.speaker.played, 600, 300)).toBeLessThan(QUIET);
    expect(opened.volume('speaker')).toBe(50);
    await room.engine.close();
  });
});

describe('the devices of a headset', () => {
  const second = () => new FakeAudioDevice('usb', 'output', { name: 'USB phones' });

  it('[audio-devices/0] are listed, chosen and changed in a call, now or for the next one', async () => {
    const room = await headsetRoom();
    const usb = room.backend.plug(second());
    const { opened } = await headset(room, { idleMs: 0 });
    expect((await opened.devices()).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'output Desk speaker',
      'input Desk microphone',
      'output USB phones',
    ]);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(1000);
    await opened.select('speaker', 'USB phones', 'next-call');
    await room.clock.run(500);
    expect([room.speaker.streams, usb.streams]).toEqual([1, 0]);
    await opened.select('speaker', 'USB phones');
    await room.clock.run(500);
    expect([room.speaker.streams, usb.streams]).toEqual([0, 1]);
    expect(toneAtEnd(usb.played, 600, 300)).toBeGreaterThan(LOUD);
    await opened.select('speaker', 'Desk speaker', 'next-call');
    await call.leg.close();
    await room.clock.run(500);
    const next = await room.call();
    opened.add(next.leg);
    await room.clock.run(500);
    expect([room.speaker.streams, usb.streams]).toEqual([1, 0]);
    expect(opened.selected('speaker')).toBe('Desk speaker');
    await room.engine.close();
  });

  it('[audio-devices/3] are meant by name as listed, by number, by 0 or Default; All is for the ringer', async () => {
    const room = await headsetRoom();
    const usb = room.backend.plug(second());
    const { opened, changes } = await headset(room, { ringer: 'All' });
    const call = await room.call();
    opened.add(call.leg);
    await room.clock.run(50);
    const used: string[] = [];
    for (const choice of ['USB phones', 1, '2', 0, 'usb', 'Default', 'none']) {
      await opened.select('speaker', choice);
      await room.clock.run(20);
      used.push((await opened.stats()).speaker.devices.join());
    }
    expect(used).toEqual([
      'USB phones',
      'Desk speaker',
      'USB phones',
      'Desk speaker',
      'USB phones',
      'Desk speaker',
      '',
    ]);
    await expect(opened.select('speaker', 'Nobody')).rejects.toMatchObject({ code: 'ERR_AUDIO_DEVICE' });
    await expect(opened.select('speaker', 7)).rejects.toMatchObject({ code: 'ERR_AUDIO_DEVICE' });
    await expect(opened.select('microphone', 'all')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    const ringing = opened.play('ringer', { tone: 'ringback-eu' }, { loop: true });
    await room.clock.run(900);
    for (const device of [room.speaker, usb])
      expect(toneAtEnd(device.played, 425, 300)).toBeGreaterThan(LOUD);
    ringing.stop();
    expect(await ringing.done).toMatchObject({ reason: 'stopped' });
    expect(changes.at(-1)).toMatchObject({ role: 'ringer', using: ['Desk speaker', 'USB phones'] });
    await room.engine.close();
  });

  it('may be unplugged: the call goes on with the default, it is told once, and they come back', async () => {
    const room = await headsetRoom();
    const usb = room.backend.plug(second());
    const { opened, changes, errors } = await headset(room, { speaker: 'USB phones' });
    room.microphone.hears = sineOf(1000);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(1000);
    expect(usb.streams).toBe(1);
    room.backend.unplug(usb);
    await room.clock.run(3000);
    expect(toneAtEnd(room.speaker.played, 600, 300)).toBeGreaterThan(LOUD);
    expect(toneAtEnd(await room.hear(call, 500), 1000)).toBeGreaterThan(LOUD);
    room.backend.plug(usb);
    await room.clock.run(1000);
    expect([room.speaker.streams, usb.streams]).toEqual([0, 1]);
    const told = changes.filter(({ role }) => role === 'speaker').map(({ what, using }) => [what, ...using]);
    expect(told).toEqual([
      ['open', 'USB phones'],
      ['lost', 'Desk speaker'],
      ['found', 'USB phones'],
    ]);
    expect(changes.find(({ what }) => what === 'lost')).toMatchObject({
      wanted: 'USB phones',
      why: 'unplugged',
    });
    expect(errors).toEqual([]);
    await room.engine.close();
  });

  it('that fail though they are there are tried again, less and less often', async () => {
    const room = await headsetRoom();
    const usb = room.backend.plug(second());
    const { opened, changes } = await headset(room, { speaker: 'usb' });
    usb.failure = 'busy';
    const call = await room.call();
    opened.add(call.leg);
    await room.clock.run(60_000);
    expect(usb.opened).toBeGreaterThan(4);
    expect(usb.opened).toBeLessThan(12);
    expect(room.speaker.streams).toBe(1);
    usb.failure = undefined;
    await room.clock.run(11_000);
    expect([room.speaker.streams, usb.streams]).toEqual([0, 1]);
    expect(changes.filter(({ what }) => what === 'lost').length).toBeLessThan(12);
    await room.engine.close();
  });

  it('follow the system when it names another default', async () => {
    const room = await headsetRoom();
    const { opened } = await headset(room);
    const call = await room.call();
    opened.add(call.leg);
    await room.clock.run(100);
    room.speaker.isDefault = false;
    const usb = room.backend.plug(new FakeAudioDevice('usb', 'output', { isDefault: true }));
    await room.clock.run(100);
    expect([room.speaker.streams, usb.streams]).toEqual([0, 1]);
    await room.engine.close();
  });

  it('[audio-devices/1] need not be there: calls go on, the lack is told once, and devices that come are taken', async () => {
    const room = await headsetRoom();
    room.backend.missing = 'no sound server';
    const { opened, changes, errors } = await headset(room);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    const recording = await room.hear(call, 12_000);
    expect(levelDbov(recording)).toBeLessThan(QUIET);
    expect((await call.leg.stats()).received.packets).toBeGreaterThan(500);
    expect(errors).toEqual(['ERR_AUDIO_BACKEND']);
    expect(changes.map(({ role, what }) => `${role} ${what}`)).toEqual(['microphone lost', 'speaker lost']);
    room.backend.missing = undefined;
    await room.clock.run(6000);
    expect(toneAtEnd(room.speaker.played, 600, 300)).toBeGreaterThan(LOUD);
    expect(changes.slice(2).map(({ role, what }) => `${role} ${what}`)).toEqual([
      'microphone found',
      'speaker found',
    ]);
    const silent = await room.engine.openHeadset({ backend: 'null', microphone: 'none', speaker: 'none' });
    const other = await room.call();
    silent.add(other.leg);
    await room.clock.run(500);
    expect((await silent.stats()).speaker.devices).toEqual([]);
    await room.engine.close();
  });

  it('are looked after when they are too soft: the first time, each time, or never', async () => {
    for (const [raiseVolumes, expected] of [
      ['never', []],
      ['first', ['spk', 'mic']],
      ['always', ['spk', 'mic', 'spk', 'mic']],
    ] as const) {
      const room = await headsetRoom();
      const { opened } = await headset(room, { raiseVolumes, idleMs: 0, duckOthers: true, stereo: true });
      for (let i = 0; i < 2; i++) {
        const call = await room.call();
        opened.add(call.leg);
        await room.clock.run(100);
        expect(room.speaker.options).toMatchObject({ communication: true, stereo: true });
        await call.leg.close();
        await room.clock.run(100);
      }
      expect([...room.backend.raised].sort()).toEqual([...expected].sort());
      await room.engine.close();
    }
  });

  it('run on clocks of their own: a minute at ±300 ppm costs no sample', async () => {
    const room = await headsetRoom();
    room.microphone.isDefault = false;
    room.speaker.isDefault = false;
    const fast = new FakeAudioDevice('fast', 'input', { isDefault: true, driftPpm: 300 });
    room.backend.plug(new FakeAudioDevice('slow', 'output', { isDefault: true, driftPpm: -300 }));
    room.backend.plug(fast);
    const { opened } = await headset(room);
    fast.hears = sineOf(1000);
    const call = await room.call();
    sound(call.far, 600);
    opened.add(call.leg);
    await room.clock.run(60_000);
    const { microphone, speaker } = await opened.stats();
    expect(microphone.underruns).toBe(0);
    expect(microphone.driftPpm).toBeGreaterThan(150);
    expect(microphone.delayMs).toBeLessThan(60);
    expect(speaker.underruns).toBe(0);
    expect(speaker.driftPpm).toBeGreaterThan(150);
    expect(speaker.delayMs).toBeLessThan(80);
    expect(toneAtEnd(await room.hear(call, 1000), 1000)).toBeGreaterThan(LOUD);
    await room.engine.close();
  });
});
