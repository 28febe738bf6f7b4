import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import type { SwitchhookError } from '../../../../src/base/errors.js';
import { SeededRandom } from '../../../../src/base/random.js';
import { BaseFlow } from '../../../../src/sip/transport/flow.js';

class FakeFlow extends BaseFlow {
  readonly protocol = 'tcp';
  readonly local = { host: '127.0.0.1', port: 1 };
  readonly remote = { host: '127.0.0.1', port: 2 };
  readonly reliable = true;
  readonly secure = false;
  readonly sentBy = '127.0.0.1:1';
  readonly pings: number[] = [];
  missing = 0;
  answers = true;

  constructor(readonly time: VirtualClock) {
    super(time, new SeededRandom(1));
  }
  send(): void {}
  close(error?: SwitchhookError): void {
    this.closed(error);
  }
  protected sendPing(): void {
    this.pings.push(this.time.now());
    this.expectPong();
    if (this.answers) this.pongArrived();
  }
  protected pongMissing(): void {
    this.missing++;
    this.close();
  }
}

describe('keep-alive of a flow (RFC 5626 §4.4.1)', () => {
  it('comes at random times between 80 and 100 % of the interval', () => {
    const clock = new VirtualClock();
    const flow = new FakeFlow(clock);
    flow.keepAlive(100_000);
    clock.advance(2_000_000);
    expect(flow.pings.length).toBeGreaterThanOrEqual(20);
    const gaps = flow.pings.map((time, i) => time - (flow.pings[i - 1] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(80_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(100_000);
    expect(new Set(gaps.map(Math.round)).size).toBeGreaterThan(5);
    flow.keepAlive(0);
    expect(clock.pending).toBe(0);
  });

  it('[outbound-flow/1] loses the flow 10 s after a ping when the peer is known to answer', () => {
    const clock = new VirtualClock();
    const flow = new FakeFlow(clock);
    flow.answers = false;
    flow.keepAlive(30_000, { pongRequired: true });
    clock.advance(30_000);
    clock.advance(10_000);
    expect(flow.missing).toBe(1);
    expect(flow.open).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('learns whether the peer answers: one that never did is left in peace, one that stopped is lost', () => {
    const clock = new VirtualClock();
    const flow = new FakeFlow(clock);
    flow.answers = false;
    flow.keepAlive(30_000);
    clock.advance(100_000);
    expect(flow.missing).toBe(0);
    flow.answers = true;
    clock.advance(30_000);
    flow.answers = false;
    clock.advance(60_000);
    expect(flow.missing).toBe(1);
  });

  it('is kept up for every account that shares the flow, by the shortest interval', () => {
    const clock = new VirtualClock();
    const flow = new FakeFlow(clock);
    const [one, two] = [{}, {}];
    flow.keepAlive(100_000, { owner: one });
    flow.keepAlive(10_000, { owner: two });
    clock.advance(50_000);
    expect(flow.pings.length).toBeGreaterThanOrEqual(5);
    flow.keepAlive(0, { owner: two });
    const before = flow.pings.length;
    clock.advance(200_000);
    expect(flow.pings.length - before).toBeGreaterThanOrEqual(2);
    expect(flow.pings.length - before).toBeLessThanOrEqual(3);
    flow.keepAlive(0, { owner: one });
    expect(clock.pending).toBe(0);
  });

  it('counts as being watched', () => {
    const flow = new FakeFlow(new VirtualClock());
    expect(flow.watched).toBe(false);
    flow.keepAlive(1000);
    expect(flow.watched).toBe(true);
    flow.keepAlive(0);
    const stop = flow.onClose(() => {});
    expect(flow.watched).toBe(true);
    stop();
    expect(flow.watched).toBe(false);
  });
});
