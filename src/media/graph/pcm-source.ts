/** What a player plays from: a tone, samples in memory, a file. Read by the media clock, so it never waits. */
import { ToneGenerator, type ToneSpec } from '../../dsp/tone.js';

export interface PcmSource {
  /** In Hz; 0 while not known yet. */
  readonly sampleRate: number;
  /** Samples that can be read now; more than anybody asks for when there is no end. */
  readonly available: number;
  /** True when nothing comes after what is available. */
  readonly ended: boolean;
  /** @returns samples written, at most `available` */
  read(out: Int16Array, offset: number, count: number): number;
  close(): void;
}

export class MemorySource implements PcmSource {
  readonly sampleRate: number;
  readonly #samples: Int16Array;
  readonly #loop: boolean;
  #position = 0;

  constructor(samples: Int16Array, sampleRate: number, loop: boolean) {
    this.sampleRate = sampleRate;
    this.#samples = samples;
    this.#loop = loop && samples.length > 0;
  }

  get available(): number {
    return this.#loop ? Number.MAX_SAFE_INTEGER : this.#samples.length - this.#position;
  }

  get ended(): boolean {
    return !this.#loop;
  }

  read(out: Int16Array, offset: number, count: number): number {
    const given = Math.min(count, this.available);
    for (let i = 0; i < given; i++) {
      out[offset + i] = this.#samples[this.#position++];
      if (this.#loop && this.#position === this.#samples.length) this.#position = 0;
    }
    return given;
  }

  close(): void {}
}

export class ToneSource implements PcmSource {
  readonly #generator: ToneGenerator;
  readonly #spec: ToneSpec;

  constructor(spec: ToneSpec, sampleRate: number, loop: boolean) {
    this.#spec = loop ? { ...spec, repeat: undefined } : spec;
    this.#generator = new ToneGenerator(this.#spec, sampleRate);
  }

  get sampleRate(): number {
    return this.#generator.sampleRate;
  }

  get available(): number {
    return this.#generator.remaining;
  }

  get ended(): boolean {
    return this.#spec.repeat !== undefined || this.#generator.remaining === 0;
  }

  read(out: Int16Array, offset: number, count: number): number {
    return this.#generator.generate(out, offset, count);
  }

  close(): void {}
}
