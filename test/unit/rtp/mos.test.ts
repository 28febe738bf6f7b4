import { describe, expect, it } from 'vitest';
import { estimateQuality } from '../../../src/rtp/mos.js';

describe('estimateQuality', () => {
  const quality = (codec: string, lossRatio: number, oneWayDelayMs: number, burstRatio?: number) =>
    estimateQuality({ codec, lossRatio, oneWayDelayMs, burstRatio });

  it('gives toll quality to G.711 on a good network', () => {
    expect(quality('PCMU', 0, 50)).toEqual({
      rFactor: 93.2,
      mos: quality('PCMA', 0, 0).mos,
      mosListening: quality('PCMA', 0, 0).mos,
      points: 5,
    });
    expect(quality('pcmu', 0, 50).mos).toBeCloseTo(4.41, 2);
  });

  it('follows the E-model for loss and delay', () => {
    // Ie,eff of G.711 with concealment at 5 %: 95 · 5 / (5 + 25.1).
    expect(quality('PCMU', 0.05, 0).rFactor).toBeCloseTo(93.2 - 15.78, 2);
    // Idd at 400 ms: x = 2.
    expect(93.2 - quality('PCMU', 0, 400).rFactor).toBeCloseTo(24.03, 1);
    expect(quality('G729', 0, 0).rFactor).toBeCloseTo(82.2, 6);
  });

  it('falls with every impairment and stays in its range', () => {
    const steps = [0, 0.01, 0.03, 0.1, 0.3, 1].map((loss) => quality('PCMU', loss, 100));
    for (let i = 1; i < steps.length; i++) {
      expect(steps[i].mos).toBeLessThan(steps[i - 1].mos);
      expect(steps[i].points).toBeLessThanOrEqual(steps[i - 1].points);
    }
    expect(steps.at(-1)).toMatchObject({ points: 0 });
    expect(quality('GSM', 1, 5000)).toMatchObject({ mos: 1, rFactor: 0 });
    expect(quality('PCMU', 0.05, 50, 2).mos).toBeLessThan(quality('PCMU', 0.05, 50).mos);
    expect(quality('PCMU', 0, 500).mosListening).toBeGreaterThan(quality('PCMU', 0, 500).mos);
  });

  it('knows a usual low-rate codec when it does not know the codec', () => {
    expect(quality('X-NEW', 0, 0)).toEqual(quality('G729', 0, 0));
  });
});
