/**
 * Acoustic echo cancellation: takes out of what a microphone hears what the speaker beside it said. The work is done by
 * WebRTC's AEC3 as WebAssembly, which finds the delay between the two by itself, follows it, and leaves speech of both
 * sides at once alone. Loaded when first used, once per thread; it works in frames of 10 ms and adds 4 to 9 ms of
 * delay. Used by the headset, in a thread of its own.
 */
import { SwitchhookError } from '../base/errors.js';
import { saturate } from './saturate.js';

/** Something that takes the echo of `far` out of `near`, in place. */
export interface EchoSuppressor {
  /**
   * @param near 10 ms of what the microphone heard, changed in place
   * @param far the 10 ms given to the speaker at the same moment
   */
  process(near: Int16Array, far: Int16Array): void;
  /** How late the echo of `far` is in `near`, as far as it is known, in ms. */
  set delayMs(ms: number);
  close(): void;
}

type Module = Awaited<ReturnType<typeof import('@ennuicastr/webrtcaec3.js')>>;

/** What it calculates in; other rates it converts by itself. */
const INNER_RATE = 48_000;
const FULL_SCALE = 32768;

let library: Promise<Module> | undefined;

async function load(): Promise<Module> {
  try {
    const { default: open } = await import('@ennuicastr/webrtcaec3.js');
    return await open();
  } catch (error) {
    library = undefined;
    throw new SwitchhookError('ERR_AUDIO_ECHO', { why: String(error) }, { cause: error });
  }
}

export class EchoCanceller implements EchoSuppressor {
  readonly #aec: InstanceType<Module['AEC3']>;
  readonly #near: Float32Array[];
  readonly #far: Float32Array[];
  readonly #out: Float32Array[];
  readonly #farRate: { sampleRateIn: number };
  readonly #nearRate: { sampleRateIn: number; sampleRateOut: number };

  private constructor(module: Module, sampleRate: number) {
    const count = sampleRate / 100;
    this.#aec = new module.AEC3(INNER_RATE, 1, 1);
    this.#near = [new Float32Array(count)];
    this.#far = [new Float32Array(count)];
    this.#out = [new Float32Array(count)];
    this.#farRate = { sampleRateIn: sampleRate };
    this.#nearRate = { sampleRateIn: sampleRate, sampleRateOut: sampleRate };
  }

  /**
   * @param sampleRate 8000, 16000, 32000 or 48000
   * @throws ERR_AUDIO_ECHO when the library cannot be loaded
   */
  static async open(sampleRate: number): Promise<EchoCanceller> {
    library ??= load();
    return new EchoCanceller(await library, sampleRate);
  }

  set delayMs(ms: number) {
    this.#aec.setAudioBufferDelay(Math.max(0, Math.round(ms)));
  }

  process(near: Int16Array, far: Int16Array): void {
    const [speaker] = this.#far;
    const [microphone] = this.#near;
    const [clean] = this.#out;
    for (let i = 0; i < speaker.length; i++) speaker[i] = far[i] / FULL_SCALE;
    for (let i = 0; i < microphone.length; i++) microphone[i] = near[i] / FULL_SCALE;
    this.#aec.analyze(this.#far, this.#farRate);
    this.#aec.process(this.#out, this.#near, this.#nearRate);
    for (let i = 0; i < clean.length; i++) near[i] = saturate(Math.round(clean[i] * FULL_SCALE));
  }

  close(): void {
    this.#aec.free();
  }
}
