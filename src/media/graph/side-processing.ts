/**
 * What is done to the audio of one direction on request: noise suppression, gain control, voice activity statistics.
 * Driven by the call stream once per period; follows the sampling rate of the codec.
 */
import { Agc } from '../../dsp/agc.js';
import { NoiseSuppressor } from '../../dsp/noise-suppression.js';
import { Vad, type VadStats } from '../../dsp/vad.js';
import type { SideProcessingOptions } from '../types.js';

export class SideProcessing {
  #options: SideProcessingOptions = {};
  #sampleRate = 0;
  #suppressor: NoiseSuppressor | undefined;
  #agc: Agc | undefined;
  #vad: Vad | undefined;
  #speaking = false;

  set options(options: SideProcessingOptions) {
    this.#options = options;
    this.#sampleRate = 0;
  }

  get vadStats(): VadStats | undefined {
    return this.#vad?.stats();
  }

  /** True once after each change between speech and silence, where statistics are asked for. */
  takeChange(): boolean {
    const speaking = this.#vad?.speaking ?? false;
    if (speaking === this.#speaking) return false;
    this.#speaking = speaking;
    return true;
  }

  /** As of the last {@link takeChange}. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** Changes `count` samples in place. */
  process(pcm: Int16Array, count: number, sampleRate: number): void {
    if (sampleRate !== this.#sampleRate) this.#prepare(sampleRate);
    const suppressor = this.#suppressor;
    // It works in blocks of 10 ms, which an odd packet time may not give.
    if (suppressor && count % suppressor.frameSamples === 0) suppressor.process(pcm, 0, count);
    this.#agc?.process(pcm, 0, count);
    this.#vad?.push(pcm, 0, count);
  }

  #prepare(sampleRate: number): void {
    const { agc, noiseSuppression, vad } = this.#options;
    this.#sampleRate = sampleRate;
    this.#suppressor = noiseSuppression ? new NoiseSuppressor(sampleRate, noiseSuppression) : undefined;
    this.#agc = agc ? new Agc(sampleRate, agc === true ? {} : agc) : undefined;
    this.#vad = vad ? new Vad(sampleRate) : undefined;
  }
}
