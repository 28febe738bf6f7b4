import { describe, expect, it } from 'vitest';
import { BurstMeter } from '../../../src/rtp/burst-meter.js';

/** A pattern of packets: `.` received, `x` lost, and how often. */
function meter(pattern: string, times = 1): BurstMeter {
  const made = new BurstMeter();
  for (const packet of pattern.repeat(times)) {
    if (packet === '.') made.received();
    else made.lost(1);
  }
  return made;
}

const RUN = '.'.repeat(99);

describe('bursts of loss (RFC 3611 §4.7.2)', () => {
  it('are none without loss, and none when single packets are lost now and then', () => {
    expect(meter(RUN).metrics()).toEqual({
      ...{ burstDensity: 0, gapDensity: 0, burstPackets: 0, gapPackets: 99, ratio: 1 },
    });
    const { gapDensity, ratio } = meter(`x${RUN}`, 50).metrics();
    expect(gapDensity).toBeCloseTo(0.01, 2);
    expect(ratio).toBeCloseTo(1, 1);
  });

  it('have the density and length of what was lost together', () => {
    // Ten packets, every other one lost, after each 190.
    const { burstDensity, burstPackets, gapPackets } = meter(`${'.'.repeat(190)}x.x.x.x.x.`, 40).metrics();
    expect(burstDensity).toBeGreaterThan(0.45);
    expect(burstDensity).toBeLessThan(0.65);
    expect(burstPackets).toBeGreaterThan(7);
    expect(burstPackets).toBeLessThan(11);
    expect(gapPackets).toBeGreaterThan(185);
  });

  it('are longer than random loss of the same rate by the ratio of G.107', () => {
    expect(meter(`${RUN}xxxx`, 30).metrics().ratio).toBeCloseTo(4 * (99 / 103), 1);
    expect(meter(`${'.'.repeat(20)}x`, 30).metrics().ratio).toBe(1);
  });
});
