import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pcmu } from '../../../src/codecs/g711/codec.js';
import { type ReceiveOptions, ReceivePath } from '../../../src/media/graph/receive-path.js';
import { RtpPacketView, writeRtpHeader } from '../../../src/rtp/packet.js';
import { compareAudio } from '../../../src/testing/audio-compare.js';
import type { ArrivalTrace } from '../../support/jitter-simulation.js';
import { babble } from '../../support/media-pair.js';
import { hasShared, sharedPath } from '../../support/shared.js';

const FRAME = 160;
const encoder = pcmu.createEncoder();
const { frameSamples } = pcmu.info;

interface Played {
  pcm: Int16Array;
  /** Mean delay of the jitter buffer, ms. */
  delayMs: number;
  late: number;
  concealedMs: number;
  lost: number;
}

/** Plays speech through a receive path, its packets of 20 ms arriving as the trace says. */
function play(speech: Int16Array, trace: ArrivalTrace, options: ReceiveOptions = {}): Played {
  const path = new ReceivePath(options);
  path.configure([{ payloadType: 0, codec: pcmu }], undefined);
  const packet = Buffer.alloc(12 + FRAME);
  const view = new RtpPacketView();
  const end = trace[trace.length - 1][1] + 200;
  const pcm = new Int16Array(Math.ceil(end / 20) * FRAME);
  let next = 0;
  let at = 0;
  let delays = 0;
  for (let now = 0; now < end; now += 20) {
    for (; next < trace.length && trace[next][1] <= now; next++) {
      const [index, arrivalMs] = trace[next];
      writeRtpHeader(packet, 0, 0, false, index & 0xffff, index * FRAME, 1);
      const from = (index * FRAME) % (speech.length - FRAME);
      for (let i = 0; i < FRAME; i += frameSamples) encoder.encode(speech, from + i, packet, 12 + i);
      view.parse(packet, 0, packet.length);
      path.put(view, arrivalMs);
    }
    expect(path.pull(20, now)).toBe(FRAME);
    pcm.set(path.frame.subarray(0, FRAME), at);
    at += FRAME;
    delays += path.jitterStats.delayMs;
  }
  const { late, concealedMs, lost } = path.jitterStats;
  return { pcm, delayMs: delays / (end / 20), late, concealedMs, lost };
}

/** Every packet in time, from a sender whose clock is off by so many parts per million. */
function drifting(seconds: number, ppm: number): ArrivalTrace {
  const packets = seconds * 50;
  return Array.from({ length: packets }, (_, i) => [i, 10 + i * 20 * (1 - ppm / 1e6)] as const);
}

describe('a sender whose clock drifts', () => {
  it.each([-2000, -200, 200, 2000])('by %i ppm is followed without loss, gap or growing delay', (ppm) => {
    const speech = babble(20);
    const { pcm, delayMs, late, concealedMs, lost } = play(speech, drifting(19, ppm));
    expect(late + lost).toBe(0);
    expect(concealedMs).toBeLessThanOrEqual(240);
    expect(delayMs).toBeLessThan(70);
    const { coverage } = compareAudio(speech.subarray(0, 18 * 8000), pcm, 8000);
    expect(coverage).toBeGreaterThan(0.95);
  });
});

describe('the jitter buffer by options', () => {
  const trace = drifting(5, 0);
  const speech = babble(6);

  it('keeps a fixed delay', () => {
    const { delayMs } = play(speech, trace, { jitter: { fixedMs: 150 } });
    expect(delayMs).toBeGreaterThan(130);
    expect(delayMs).toBeLessThan(170);
  });

  it('keeps within its limits', () => {
    expect(play(speech, trace, { jitter: { minMs: 100 } }).delayMs).toBeGreaterThan(75);
    const wild = trace
      .map(([index, at]) => [index, at + (index % 7) * 30] as const)
      .sort((a, b) => a[1] - b[1]);
    const free = play(speech, wild);
    const bound = play(speech, wild, { jitter: { maxMs: 60 } });
    expect(free.delayMs).toBeGreaterThan(120);
    expect(bound.delayMs).toBeLessThan(100);
    expect(bound.late).toBeGreaterThan(free.late);
  });
});

