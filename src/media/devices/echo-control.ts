/**
 * Decides what is done against echo, and keeps it ready: the canceller is loaded when first needed, the ducker stands in
 * for it until then and where it cannot be loaded. Used by the headset.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { EchoSuppressor } from '../../dsp/echo-canceller.js';
import { EchoDucker } from '../../dsp/echo-ducker.js';
import type { EchoCancellation, HeadsetStats } from './headset-types.js';
import { ThreadedCanceller } from './threaded-canceller.js';

export type LoadCanceller = (sampleRate: number) => Promise<EchoSuppressor>;

export interface EchoControlOptions {
  sampleRate: number;
  onError: (error: SwitchhookError) => void;
  /** For tests. */
  load?: LoadCanceller;
}

/** A delay that moved by less is not worth telling. */
const DELAY_STEP_MS = 10;

export class EchoControl {
  readonly #options: EchoControlOptions;
  #mode: EchoCancellation = 'off';
  #running = false;
  #atTheEar = false;
  #canceller: EchoSuppressor | undefined;
  #ducker: EchoSuppressor | undefined;
  #loading = false;
  #failed = false;
  #delayMs = Number.NaN;

  constructor(options: EchoControlOptions) {
    this.#options = options;
  }

  set mode(mode: EchoCancellation) {
    this.#mode = mode;
    this.#prepare();
  }

  /** There is a microphone: only then is anything loaded. */
  set running(running: boolean) {
    this.#running = running;
    this.#prepare();
  }

  /** The devices look like a headset. */
  set atTheEar(atTheEar: boolean) {
    this.#atTheEar = atTheEar;
    this.#prepare();
  }

  get state(): HeadsetStats['echo'] {
    if (this.#canceller) return 'cancelling';
    return this.#ducker ? 'ducking' : 'off';
  }

  /** Between the frame that is given to the speaker and its echo in what the microphone gives. */
  set delayMs(ms: number) {
    if (Math.abs(ms - this.#delayMs) < DELAY_STEP_MS) return;
    this.#delayMs = ms;
    this.#tellDelay();
  }

  /** Takes the echo of `far` out of `near`; 10 ms each. */
  process(near: Int16Array, far: Int16Array): void {
    (this.#canceller ?? this.#ducker)?.process(near, far);
  }

  get #wanted(): 'off' | 'cancel' | 'duck' {
    if (!this.#running || this.#mode === 'off') return 'off';
    if (this.#mode === 'auto' && this.#atTheEar) return 'off';
    return this.#mode === 'duck' || this.#failed ? 'duck' : 'cancel';
  }

  #prepare(): void {
    const wanted = this.#wanted;
    if (wanted === 'cancel' && !this.#canceller && !this.#loading) void this.#load();
    if (wanted !== 'cancel') {
      this.#canceller?.close();
      this.#canceller = undefined;
    }
    if (wanted === 'off' || this.#canceller) this.#ducker = undefined;
    else this.#ducker ??= new EchoDucker(this.#options.sampleRate);
    this.#tellDelay();
  }

  async #load(): Promise<void> {
    const { sampleRate, load = ThreadedCanceller.open, onError } = this.#options;
    this.#loading = true;
    try {
      const canceller = await load(sampleRate);
      this.#loading = false;
      if (this.#wanted === 'cancel') this.#canceller = canceller;
      else canceller.close();
    } catch (error) {
      this.#loading = false;
      this.#failed = true;
      const why = error instanceof Error ? error.message : String(error);
      onError(isSwitchhookError(error) ? error : new SwitchhookError('ERR_AUDIO_ECHO', { why }));
    }
    this.#prepare();
  }

  #tellDelay(): void {
    if (Number.isNaN(this.#delayMs)) return;
    if (this.#canceller) this.#canceller.delayMs = this.#delayMs;
    if (this.#ducker) this.#ducker.delayMs = this.#delayMs;
  }
}
