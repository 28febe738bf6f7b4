import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EchoCanceller, type EchoSuppressor } from '../../../../src/dsp/echo-canceller.js';
import { levelDbov } from '../../../../src/dsp/level.js';
import { DecibriBackend, type DecibriLibrary } from '../../../../src/media/devices/decibri-backend.js';
import { devicesFor, looksLikeHeadset, parseChoice } from '../../../../src/media/devices/device-choice.js';
import { parseDefaults, parseEntries, toDevices } from '../../../../src/media/devices/pulse-list.js';
import { readWav, writeWav } from '../../../../src/media/index.js';
import { FakeAudioDevice } from '../../../../src/testing/fake-audio.js';
import { headsetRoom, sineOf, sound, toneAtEnd } from '../../../support/headset-room.js';
import { babble } from '../../../support/media-pair.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-devices-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the list of PulseAudio', () => {
  const sink = (name: string, description: string) => ({ name, description, properties: {} });

  it('[audio-devices/2] has outputs and inputs, monitors last, with names that tell them apart', () => {
    const sinks = [sink('alsa.0', 'Built-in'), sink('usb.1', 'Headset'), sink('usb.2', 'Headset')];
    const sources = [
      {
        name: 'alsa.0.monitor',
        description: 'Monitor of Built-in',
        properties: { 'device.class': 'monitor' },
      },
      { name: 'alsa.in', description: 'Built-in microphone', properties: { 'device.class': 'sound' } },
      { name: 'pw', description: '(null)' },
      null,
      { description: 'nameless' },
    ];
    const devices = toDevices(
      parseEntries(JSON.stringify(sinks)),
      parseEntries(JSON.stringify(sources)),
      parseDefaults('{"default_sink_name":"usb.1","default_source_name":"alsa.in","server_name":"x"}'),
    );
    expect(devices.map(({ kind, name, isDefault }) => `${kind} ${name}${isDefault ? ' *' : ''}`)).toEqual([
      'output Built-in',
      'output Headset (usb.1) *',
      'output Headset (usb.2)',
      'input Built-in microphone *',
      'input pw',
      'input Monitor of Built-in',
    ]);
    const chosen = (choice: string | number) =>
      devicesFor('speaker', parseChoice('speaker', choice), devices).map(({ id }) => id);
    expect(chosen('Headset (usb.2)')).toEqual(['usb.2']);
    expect(chosen('built-in')).toEqual(['alsa.0']);
    expect(chosen(2)).toEqual(['usb.1']);
    expect(chosen('DEFAULT')).toEqual(['usb.1']);
    expect(chosen('file:a.wav')).toEqual(['file:a.wav']);
    expect(devicesFor('ringer', parseChoice('ringer', 'All'), devices)).toHaveLength(3);
    expect(devices.map(looksLikeHeadset)).toEqual([false, true, true, false, false, false]);
    expect(parseEntries('{}')).toEqual([]);
  });
});