/** Per trace: mean delay in ms at most, share of packets late, and concealed beyond those missing, at most. */
const EXPECTED: Record<string, { delayMs: number; late: number; concealed: number }> = {
  clean: { delayMs: 50, late: 0, concealed: 0.01 },
  'gauss-5ms': { delayMs: 50, late: 0, concealed: 0.01 },
  'gauss-20ms-reorder': { delayMs: 75, late: 0.03, concealed: 0.05 },
  'spikes-240ms': { delayMs: 140, late: 0.01, concealed: 0.05 },
  'loss-random-5pct': { delayMs: 50, late: 0, concealed: 0.02 },
  'loss-gilbert-bursts': { delayMs: 50, late: 0, concealed: 0.02 },
  'duplicates-10pct': { delayMs: 50, late: 0, concealed: 0.01 },
  'drift-sender-fast-200ppm': { delayMs: 50, late: 0.01, concealed: 0.02 },
  'drift-sender-slow-200ppm': { delayMs: 50, late: 0.01, concealed: 0.02 },
  'delay-step-up-80ms': { delayMs: 60, late: 0.01, concealed: 0.02 },
};

describe.skipIf(!hasShared)('arrival traces through decoder, concealment and time scaling', () => {
  const traces: Record<string, ArrivalTrace> = hasShared
    ? JSON.parse(readFileSync(sharedPath('vectors', 'jitter', 'traces.json'), 'utf8')).traces
    : {};
  const speech = babble(30);

  it.each(Object.keys(traces))('%s', (name) => {
    const trace = traces[name];
    const sent = Math.max(...trace.map(([index]) => index)) + 1;
    const missing = 1 - new Set(trace.map(([index]) => index)).size / sent;
    const { delayMs, late, concealedMs } = play(speech, trace);
    const concealed = concealedMs / 20 / sent - missing;
    const expected = EXPECTED[name];
    expect(expected).toBeDefined();
    if (process.env.SWITCHHOOK_REPORT) console.info(name, { delayMs, late: late / sent, concealed, missing });
    expect(delayMs).toBeLessThanOrEqual(expected.delayMs);
    expect(late / sent).toBeLessThanOrEqual(expected.late);
    expect(concealed).toBeLessThanOrEqual(expected.concealed);
  });
});

describe('a lost packet', () => {
  /** A tone of 200 Hz; its 50th packet does not come. */
  const tone = Int16Array.from({ length: FRAME * 100 }, (_, i) => 8000 * Math.sin((2 * Math.PI * i) / 40));
  const trace: ArrivalTrace = Array.from({ length: 100 }, (_, i) => [i, 20 * i] as const).filter(
    ([i]) => i !== 50,
  );
  /** Of the tone alone, and of the stretch around what was lost: the quietest 5 ms, and the largest step. */
  const around = (pcm: Int16Array): { quietest: number; step: number } => {
    const from = pcm.findIndex((value) => value !== 0) + 49 * FRAME;
    let quietest = Number.POSITIVE_INFINITY;
    let step = 0;
    for (let at = from; at < from + 4 * FRAME; at += 40) {
      let peak = 0;
      for (let i = at; i < at + 40; i++) {
        peak = Math.max(peak, Math.abs(pcm[i]));
        step = Math.max(step, Math.abs(pcm[i] - pcm[i - 1]));
      }
      quietest = Math.min(quietest, peak);
    }
    return { quietest, step };
  };

  it('[audio-enh/4] is concealed by default, without a gap or a click; or replaced by silence when so wished', () => {
    const clean = around(tone);
    const { pcm, lost } = play(tone, trace);
    expect(lost).toBe(1);
    expect(around(pcm).quietest).toBeGreaterThan(0.7 * clean.quietest);
    expect(around(pcm).step).toBeLessThan(1.5 * clean.step);
    expect(around(play(tone, trace, { concealment: false }).pcm).quietest).toBeLessThan(50);
  });
});
