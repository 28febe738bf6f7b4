import { describe, expect, it } from 'vitest';
import { EchoCanceller, type EchoSuppressor } from '../../../src/dsp/echo-canceller.js';
import { EchoDucker } from '../../../src/dsp/echo-ducker.js';
import { levelDbov } from '../../../src/dsp/level.js';
import { babble } from '../../support/media-pair.js';
import { correlation } from '../../support/signals.js';

const RATE = 16_000;
const FRAME = RATE / 100;

/** The echo of a small room: the direct sound and a few reflections, so and so late. */
function room(far: Int16Array, delayMs: number, rate = RATE): Int16Array {
  const taps = [
    [0, 0.5],
    [3.1, 0.25],
    [7.7, -0.2],
    [15.3, 0.12],
    [28.9, -0.08],
  ] as const;
  return far.map((_, i) => {
    let value = 0;
    for (const [ms, gain] of taps) value += gain * (far[i - Math.round(((delayMs + ms) * rate) / 1000)] ?? 0);
    return Math.round(value);
  });
}

function run(suppressor: EchoSuppressor, near: Int16Array, far: Int16Array, frame = FRAME): Int16Array {
  const out = near.slice();
  for (let at = 0; at + frame <= out.length; at += frame) {
    suppressor.process(out.subarray(at, at + frame), far.subarray(at, at + frame));
  }
  return out;
}

/** How much softer the echo has become from `fromS` on, dB. */
function erle(echo: Int16Array, out: Int16Array, fromS: number, rate = RATE): number {
  return levelDbov(echo, fromS * rate) - levelDbov(out, fromS * rate);
}

/** How alike, whatever the delay up to 20 ms. */
function likeness(a: Int16Array, b: Int16Array): number {
  let best = 0;
  for (let delay = 0; delay < 320; delay++) {
    best = Math.max(
      best,
      correlation(a.subarray(0, a.length - 320), b.subarray(delay, a.length - 320 + delay)),
    );
  }
  return best;
}

describe('the echo canceller', () => {
  it('takes the echo of a room away, whatever the delay', async () => {
    const far = babble(10, RATE, 3);
    for (const delayMs of [20, 40, 150, 300]) {
      const canceller = await EchoCanceller.open(RATE);
      const echo = room(far, delayMs);
      const out = run(canceller, echo, far);
      canceller.close();
      expect(erle(echo, out, 5), `${delayMs} ms`).toBeGreaterThan(25);
    }
  });

  it('leaves speech of this side alone while both speak', async () => {
    const far = babble(10, RATE, 3);
    const own = babble(10, RATE, 8);
    const echo = room(far, 60);
    const both = own.map((value, i) =>
      i < 5 * RATE ? echo[i] : Math.max(-32768, Math.min(32767, value + echo[i])),
    );
    const canceller = await EchoCanceller.open(RATE);
    canceller.delayMs = 60;
    const out = run(canceller, both, far);
    canceller.close();
    const before = likeness(own.slice(5 * RATE), both.slice(5 * RATE));
    const after = likeness(own.slice(5 * RATE), out.slice(5 * RATE));
    expect(after).toBeGreaterThan(0.8);
    expect(after).toBeGreaterThan(before - 0.02);
  });

  it('passes speech when the far end is silent', async () => {
    const own = babble(6, RATE, 8);
    const canceller = await EchoCanceller.open(RATE);
    const out = run(canceller, own, new Int16Array(own.length));
    canceller.close();
    expect(likeness(own.slice(2 * RATE), out.slice(2 * RATE))).toBeGreaterThan(0.98);
  });

  it('works at 8 and 48 kHz as well, and follows a delay that moves', async () => {
    for (const rate of [8000, 48_000]) {
      const far = babble(8, rate, 3);
      const echo = room(far, 50, rate);
      const canceller = await EchoCanceller.open(rate);
      expect(erle(echo, run(canceller, echo, far, rate / 100), 5, rate), `${rate} Hz`).toBeGreaterThan(20);
      canceller.close();
    }
    const far = babble(14, RATE, 3);
    const [early, late] = [room(far, 40), room(far, 120)];
    const echo = early.map((value, i) => (i < 6 * RATE ? value : late[i]));
    const canceller = await EchoCanceller.open(RATE);
    const out = run(canceller, echo, far);
    canceller.close();
    expect(erle(echo, out, 10)).toBeGreaterThan(20);
  });
});

describe('the echo ducker', () => {
  it('makes the microphone softer while the far end speaks, and lets a louder voice through', () => {
    const far = babble(6, RATE, 3);
    const echo = room(far, 40).map((value) => Math.round(value / 2));
    expect(erle(echo, run(new EchoDucker(RATE), echo, far), 1)).toBeGreaterThan(15);
    const own = babble(6, RATE, 8);
    expect(correlation(own, run(new EchoDucker(RATE), own, new Int16Array(own.length)))).toBeGreaterThan(
      0.999,
    );
    const soft = far.map((value) => Math.round(value / 8));
    const both = own.map((value, i) => Math.max(-32768, Math.min(32767, value + Math.round(soft[i] / 2))));
    expect(correlation(own, run(new EchoDucker(RATE), both, soft))).toBeGreaterThan(0.8);
  });
});