describe('the backend by the package decibri', () => {
  const speakerDevice = { id: 'wasapi:1', name: 'Speakers', kind: 'output', isDefault: true } as const;

  it('names the package when it is not installed', async () => {
    await expect(new DecibriBackend().list()).rejects.toMatchObject({
      code: 'ERR_AUDIO_BACKEND',
      message: expect.stringContaining('the package decibri is not installed (npm install decibri@5.7.0)'),
    });
    const why = await new Promise((resolve) =>
      new DecibriBackend().playback(speakerDevice, { sampleRate: 16_000, label: 'x', onEnd: resolve }),
    );
    expect(why).toContain('decibri');
  });

  it('lists, hears, plays in order, and ends with the device', async () => {
    const written: number[] = [];
    const opened: unknown[] = [];
    let hear: (chunk: Buffer) => void = () => {};
    let fail: (error: Error) => void = () => {};
    const stream = {
      on: (event: string, listener: never) => {
        if (event === 'data') hear = listener;
        if (event === 'error') fail = listener;
      },
      stop: () => {},
      underrunCount: 0,
      writeAsync: async (chunk: Buffer) => {
        await sleep(Math.random() * 3);
        written.push(chunk.readInt16LE(0));
      },
    };
    const open = async (options: unknown) => {
      opened.push(options);
      return stream;
    };
    const info = { name: 'Speakers', id: 'wasapi:1', isDefault: true };
    const library = {
      Microphone: { open, devices: () => [{ ...info, name: 'Microphone', id: '' }] },
      Speaker: { open, devices: () => [info] },
    } as DecibriLibrary;
    const backend = new DecibriBackend(async () => library);
    const devices = await backend.list();
    expect(devices).toEqual([
      speakerDevice,
      { id: 'Microphone', name: 'Microphone', kind: 'input', isDefault: true },
    ]);
    const ended: string[] = [];
    const options = { sampleRate: 16_000, label: 'x', onEnd: (why: string) => void ended.push(why) };
    const playback = backend.playback(devices[0], options);
    await sleep(5);
    expect(playback.ready).toBe(true);
    for (let i = 0; i < 8; i++) playback.write(Int16Array.of(i, 0), 2);
    await sleep(60);
    expect(written).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const heard: number[] = [];
    backend.capture(devices[1], {
      ...options,
      onSamples: (pcm, count) => void heard.push(...pcm.subarray(0, count)),
    });
    await sleep(5);
    hear(Buffer.from(Int16Array.of(5, -6, 7).buffer));
    expect(heard).toEqual([5, -6, 7]);
    fail(new Error('unplugged'));
    expect(ended).toEqual(['unplugged']);
    expect(opened).toMatchObject([{ device: { id: 'wasapi:1' }, channels: 1 }, { framesPerBuffer: 160 }]);
  });
});

describe('files as devices', () => {
  it('are a microphone that says the file once, and a speaker that keeps all it plays', async () => {
    const room = await headsetRoom();
    const says = join(folder, 'says.wav');
    const keeps = join(folder, 'keeps.wav');
    const tone = Int16Array.from({ length: 16_000 }, (_, i) => sineOf(1000)(i, 8000));
    await writeWav(says, [tone], 8000);
    const headset = await room.engine.openHeadset({
      microphone: `file:${says}`,
      speaker: `file:${keeps}`,
      echoCancellation: 'off',
    });
    const call = await room.call();
    sound(call.far, 600);
    headset.add(call.leg);
    await room.clock.run(100);
    await sleep(200);
    const heard = await room.hear(call, 1500);
    expect(toneAtEnd(heard, 1000)).toBeGreaterThan(-25);
    await room.clock.run(1500);
    expect(levelDbov(await room.hear(call, 500))).toBeLessThan(-60);
    await headset.close();
    const { mono, sampleRate } = await readWav(keeps);
    expect(sampleRate).toBe(16_000);
    expect(mono.length / 16).toBeGreaterThan(3000);
    expect(toneAtEnd(mono, 600, 2000)).toBeGreaterThan(-25);
    await room.engine.close();
  });

  it('that are missing are a lost device', async () => {
    const room = await headsetRoom();
    const headset = await room.engine.openHeadset({ microphone: `file:${join(folder, 'nothing.wav')}` });
    const lost = new Promise((resolve) =>
      headset.on('device', (change) => {
        if (change.what === 'lost') resolve(change);
      }),
    );
    const call = await room.call();
    headset.add(call.leg);
    await room.clock.run(100);
    await sleep(100);
    await room.clock.run(100);
    expect(await lost).toMatchObject({
      role: 'microphone',
      why: expect.stringContaining('no such file or folder'),
      using: ['Desk microphone'],
    });
    await room.engine.close();
  });
});

