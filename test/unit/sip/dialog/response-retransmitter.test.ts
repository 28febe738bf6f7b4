import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import { AcceptRetransmitter, ProvisionalRetransmitter } from '../../../../src/sip/dialog/index.js';
import { DEFAULT_TIMERS } from '../../../../src/sip/transaction/index.js';

function run(
  Kind: typeof AcceptRetransmitter | typeof ProvisionalRetransmitter,
  stopAt = Number.POSITIVE_INFINITY,
) {
  const clock = new VirtualClock();
  const resent: number[] = [];
  let timedOutAt: number | undefined;
  const retransmitter = new Kind({
    clock,
    timers: DEFAULT_TIMERS,
    resend: () => {
      resent.push(clock.now());
      if (clock.now() >= stopAt) retransmitter.stop();
    },
    onTimeout: () => {
      timedOutAt = clock.now();
    },
  });
  retransmitter.start();
  retransmitter.start();
  clock.advance(100_000);
  return { resent, timedOutAt, pending: clock.pending };
}

describe('AcceptRetransmitter', () => {
  it('repeats at T1, doubling up to T2, and gives up after 64*T1', () => {
    expect(run(AcceptRetransmitter)).toEqual({
      resent: [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500],
      timedOutAt: 32_000,
      pending: 0,
    });
  });

  it('stops for good', () => {
    expect(run(AcceptRetransmitter, 3500)).toEqual({
      resent: [500, 1500, 3500],
      timedOutAt: undefined,
      pending: 0,
    });
  });
});

describe('ProvisionalRetransmitter', () => {
  it('doubles without bound', () => {
    expect(run(ProvisionalRetransmitter)).toEqual({
      resent: [500, 1500, 3500, 7500, 15_500, 31_500],
      timedOutAt: 32_000,
      pending: 0,
    });
  });
});
