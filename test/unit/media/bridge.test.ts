import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { SeededRandom } from '../../../src/base/random.js';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { MediaEngine, type MediaSession, readWav, type StreamFormat } from '../../../src/media/index.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import { babble } from '../../support/media-pair.js';
import '../../support/preloaded.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchhook-bridge-'));
});
afterAll(() => rm(folder, { recursive: true }));

const PCMU = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
const G722 = { payloadType: 9, codec: 'G722', clockRate: 8000 };
const OPUS = { payloadType: 111, codec: 'opus', clockRate: 48000 };
const TONES = [500, 1100, 1700];

/** A party: the far end of a call, and our leg of it. */
interface Party {
  far: MediaSession;
  leg: MediaSession;
}

async function room() {
  const clock = new VirtualClock();
  const random = new SeededRandom(7);
  const network = new DatagramNetwork(clock, random, { delayMs: 10 });
  const engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport: network });
  let parties = 0;
  const party = async (format: StreamFormat = PCMU): Promise<Party> => {
    const n = ++parties;
    const far = await engine.openSession({ address: `10.0.1.${n}`, label: `far ${n}` });
    const leg = await engine.openSession({ address: '10.0.0.1', label: `leg ${n}` });
    for (const [here, there] of [
      [far, leg],
      [leg, far],
    ]) {
      await here.configure({
        remote: { address: there.address, port: there.rtpPort, rtcpPort: there.rtcpPort },
        direction: 'sendrecv',
        send: format,
        receive: [format],
      });
    }
    return { far, leg };
  };
  /** What the far ends hear for so long. */
  const hear = async (people: readonly Party[], ms: number): Promise<Int16Array[]> => {
    const recordings = await Promise.all(
      people.map(({ far }, i) => far.record(join(folder, `hear-${i}.wav`), { sampleRate: 16000 })),
    );
    await clock.run(ms);
    await Promise.all(recordings.map((recording) => recording.stop()));
    return Promise.all(
      people.map(async (_, i) => (await readWav(join(folder, `hear-${i}.wav`))).channels[0]),
    );
  };
  return { clock, engine, network, party, hear };
}

function tone(session: MediaSession, hz: number): void {
  session.play({ tone: { segments: [{ frequencies: [hz], durationMs: 1000 }] } }, { loop: true });
}

/** Levels of {@link TONES} in a second of audio at 16 kHz. */
function tones(pcm: Int16Array): number[] {
  return TONES.map((hz) => Math.round(toneLevelDbov(pcm.subarray(pcm.length - 16_000), hz, 16_000)));
}