describe('echo cancellation of a headset', () => {
  /** Silences the microphone: it can be told whether it works. */
  const canceller = (log: string[]) => async (): Promise<EchoSuppressor> => {
    log.push('loaded');
    return {
      process: (near) => void near.fill(0),
      set delayMs(ms: number) {
        if (ms > 0) log.push('delay');
      },
      close: () => void log.push('closed'),
    };
  };

  it('[audio-enh/2] is loaded when a microphone is open and wanted, never when off, and not for a headset at the ear', async () => {
    const log: string[] = [];
    const room = await headsetRoom({ loadCanceller: canceller(log) });
    room.microphone.hears = sineOf(1000);
    const phones = room.backend.plug(new FakeAudioDevice('usb', 'output', { name: 'USB Headset' }));
    const headset = await room.engine.openHeadset({ echoCancellation: 'off' });
    const call = await room.call();
    headset.add(call.leg);
    expect(toneAtEnd(await room.hear(call, 1500), 1000)).toBeGreaterThan(-25);
    expect([log, (await headset.stats()).echo]).toEqual([[], 'off']);
    headset.setEchoCancellation('auto');
    await room.clock.run(1000);
    expect((await headset.stats()).echo).toBe('cancelling');
    expect(toneAtEnd(await room.hear(call, 600), 1000, 200)).toBeLessThan(-60);
    expect(log).toEqual(['loaded', 'delay']);
    await headset.select('speaker', 'USB Headset');
    await room.clock.run(200);
    expect(phones.streams).toBe(1);
    expect((await headset.stats()).echo).toBe('off');
    expect(toneAtEnd(await room.hear(call, 600), 1000, 200)).toBeGreaterThan(-25);
    headset.setEchoCancellation('on');
    await room.clock.run(200);
    expect((await headset.stats()).echo).toBe('cancelling');
    headset.remove(call.leg);
    await room.clock.run(3000);
    expect(log.at(-1)).toBe('closed');
    await room.engine.close();
  });

  it('[audio-enh/1] falls back to making the microphone softer where it cannot be loaded, told once', async () => {
    const room = await headsetRoom({ loadCanceller: () => Promise.reject(new Error('no WebAssembly')) });
    room.microphone.hears = sineOf(1000, 2000);
    const errors: string[] = [];
    const headset = await room.engine.openHeadset({ echoCancellation: 'on' });
    headset.on('error', (error) => void errors.push(error.message));
    const call = await room.call();
    headset.add(call.leg);
    const quiet = toneAtEnd(await room.hear(call, 1500), 1000);
    sound(call.far, 600);
    await room.clock.run(500);
    const ducked = toneAtEnd(await room.hear(call, 1000), 1000);
    expect(quiet - ducked).toBeGreaterThan(20);
    expect((await headset.stats()).echo).toBe('ducking');
    expect(errors).toEqual(['the echo canceller cannot be loaded: no WebAssembly']);
    await room.engine.close();
  });

  it('takes the far end out of what it hears of itself, with the real canceller', async () => {
    const levels: number[] = [];
    for (const echoCancellation of ['off', 'on'] as const) {
      const room = await headsetRoom({ loadCanceller: EchoCanceller.open });
      const headset = await room.engine.openHeadset({ echoCancellation });
      const call = await room.call(true);
      // The microphone hears what the speaker played 60 ms ago, at half the level.
      let played = new Int16Array(0);
      room.microphone.hears = (position) => {
        if (position % 160 === 0) played = room.speaker.played as Int16Array<ArrayBuffer>;
        return (played[played.length - 960 + (position % 160)] ?? 0) >> 1;
      };
      headset.add(call.leg);
      call.far.play({ samples: babble(4), sampleRate: 8000 }, { loop: true });
      await room.clock.run(300);
      await sleep(300);
      await room.clock.run(4000);
      levels.push(levelDbov(await room.hear(call, 2000)));
      if (echoCancellation === 'on') expect((await headset.stats()).echo).toBe('cancelling');
      await room.engine.close();
    }
    expect(levels[0] - levels[1]).toBeGreaterThan(15);
  });
});
