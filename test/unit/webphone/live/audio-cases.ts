/** Settings of devices, echo, levels and streams, with sound in memory. */
import { expect } from 'vitest';
import type { MediaSession } from '../../../../src/media/index.js';
import { sineOf, sound, toneAtEnd } from '../../../support/headset-room.js';
import { sines } from '../../../support/signals.js';
import { atDesk, type DeskOptions, type WebphoneDesk } from '../../../support/webphone-desk.js';
import type { LiveCase, LiveCases } from './live-phone.js';

const LOUD = -35;

class LiveDesk {
  constructor(readonly desk: WebphoneDesk) {}

  async set(name: string, value: string | number): Promise<void> {
    expect(this.desk.webphone.API_SetParameter(name, value)).toBe(true);
    await this.desk.run(100);
  }

  async echo(): Promise<string> {
    await this.desk.run(600);
    return (await this.desk.headsets[0].stats()).echo;
  }

  /** How many of a kind are told within so long. */
  async told(kind: 'RTPSTAT' | 'VAD' | 'WARNING', ms: number): Promise<number> {
    const before = this.desk.strings(kind).length;
    await this.desk.run(ms);
    return this.desk.strings(kind).length - before;
  }
}

const atLive =
  (
    work: (live: LiveDesk) => Promise<void>,
    given: Readonly<Record<string, string | number | boolean>> = {},
    options?: DeskOptions,
  ): LiveCase =>
  () =>
    atDesk(given, (desk) => work(new LiveDesk(desk)), options);

const silencer: DeskOptions = {
  loadCanceller: async () => ({ process: (near) => void near.fill(0), delayMs: 0, close: () => {} }),
};

const OFF = { useaudiodevicerecord: false };
const bytes = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

/** A tone of 1000 Hz as the setting has it is heard as such at the other end; before the change it is not. */
const stream = (name: string, value: number, make: () => Uint8Array): LiveCase =>
  atLive(async ({ desk }) => {
    const call = await desk.talks();
    const tone = async (): Promise<number> => {
      expect(desk.webphone.API_StreamSoundBuff(1, -1, make(), 0)).toBe(true);
      const level = toneAtEnd(await desk.hear(call, 900), 1000, 400);
      desk.webphone.API_StreamSoundBuff(0, -1, new Uint8Array(0), 0);
      await desk.run(300);
      return level;
    };
    const before = await tone();
    expect(desk.webphone.API_SetParameter(name, value)).toBe(true);
    const after = await tone();
    expect(after).toBeGreaterThan(LOUD);
    expect(after - before).toBeGreaterThan(6);
  }, OFF);

const tone = (rate: number): Int16Array => sines(rate, 1500, { hz: 1000, levelDb: -6 });