describe('a conference', () => {
  it('[conf-multi/0] of three codecs at three rates: each hears the other two and not itself', async () => {
    const { clock, engine, party, hear } = await room();
    const parties = [await party(PCMU), await party(G722), await party(OPUS)];
    const bridge = await engine.openBridge({ label: 'room' });
    for (const [i, { far, leg }] of parties.entries()) {
      bridge.add(leg);
      tone(far, TONES[i]);
    }
    await clock.run(1000);
    const recording = await bridge.record(join(folder, 'mix.wav'));
    const heard = await hear(parties, 2000);
    for (const [i, pcm] of heard.entries()) {
      const levels = tones(pcm);
      for (const [k, level] of levels.entries()) {
        if (k === i) expect(level, `party ${i} hears itself`).toBeLessThan(-55);
        else
          expect(Math.abs(level + 16), `party ${i} hears party ${k}: ${level} dBov`).toBeLessThanOrEqual(1);
      }
    }
    const result = await recording.stop();
    expect(result.durationMs).toBe(2000);
    const mix = (await readWav(join(folder, 'mix.wav'))).channels;
    expect(mix).toHaveLength(1);
    for (const level of tones(mix[0])) expect(Math.abs(level + 16)).toBeLessThanOrEqual(1);
    expect(bridge.members).toHaveLength(3);
    await engine.close();
    await clock.run(100);
    expect(clock.pending).toBe(0);
  });

  it('mutes, deafens, weighs and lets listen; whispers reach those meant', async () => {
    const { clock, engine, party, hear } = await room();
    const parties = [await party(), await party(), await party()];
    const bridge = await engine.openBridge({ label: 'room', sampleRate: 8000 });
    const [a, b, c] = parties.map(({ leg }) => leg);
    for (const [i, { far, leg }] of parties.entries()) {
      bridge.add(leg);
      tone(far, TONES[i]);
    }
    const present = -16;
    const absent = -60;
    const expectHeard = async (expected: number[][]) => {
      await clock.run(300);
      const heard = await hear(parties, 1200);
      for (const [i, pcm] of heard.entries()) {
        for (const [k, level] of tones(pcm).entries()) {
          const what = `${i} hears ${k} at ${level}, not ${expected[i][k]}`;
          if (expected[i][k] === absent) expect(level, what).toBeLessThan(-50);
          else expect(Math.abs(level - expected[i][k]), what).toBeLessThanOrEqual(1);
        }
      }
    };
    bridge.set(a, { muted: true });
    bridge.set(b, { deaf: true, gain: 0.5 });
    await expectHeard([
      [absent, present - 6, present],
      [absent, absent, absent],
      [absent, present - 6, absent],
    ]);
    bridge.set(a, { listenOnly: true });
    bridge.set(b, {});
    bridge.set(c, { whisperTo: [b] });
    await expectHeard([
      [absent, present, absent],
      [absent, absent, present],
      [absent, present, absent],
    ]);
    await engine.close();
  });

  it('who leaves hears and is heard no more, without a click; the call lives on', async () => {
    const { clock, engine, party, hear } = await room();
    const parties = [await party(), await party()];
    const bridge = await engine.openBridge({ label: 'room' });
    for (const { leg } of parties) bridge.add(leg);
    tone(parties[0].far, 500);
    await clock.run(1000);
    clock.after(500, () => bridge.remove(parties[0].leg));
    const [, pcm] = await hear(parties, 1500);
    // A hard end of the tone would spread over all frequencies.
    let clicks = -127;
    for (let at = 4000; at < pcm.length - 800; at += 160) {
      clicks = Math.max(clicks, toneLevelDbov(pcm.subarray(at, at + 800), 3000, 16_000));
    }
    expect(clicks).toBeLessThan(-55);
    expect(levelDbov(pcm, 0, 4000)).toBeGreaterThan(-20);
    expect(levelDbov(pcm, 16_000, 8000)).toBeLessThan(-80);
    expect(bridge.members).toEqual([parties[1].leg]);
    await parties[1].leg.close();
    expect(bridge.members).toHaveLength(0);
    bridge.add(parties[0].leg);
    await bridge.close();
    await clock.run(100);
    expect((await parties[0].leg.stats()).received.packets).toBeGreaterThan(50);
    expect(() => bridge.add(parties[0].leg)).toThrow('the bridge is closed');
    await engine.close();
  });

  it('of thirty who come, go and hang up while it is recorded: in time, and those who stay hear no gap', async () => {
    const { clock, engine, party } = await room();
    const random = new SeededRandom(30);
    const parties: Party[] = [];
    for (let i = 0; i < 30; i++) parties.push(await party([PCMU, G722][i % 2]));
    const [speaker, listener, ...others] = parties;
    tone(speaker.far, TONES[1]);
    const bridge = await engine.openBridge({ label: 'room' });
    for (const { leg } of parties) bridge.add(leg);
    await clock.run(500);
    const recordings = [
      await bridge.record(join(folder, 'room.wav'), { sampleRate: 16_000 }),
      await listener.far.record(join(folder, 'listener.wav'), { sampleRate: 16_000 }),
    ];
    for (let i = 0; i < 50; i++) {
      await clock.run(200);
      const at = random.uint32() % others.length;
      const { leg } = others[at];
      if (i % 8 === 7) {
        others.splice(at, 1);
        await leg.close();
      } else if (bridge.members.includes(leg)) bridge.remove(leg);
      else bridge.add(leg);
    }
    const results = await Promise.all(recordings.map((recording) => recording.stop()));
    for (const { path, durationMs } of results) {
      expect(Math.abs(durationMs - 10_000), path).toBeLessThanOrEqual(20);
      const samples = (await readWav(path)).channels[0];
      for (let at = 1600; at + 800 <= 9 * 16_000; at += 800) {
        const level = toneLevelDbov(samples.subarray(at, at + 800), TONES[1], 16_000);
        expect(level, `${path} at ${at / 16} ms`).toBeGreaterThan(-18);
      }
    }
    await engine.close();
    await clock.run(100);
    expect(clock.pending).toBe(0);
  });

  it('several at once, the application among the members, told who speaks', async () => {
    const { clock, engine, party, hear } = await room();
    const parties = [await party(), await party(), await party()];
    const first = await engine.openBridge({ label: 'first' });
    const second = await engine.openBridge({ label: 'second' });
    first.add(parties[0].leg);
    first.add(parties[1].leg);
    second.add(parties[2].leg);
    const speakers: unknown[] = [];
    first.on('speaker', (member) => speakers.push(member));
    const reader = first.output({ sampleRate: 8000 });
    parties[0].far.play({ samples: babble(2), sampleRate: 8000 });
    await clock.run(2500);
    parties[1].far.play({ samples: babble(2), sampleRate: 8000 });
    await clock.run(2500);
    expect(speakers).toEqual([parties[0].leg, parties[1].leg]);
    const heard: number[] = [];
    for await (const { samples } of reader) {
      heard.push(levelDbov(samples));
      if (heard.length === 50) break;
    }
    expect(Math.max(...heard)).toBeGreaterThan(-30);
    const samples = Int16Array.from(
      { length: 16_000 },
      (_, i) => 8000 * Math.sin((2 * Math.PI * 1100 * i) / 16_000),
    );
    void first.input.write(samples, 16_000);
    const [one, two, three] = await hear(parties, 1100);
    for (const pcm of [one, two])
      expect(toneLevelDbov(pcm.subarray(3200, 12_800), 1100, 16_000)).toBeGreaterThan(-17);
    expect(levelDbov(three)).toBeLessThan(-80);
    await engine.close();
  });
});
