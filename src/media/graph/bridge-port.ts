/**
 * Where a call is plugged into a bridge: hands over what the call hears and adds the bridge's mix to what it sends,
 * through two rings in shared memory, since the bridge may live in another worker. Driven by the call stream.
 */
import { addSaturated } from '../../dsp/mix.js';
import { Resampler } from '../../dsp/resample.js';
import { PcmPipe } from '../engine/pcm-ring.js';
import { RateAdapter } from './rate-adapter.js';
import { RingFeed } from './ring-feed.js';

const MAX_FRAME_MS = 20;
const SPARE_SAMPLES = 16;

export interface BridgeRings {
  /** Of both rings, in Hz. */
  sampleRate: number;
  toBridge: SharedArrayBuffer;
  fromBridge: SharedArrayBuffer;
  /** What the call is sent goes to the bridge as well. */
  bothSides?: boolean;
}

export class BridgePort {
  readonly id: number;
  readonly #sampleRate: number;
  readonly #out: PcmPipe;
  readonly #adapter: RateAdapter;
  readonly #sentAdapter: RateAdapter | undefined;
  readonly #in: PcmPipe;
  readonly #feed: RingFeed;
  readonly #mix: Int16Array;
  #frame = new Int16Array(0);
  #resampler: Resampler | undefined;

  constructor(id: number, { sampleRate, toBridge, fromBridge, bothSides }: BridgeRings) {
    this.id = id;
    this.#sampleRate = sampleRate;
    this.#out = new PcmPipe(toBridge);
    this.#adapter = new RateAdapter(sampleRate);
    this.#sentAdapter = bothSides ? new RateAdapter(sampleRate) : undefined;
    this.#in = new PcmPipe(fromBridge);
    this.#feed = new RingFeed(this.#in, sampleRate);
    this.#mix = new Int16Array(Math.ceil((sampleRate * MAX_FRAME_MS) / 1000) + SPARE_SAMPLES);
  }

  /** The bridge has let go of the call. */
  get finished(): boolean {
    return this.#feed.finished;
  }

  /** What the call hears, and where both sides are wanted what it is sent. A bridge that stands still loses it. */
  push(
    heard: Int16Array,
    count: number,
    sampleRate: number,
    sent: Int16Array,
    sentCount: number,
    sentRate: number,
  ): void {
    const made = this.#adapter.push(heard, count, sampleRate);
    if (this.#sentAdapter) {
      const also = this.#sentAdapter.push(sent, sentCount, sentRate);
      addSaturated(this.#adapter.frame, 0, this.#sentAdapter.frame, 0, Math.min(made, also));
    }
    this.#out.write(this.#adapter.frame, 0, made);
  }

  /** Adds `count` samples of the mix. */
  addTo(frame: Int16Array, count: number, sampleRate: number): void {
    if (this.#resampler?.outputRate !== sampleRate) {
      this.#resampler = new Resampler(this.#sampleRate, sampleRate);
      this.#frame = new Int16Array(Math.ceil((sampleRate * MAX_FRAME_MS) / 1000) + SPARE_SAMPLES);
    }
    const needed = this.#resampler.inputFor(count);
    if (!this.#feed.take(this.#mix, needed)) return;
    const made = this.#resampler.process(this.#mix, 0, needed, this.#frame, 0);
    addSaturated(frame, 0, this.#frame, 0, made);
  }

  /** Nothing may be sent: what the call does not get now it shall not get later. */
  drain(): void {
    this.#in.drain();
  }

  /** The call leaves or ends. */
  close(): void {
    this.#out.end();
  }
}