export const audioCases: LiveCases = {
  audiodevicein: atLive(async (live) => {
    const { desk } = live;
    desk.microphone.hears = sineOf(1000);
    const call = await desk.talks();
    await live.set('audiodevicein', 'None');
    await desk.run(500);
    expect(toneAtEnd(await desk.hear(call, 700), 1000, 200)).toBeLessThan(LOUD);
    await live.set('audiodevicein', 'Desk mic');
    await desk.run(500);
    expect(toneAtEnd(await desk.hear(call, 700), 1000, 200)).toBeGreaterThan(LOUD);
  }),
  audiodeviceout: atLive(async (live) => {
    const { desk } = live;
    sound((await desk.talks()).media as MediaSession, 600);
    await live.set('audiodeviceout', 'Bell');
    await desk.run(500);
    expect(toneAtEnd(desk.bell.played, 600, 200)).toBeGreaterThan(LOUD);
  }),
  changeaudiodevimmmediate: atLive(async (live) => {
    const { desk } = live;
    sound((await desk.talks()).media as MediaSession, 600);
    await live.set('changeaudiodevimmmediate', 0);
    await live.set('audiodeviceout', 'Bell');
    await desk.run(500);
    expect(desk.bell.played).toHaveLength(0);
    await live.set('changeaudiodevimmmediate', 1);
    await live.set('audiodeviceout', 'Desk speaker');
    await live.set('audiodeviceout', 'Bell');
    await desk.run(500);
    expect(toneAtEnd(desk.bell.played, 600, 200)).toBeGreaterThan(LOUD);
  }),
  audiodevicering: atLive(async (live) => {
    const { desk } = live;
    await live.set('audiodevicering', 'Desk speaker');
    await desk.called();
    await desk.run(1000);
    expect(Math.max(0, ...desk.speaker.played)).toBeGreaterThan(3000);
    expect(desk.bell.played).toHaveLength(0);
  }),
  volumein: atLive(async (live) => {
    const { desk } = live;
    desk.microphone.hears = sineOf(1000, 4000);
    const call = await desk.talks();
    await desk.run(500);
    const usual = toneAtEnd(await desk.hear(call, 700), 1000, 200);
    await live.set('volumein', 25);
    expect(toneAtEnd(await desk.hear(call, 700), 1000, 200) - usual).toBeCloseTo(-12, 0);
  }),
  volumeout: atLive(async (live) => {
    const { desk } = live;
    sound((await desk.talks()).media as MediaSession, 600);
    await desk.run(700);
    const usual = toneAtEnd(desk.speaker.played, 600, 200);
    await live.set('volumeout', 25);
    await desk.run(700);
    expect(toneAtEnd(desk.speaker.played, 600, 200) - usual).toBeCloseTo(-12, 0);
  }),
  volumering: atLive(async (live) => {
    const { desk } = live;
    await desk.called();
    await desk.run(1000);
    const loudest = (): number => Math.max(0, ...desk.bell.played);
    expect(loudest()).toBeGreaterThan(3000);
    await live.set('volumering', 0);
    desk.bell.forget();
    await desk.run(6000);
    expect(loudest()).toBe(0);
  }),
  aectype: atLive(
    async (live) => {
      await live.desk.talks();
      expect(await live.echo()).toBe('off');
      await live.set('aectype', 'software');
      expect(await live.echo()).toBe('cancelling');
    },
    {},
    silencer,
  ),
  aec: atLive(
    async (live) => {
      await live.desk.talks();
      expect(await live.echo()).toBe('off');
      await live.set('aec', 2);
      expect(await live.echo()).toBe('cancelling');
    },
    { aectype: 'auto', aec: 0 },
    silencer,
  ),
  aec2: atLive(
    async (live) => {
      await live.desk.talks();
      expect(await live.echo()).toBe('off');
      await live.set('aec2', 2);
      expect(await live.echo()).toBe('cancelling');
    },
    { aectype: 'auto', aec: 0 },
    silencer,
  ),
  enablenomicvoicewarning: atLive(
    async (live) => {
      await live.desk.talks();
      expect(await live.told('WARNING', 15_000)).toBe(0);
      await live.set('enablenomicvoicewarning', 1);
      expect(await live.told('WARNING', 15_000)).toBe(1);
    },
    { enablenomicvoicewarning: 0 },
  ),
  rtpstat: atLive(async (live) => {
    await live.desk.talks();
    await live.set('rtpstat', 0);
    expect(await live.told('RTPSTAT', 10_000)).toBe(0);
    await live.set('rtpstat', 2);
    expect(await live.told('RTPSTAT', 10_000)).toBe(5);
    await live.set('rtpstat', 5);
    expect(await live.told('RTPSTAT', 10_000)).toBe(2);
  }),
  vadstat: atLive(async (live) => {
    await live.desk.talks();
    expect(await live.told('VAD', 7000)).toBe(0);
    await live.set('vadstat', 3);
    expect(await live.told('VAD', 7000)).toBeGreaterThan(0);
  }),
  vadstat_ival: atLive(
    async (live) => {
      await live.desk.talks();
      expect(await live.told('VAD', 5000)).toBe(0);
      await live.set('vadstat_ival', 500);
      expect(await live.told('VAD', 1000)).toBeGreaterThan(0);
    },
    { vadstat: 3, vadstat_ival: 100_000 },
  ),
  vadbyline: atLive(
    async (live) => {
      await live.desk.talks();
      await live.desk.run(2000);
      await live.set('vadbyline', 1);
      await live.desk.run(2000);
      expect(live.desk.strings('VAD').at(-1)).toMatch(/^VAD,line: 1 /);
    },
    { vadstat: 3, vadstat_ival: 500 },
  ),
  audioinput_bitdepth: stream('audioinput_bitdepth', 8, () =>
    Uint8Array.from(tone(8000), (sample) => (sample >> 8) + 128),
  ),
  audioinput_channels: stream('audioinput_channels', 2, () => {
    const pcm = tone(8000);
    return bytes(Int16Array.from({ length: 2 * pcm.length }, (_, i) => pcm[i >> 1]));
  }),
  audioinput_samplerate: stream('audioinput_samplerate', 16_000, () => bytes(tone(16_000))),
  realtimeplayback: atLive(async (live) => {
    const { desk } = live;
    const call = await desk.talks();
    const low = (): Uint8Array => bytes(sines(8000, 1500, { hz: 600, levelDb: -6 }));
    await live.set('realtimeplayback', 1);
    desk.webphone.API_StreamSoundBuff(1, -1, low(), 0);
    desk.webphone.API_StreamSoundBuff(1, -1, bytes(tone(8000)), 0);
    // What comes takes the place of what is still to be sent.
    expect(toneAtEnd(await desk.hear(call, 700), 1000, 300)).toBeGreaterThan(LOUD);
  }, OFF),
  streamsoundisrtp: atLive(async (live) => {
    const { desk } = live;
    await desk.talks();
    const samples = new Uint8Array(320);
    expect(desk.webphone.API_StreamSoundBuff(1, -1, samples, 0)).toBe(true);
    await live.set('streamsoundisrtp', 1);
    expect(desk.webphone.API_StreamSoundBuff(1, -1, samples, 0)).toBe(false);
    await live.set('streamsoundisrtp', 0);
    expect(desk.webphone.API_StreamSoundBuff(1, -1, samples, 0)).toBe(true);
  }, OFF),
};
