import { describe, expect, it } from 'vitest';
import { type Clock, type Timer, VirtualClock } from '../../../src/base/clock.js';
import { DeadlineClock, type Ticked } from '../../../src/media/engine/deadline-clock.js';

class Recorder implements Ticked {
  readonly ticks: number[] = [];
  skipped = 0;
  onTick: (() => void) | undefined;

  tick(now: number): void {
    this.ticks.push(now);
    this.onTick?.();
  }

  skip(periods: number): void {
    this.skipped += periods;
  }
}

/** A clock whose owner may be late: time passes, but timers fire only when it looks. */
class StallingClock implements Clock {
  #now = 0;
  #timer: { due: number; fn: () => void; active: boolean } | undefined;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const timer = { due: this.#now + ms, fn, active: true, cancel: () => (timer.active = false) };
    this.#timer = timer;
    return timer as Timer;
  }

  /** Moves to `time` at once and fires the timer late, then goes on punctually until `end`. */
  stallUntil(time: number, end: number): void {
    this.#now = time;
    for (;;) {
      const timer = this.#timer;
      if (!timer?.active || timer.due > end) break;
      this.#now = Math.max(this.#now, timer.due);
      timer.active = false;
      timer.fn();
    }
    this.#now = Math.max(this.#now, end);
  }
}

describe('deadline clock', () => {
  it('ticks every period without drift and spreads the streams', () => {
    const clock = new VirtualClock();
    const deadlines = new DeadlineClock(clock);
    const streams = Array.from({ length: 8 }, () => new Recorder());
    for (const stream of streams) deadlines.add(stream, 20);
    clock.advance(2030);
    const phases = streams.map(({ ticks }) => ticks[0] % 20);
    expect([...phases].sort((a, b) => a - b)).toEqual([0, 0, 5, 5, 10, 10, 15, 15]);
    for (const { ticks } of streams) {
      expect(ticks.length).toBeGreaterThanOrEqual(100);
      for (let i = 1; i < ticks.length; i++) expect(ticks[i] - ticks[i - 1]).toBe(20);
    }
    expect(deadlines.stats).toMatchObject({ lateTicks: 0, skipped: 0 });
  });

  it('ticks streams of 10 and 5 ms in between', () => {
    const clock = new VirtualClock();
    const deadlines = new DeadlineClock(clock);
    const ten = new Recorder();
    const five = new Recorder();
    deadlines.add(ten, 10);
    deadlines.add(five, 5);
    clock.advance(1000);
    expect(ten.ticks.length).toBeGreaterThanOrEqual(99);
    expect(five.ticks.length).toBeGreaterThanOrEqual(199);
  });

  it('costs nothing while there is no stream', () => {
    const clock = new VirtualClock();
    const deadlines = new DeadlineClock(clock);
    const stop = deadlines.add(new Recorder(), 20);
    clock.advance(100);
    expect(clock.pending).toBe(1);
    stop();
    expect(clock.pending).toBe(0);
    const late = new Recorder();
    deadlines.add(late, 20);
    clock.advance(100);
    expect(late.ticks).toHaveLength(5);
  });

  it('a stream may end itself, and others, within a tick', () => {
    const clock = new VirtualClock();
    const deadlines = new DeadlineClock(clock);
    const a = new Recorder();
    const b = new Recorder();
    const stopA = deadlines.add(a, 20);
    const stopB = deadlines.add(b, 20);
    a.onTick = () => {
      stopA();
      stopB();
    };
    clock.advance(200);
    expect(a.ticks).toHaveLength(1);
    expect(b.ticks.length).toBeLessThanOrEqual(1);
    expect(deadlines.streams).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('after a short stall catches up one tick per slot, losing none', () => {
    const clock = new StallingClock();
    const deadlines = new DeadlineClock(clock);
    const stream = new Recorder();
    deadlines.add(stream, 20);
    clock.stallUntil(0, 100);
    const before = stream.ticks.length;
    clock.stallUntil(182, 300);
    expect(stream.skipped).toBe(0);
    const after = stream.ticks.slice(before);
    expect(after.length + before).toBe(15);
    // Never two at once.
    for (let i = 1; i < after.length; i++) expect(after[i] - after[i - 1]).toBeGreaterThanOrEqual(3);
    expect(deadlines.stats.lateTicks).toBeGreaterThanOrEqual(1);
    expect(deadlines.stats.maxLateMs).toBeGreaterThan(50);
  });

  it('after a long stall skips what is stale, counts it and is back on time', () => {
    const clock = new StallingClock();
    const deadlines = new DeadlineClock(clock);
    const streams = Array.from({ length: 4 }, () => new Recorder());
    for (const stream of streams) deadlines.add(stream, 20);
    clock.stallUntil(0, 100);
    clock.stallUntil(1100, 2000);
    let skipped = 0;
    for (const stream of streams) {
      expect(stream.skipped).toBeGreaterThan(40);
      expect(stream.ticks.length + stream.skipped).toBeGreaterThanOrEqual(99);
      const { ticks } = stream;
      for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThan(ticks[i - 1]);
      expect(ticks.slice(-5).map((t) => t % 5)).toEqual([0, 0, 0, 0, 0]);
      skipped += stream.skipped;
    }
    expect(deadlines.stats.skipped).toBe(skipped);
  });
});
