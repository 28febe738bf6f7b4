import { describe, expect, it } from 'vitest';
import { type ConferenceMember, ConferenceMixer } from '../../../src/dsp/conference-mixer.js';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { Mixer } from '../../../src/dsp/mix.js';
import { madeSpeech } from '../../support/codecs.js';
import { sines } from '../../support/signals.js';

interface Party {
  member: ConferenceMember;
  says: Int16Array;
  heard: Int16Array;
}

/** Runs the room until the shortest signal ends; `each` is called before every frame. */
function run(room: ConferenceMixer, parties: readonly Party[], each?: (frame: number) => void): void {
  const frames = Math.min(
    ...parties.map(({ member, says }) => Math.floor(says.length / member.frameSamples)),
  );
  for (let frame = 0; frame < frames; frame++) {
    each?.(frame);
    for (const { member, says } of parties) member.say(says, frame * member.frameSamples);
    room.mix();
    for (const { member, heard } of parties) member.hear(heard, frame * member.frameSamples);
  }
}

function party(room: ConferenceMixer, sampleRate: number, hz: number, seconds = 1): Party {
  const says = sines(sampleRate, seconds * 1000, { hz, levelDb: -20 });
  return { member: room.add({ sampleRate }), says, heard: new Int16Array(says.length) };
}

/** Level of a tone in the second half, dBov. */
function level({ heard, member }: Party, hz: number): number {
  return toneLevelDbov(heard, hz, member.sampleRate, heard.length / 2, heard.length / 2);
}

const TONE_DBOV = -23;

describe('conference mixer', () => {
  it.each([8000, 16000, 48000])(
    'three rates, mixed at %i Hz: each hears the others and not itself',
    (rate) => {
      const room = new ConferenceMixer({ sampleRate: rate });
      const parties = [party(room, 8000, 500), party(room, 16000, 800), party(room, 48000, 1300)];
      run(room, parties);
      for (const [i, listener] of parties.entries()) {
        for (const [j, hz] of [500, 800, 1300].entries()) {
          if (i === j) expect(level(listener, hz)).toBeLessThan(-75);
          else expect(Math.abs(level(listener, hz) - TONE_DBOV)).toBeLessThan(0.3);
        }
      }
    },
  );

  it('mutes, changes gains and keeps listeners silent without a click', () => {
    const room = new ConferenceMixer({ sampleRate: 8000 });
    const [a, b, c] = [party(room, 8000, 500, 2), party(room, 8000, 800, 2), party(room, 8000, 1300, 2)];
    const d = party(room, 8000, 1700, 2);
    d.member.listenOnly = true;
    b.member.gain = 0.5;
    run(room, [a, b, c, d], (frame) => {
      if (frame === 10) c.member.muted = true;
    });
    expect(level(a, 800)).toBeCloseTo(TONE_DBOV - 6, 0);
    expect(level(a, 1300)).toBeLessThan(-75);
    expect(level(a, 1700)).toBeLessThan(-75);
    expect(level(d, 500)).toBeCloseTo(TONE_DBOV, 0);
    expect(level(c, 500)).toBeCloseTo(TONE_DBOV, 0);
    // Muted goes out over milliseconds: no step larger than the tones make themselves.
    let worst = 0;
    for (let i = 1550; i < 1800; i++) worst = Math.max(worst, Math.abs(a.heard[i] - a.heard[i - 1]));
    expect(worst).toBeLessThan(6500);
    c.member.muted = false;
    expect(c.member.muted).toBe(false);
    expect(c.member.gain).toBe(1);
  });

  it('members come and go; who says nothing in a frame is silent in it', () => {
    const room = new ConferenceMixer({ sampleRate: 8000 });
    const [a, b] = [party(room, 8000, 500), party(room, 8000, 800)];
    run(room, [a, b]);
    room.remove(b.member);
    room.remove(b.member);
    expect(room.members).toEqual([a.member]);
    run(room, [a]);
    expect(level(a, 800)).toBeLessThan(-75);
    room.mix();
    room.total(a.heard, 0);
    expect(levelDbov(a.heard, 0, 160)).toBe(-127);
  });

  it('refuses rates that do not fit', () => {
    const room = new ConferenceMixer({ sampleRate: 8000 });
    expect(() => room.add({ sampleRate: 11025 })).toThrow(RangeError);
    expect(() => room.add({ sampleRate: 8000.5 })).toThrow(RangeError);
    expect(room.members).toEqual([]);
  });

  it('names the active speaker, and holds it through an interjection', () => {
    const room = new ConferenceMixer({ sampleRate: 8000 });
    const members = [room.add({ sampleRate: 8000 }), room.add({ sampleRate: 8000 })];
    const listener = room.add({ sampleRate: 8000, listenOnly: true });
    const speech = madeSpeech(8000, 3);
    const quiet = new Int16Array(160);
    const changes: Array<[frame: number, member: number]> = [];
    for (let frame = 0; frame < 300; frame++) {
      const from = (frame % 150) * 160;
      // The first speaks for 2 s, the other throws a word in; then the other speaks.
      const first = frame >= 50 && frame < 150;
      const second = (frame >= 80 && frame < 88) || frame >= 160;
      members[0].say(first ? speech : quiet, first ? from : 0);
      members[1].say(second ? speech : quiet, second ? from : 0);
      listener.say(speech, from);
      if (room.mix() && room.activeSpeaker) changes.push([frame, members.indexOf(room.activeSpeaker)]);
    }
    expect(changes.map(([, member]) => member)).toEqual([0, 1]);
    expect(changes[0][0]).toBeLessThan(60);
    expect(changes[1][0]).toBeGreaterThanOrEqual(160);
    expect(changes[1][0]).toBeLessThan(190);
    room.remove(members[1]);
    expect(room.activeSpeaker).toBeUndefined();
  });
});

describe('mixer limits', () => {
  it('many loud parties: never wraps, hardly clips, and lets go again', () => {
    const mixer = new Mixer(160);
    const pcm = sines(8000, 4000, { hz: 400, levelDb: -6 });
    const frame = new Int16Array(160);
    const out = new Int16Array(160);
    let clipped = 0;
    for (let n = 0; n < 200; n++) {
      const parties = n < 100 ? 30 : 1;
      frame.set(pcm.subarray(n * 160, n * 160 + 160));
      mixer.begin(160);
      for (let i = 0; i < parties; i++) mixer.add(frame, 0);
      mixer.total(out, 0);
      for (let i = 0; i < 160; i++) {
        if (Math.abs(frame[i]) > 200) expect(Math.sign(out[i])).toBe(Math.sign(frame[i]));
        if (n > 0 && out[i] === 32767) clipped++;
      }
    }
    expect(clipped).toBeLessThan(2000);
    expect(mixer.limiting).toBe(false);
    expect(out).toEqual(frame);
  });

  it('full scale alone passes unchanged', () => {
    const mixer = new Mixer(4);
    const frame = Int16Array.of(-32768, 32767, 0, 1);
    const out = new Int16Array(4);
    mixer.begin(4);
    mixer.add(frame, 0);
    mixer.total(out, 0);
    expect(out).toEqual(frame);
    mixer.others(frame, 0, out, 0);
    expect(out).toEqual(new Int16Array(4));
  });
});
