import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceStats } from '../../../src/rtp/receiver-stats.js';
import {
  SequenceExtender,
  sequenceDelta,
  TimestampExtender,
  timestampDelta,
} from '../../../src/rtp/sequence.js';

function statsOf(sequences: number[], minSequential = 1): SourceStats {
  const stats = new SourceStats();
  stats.begin(1, sequences[0], minSequential);
  for (const sequence of sequences) stats.update(sequence, 160);
  return stats;
}

describe('SourceStats', () => {
  it('counts over the wrap of the sequence', () => {
    const stats = statsOf([65_533, 65_534, 65_535, 0, 1, 3]);
    expect(stats).toMatchObject({ received: 6, bytes: 960, expected: 7, lost: 1, cumulativeLost: 1 });
    expect(stats.extendedHighest).toBe(0x10003);
  });

  it('tells duplicates from reordered packets', () => {
    const stats = new SourceStats();
    stats.begin(1, 10, 1);
    expect([10, 11, 13, 12, 12, 11, 14].map((s) => stats.update(s, 1))).toEqual([
      'valid',
      'valid',
      'valid',
      'reordered',
      'duplicate',
      'duplicate',
      'valid',
    ]);
    expect(stats).toMatchObject({ lost: 0, duplicates: 2, reordered: 1, cumulativeLost: -2 });
  });

  it('keeps a new source on probation until two packets come in a row', () => {
    const stats = new SourceStats();
    stats.begin(1, 500, 2);
    expect(stats.update(500, 1)).toBe('probation');
    expect(stats.update(900, 1)).toBe('probation');
    expect(stats.update(901, 1)).toBe('valid');
    expect(stats.onProbation).toBe(false);
    expect(stats.received).toBe(1);
  });

  it('drops one wild packet, and follows a restart confirmed by the next', () => {
    const stats = statsOf([100, 101, 102]);
    expect(stats.update(30_000, 1)).toBe('bad');
    expect(stats.update(103, 1)).toBe('valid');
    expect(stats.update(50_000, 1)).toBe('bad');
    expect(stats.update(50_001, 1)).toBe('restarted');
    expect(stats.update(50_002, 1)).toBe('valid');
    expect(stats).toMatchObject({ lost: 0, restarts: 1, received: 6 });
  });

  it('reports the loss of each interval by itself', () => {
    const stats = statsOf([0, 1, 2, 3]);
    expect(stats.takeFractionLost()).toBe(0);
    for (const sequence of [4, 6, 7]) stats.update(sequence, 1);
    expect(stats.takeFractionLost()).toBe(64);
    stats.update(8, 1);
    expect(stats.takeFractionLost()).toBe(0);
    expect(stats.takeFractionLost()).toBe(0);
  });

  it('bounds the cumulative loss to 24 bits', () => {
    const stats = new SourceStats();
    stats.begin(1, 0, 1);
    for (let i = 0, sequence = 0; i < 4000; i++, sequence = (sequence + 2999) & 0xffff)
      stats.update(sequence, 1);
    expect(stats.lost).toBeGreaterThan(0x7fffff);
    expect(stats.cumulativeLost).toBe(0x7fffff);
  });

  it('estimates jitter as RFC 3550 A.8 does, over a timestamp wrap', () => {
    const stats = new SourceStats();
    stats.begin(1, 0, 1);
    let expected = 0;
    for (let i = 0; i < 50; i++) {
      const offset = i % 2 === 0 ? 0 : 80;
      stats.updateJitter((0xffff_ff00 + i * 160) >>> 0, 5_000_000_000 + i * 160 + offset);
      if (i > 0) expected += (80 - expected) / 16;
    }
    expect(stats.jitter).toBeCloseTo(expected, 6);
    expect(stats.maxJitter).toBeCloseTo(expected, 6);
  });

  it('loses no packet of a source that is reordered a little and duplicated', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65_535 }),
        fc.array(
          fc.record({ delay: fc.integer({ min: 0, max: 20 }), copies: fc.integer({ min: 1, max: 3 }) }),
          {
            minLength: 30,
            maxLength: 300,
          },
        ),
        (first, packets) => {
          const arrivals = packets
            .flatMap(({ delay, copies }, i) =>
              Array.from({ length: copies }, (_, copy) => ({
                sequence: (first + i) & 0xffff,
                at: i + delay + copy,
                i,
              })),
            )
            .sort((a, b) => a.at - b.at);
          const stats = new SourceStats();
          stats.begin(1, arrivals[0].sequence, 1);
          const unique = new Set<number>();
          for (const { sequence } of arrivals) {
            const verdict = stats.update(sequence, 1);
            expect(verdict).toBe(unique.has(sequence) ? 'duplicate' : verdict);
            expect(verdict).not.toBe('bad');
            unique.add(sequence);
          }
          expect(stats.received - stats.duplicates).toBe(packets.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('sequence arithmetic', () => {
  it('goes the shortest way round', () => {
    expect(sequenceDelta(2, 65_534)).toBe(4);
    expect(sequenceDelta(65_534, 2)).toBe(-4);
    expect(timestampDelta(0x10, 0xffff_fff0)).toBe(0x20);
    expect(timestampDelta(0xffff_fff0, 0x10)).toBe(-0x20);
  });

  it('extends over many wraps, and places old packets before', () => {
    const extender = new SequenceExtender();
    const first = extender.extend(65_000);
    let sequence = 65_000;
    for (let i = 1; i <= 500; i++) {
      sequence = (sequence + 1000) & 0xffff;
      expect(extender.extend(sequence)).toBe(first + i * 1000);
    }
    expect(extender.peek((sequence - 3) & 0xffff)).toBe(first + 500_000 - 3);
    expect(extender.highest).toBe(first + 500_000);
  });

  it('extends timestamps both ways', () => {
    const extender = new TimestampExtender();
    const first = extender.extend(0xffff_ff60);
    expect(extender.extend(0)).toBe(first + 160);
    expect(extender.extend(0xffff_ff60)).toBe(first);
  });
});
