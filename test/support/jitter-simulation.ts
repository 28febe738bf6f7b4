/** Drives a jitter buffer with a list of arrivals and a media clock in virtual time, and notes what was played. */
import { JitterBuffer, type JitterBufferOptions, type JitterStats } from '../../src/rtp/jitter-buffer.js';

/** [packet index, arrival ms], in arrival order; packets are sent every `frameMs` from 0. */
export type ArrivalTrace = ReadonlyArray<readonly [number, number]>;

export interface SimulationOptions extends Partial<JitterBufferOptions> {
  /** Packet time, ms. Default 20. */
  frameMs?: number;
  /** Media clock, ms. Default 20. */
  tickMs?: number;
  /** Sequence number and timestamp of packet 0. */
  firstSequence?: number;
  firstTimestamp?: number;
  /** How much of a frame the simulated time-scale modification can change (with `timeScaling`). Default 0.25. */
  maxStretch?: number;
}

export interface SimulationResult {
  /** Packet indices in the order they were decoded. */
  played: number[];
  /** Mouth to ear without codec: playing minus sending time of each frame in `played`, ms. */
  delays: number[];
  concealed: number;
  fec: number;
  gaps: number;
  /** Ticks for which nothing came after the first packet was played. */
  empty: number;
  /** Audio added or taken away by time scaling, ms. */
  stretchedMs: number;
  acceleratedMs: number;
  stats: JitterStats;
}

const CLOCK_RATE = 8000;

export function simulate(trace: ArrivalTrace, options: SimulationOptions = {}): SimulationResult {
  const frameMs = options.frameMs ?? 20;
  const tickMs = options.tickMs ?? 20;
  const clockRate = options.clockRate ?? CLOCK_RATE;
  const unitsPerMs = clockRate / 1000;
  const buffer = new JitterBuffer({ ...options, clockRate });
  const packet = {
    sequence: 0,
    timestamp: 0,
    marker: false,
    payloadType: 0,
    data: new Uint8Array(frameMs * 8),
    payloadOffset: 0,
    payloadLength: 4,
  };
  const result: Omit<SimulationResult, 'stats'> = {
    played: [],
    delays: [],
    concealed: 0,
    fec: 0,
    gaps: 0,
    empty: 0,
    stretchedMs: 0,
    acceleratedMs: 0,
  };
  const end = trace[trace.length - 1][1] + 1000;
  let next = 0;
  let queued = 0;
  for (let now = 0; now < end; now += tickMs) {
    for (; next < trace.length && trace[next][1] <= now; next++) {
      const [index, arrival] = trace[next];
      packet.sequence = ((options.firstSequence ?? 0) + index) & 0xffff;
      packet.timestamp = ((options.firstTimestamp ?? 0) + index * frameMs * unitsPerMs) >>> 0;
      new DataView(packet.data.buffer).setUint32(0, index);
      buffer.put(packet, frameMs * unitsPerMs, arrival);
    }
    while (queued < tickMs * unitsPerMs) queued += play(now);
    queued -= tickMs * unitsPerMs;
  }
  return { ...result, stats: buffer.stats() };

  /** @returns RTP clock units of audio made */
  function play(now: number): number {
    const frame = buffer.get(now, queued);
    const done = next === trace.length && buffer.size === 0;
    switch (frame.kind) {
      case 'decode': {
        const view = new DataView(frame.data.buffer, frame.data.byteOffset + frame.offset, 4);
        const index = view.getUint32(0);
        result.played.push(index);
        result.delays.push(now + queued / unitsPerMs - index * frameMs);
        const limit = frame.duration * (options.maxStretch ?? 0.25);
        const stretch = Math.round(Math.max(-limit, Math.min(limit, frame.stretch)));
        if (stretch > 0) result.stretchedMs += stretch / unitsPerMs;
        else result.acceleratedMs -= stretch / unitsPerMs;
        return frame.duration + stretch;
      }
      case 'fec':
        result.fec++;
        result.concealed += frame.duration / unitsPerMs / frameMs;
        return frame.duration;
      case 'conceal':
        if (!done) result.concealed += frame.duration / unitsPerMs / frameMs;
        return frame.duration;
      case 'gap':
        result.gaps++;
        return tickMs * unitsPerMs;
      default:
        if (result.played.length > 0 && !done) result.empty++;
        return tickMs * unitsPerMs;
    }
  }
}

/** The value below which `share` of `values` lie. */
export function percentile(values: ReadonlyArray<number>, share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
