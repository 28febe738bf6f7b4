/**
 * A conference room for audio: members of any sample rate, each with gain, mute and the choice only to listen; each
 * hears everybody but itself. Once per frame the owner hands every member's frame over, calls {@link
 * ConferenceMixer.mix} and takes every member's mix. Nothing is allocated per frame. Used by the media bridge.
 */
import { ActiveSpeaker } from './active-speaker.js';
import { Gain } from './gain.js';
import { Mixer } from './mix.js';
import { Resampler } from './resample.js';
import { Vad } from './vad.js';

export interface ConferenceMixerOptions {
  /** Rate of the mix, Hz: the highest of the members' rates is best. */
  sampleRate: number;
  /** Length of every frame, ms: a multiple of 10, so that all rates have whole samples. Default 20. */
  frameMs?: number;
}

export interface ConferenceMemberOptions {
  /** Rate of what the member says and hears, Hz. */
  sampleRate: number;
  /** Linear factor for what the member says. Default 1. */
  gain?: number;
  muted?: boolean;
  /** Hears, is never heard, and is never the active speaker (barge-in). */
  listenOnly?: boolean;
}

/** How fast the loudness of a member follows, ms. */
const LOUDNESS_MS = 300;

export class ConferenceMember {
  readonly sampleRate: number;
  /** Samples per frame at {@link sampleRate}. */
  readonly frameSamples: number;
  listenOnly: boolean;
  /** What {@link say} prepared, at the rate of the mix; valid for one frame. */
  readonly #own: Int16Array;
  /** What is to be converted for {@link hear}. */
  readonly #mix: Int16Array | undefined;
  readonly #mixer: Mixer;
  readonly #frameMs: number;
  readonly #in: Resampler | undefined;
  readonly #out: Resampler | undefined;
  readonly #gain: Gain;
  readonly #vad: Vad;
  #factor: number;
  #muted: boolean;
  /** It has said something in the frame being collected; in the frame last mixed. */
  #said = false;
  #heard = false;
  #loudness = -127;

  /** @internal Members are made by {@link ConferenceMixer.add}. */
  constructor(options: ConferenceMemberOptions, mixer: Mixer, mixRate: number, frameMs: number) {
    this.sampleRate = options.sampleRate;
    this.frameSamples = (options.sampleRate * frameMs) / 1000;
    this.listenOnly = options.listenOnly ?? false;
    this.#mixer = mixer;
    this.#frameMs = frameMs;
    const mixSamples = (mixRate * frameMs) / 1000;
    this.#own = new Int16Array(mixSamples);
    if (options.sampleRate !== mixRate) {
      this.#mix = new Int16Array(mixSamples);
      this.#in = new Resampler(options.sampleRate, mixRate);
      this.#out = new Resampler(mixRate, options.sampleRate);
    }
    this.#factor = options.gain ?? 1;
    this.#muted = options.muted ?? false;
    this.#gain = new Gain(mixRate, this.#muted ? 0 : this.#factor);
    this.#vad = new Vad(mixRate);
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#gain.set(muted ? 0 : this.#factor);
  }

  /** Linear factor for what the member says. */
  get gain(): number {
    return this.#factor;
  }

  set gain(gain: number) {
    this.#factor = gain;
    if (!this.#muted) this.#gain.set(gain);
  }

  /** True while the member speaks and can be heard. */
  get speaking(): boolean {
    return this.#heard && this.#vad.speaking;
  }

  /** Smoothed level of what the others hear of the member, dBov. */
  get loudnessDbov(): number {
    return this.#loudness;
  }

  /** What the member says in this frame: {@link frameSamples} samples. Without this call it says nothing. */
  say(pcm: Int16Array, offset = 0): void {
    const own = this.#own;
    if (this.listenOnly || this.#gain.silent) return;
    if (this.#in) this.#in.process(pcm, offset, this.frameSamples, own, 0);
    else for (let i = 0; i < own.length; i++) own[i] = pcm[offset + i];
    this.#gain.process(own, 0, own.length);
    this.#said = true;
  }

  /** What the member hears in this frame, after {@link ConferenceMixer.mix}: {@link frameSamples} samples. */
  hear(out: Int16Array, offset = 0): void {
    if (!this.#out || !this.#mix) {
      this.#take(out, offset);
      return;
    }
    this.#take(this.#mix, 0);
    this.#out.process(this.#mix, 0, this.#mix.length, out, offset);
  }

  /** @internal */
  contribute(): void {
    this.#heard = this.#said;
    this.#said = false;
    if (this.#heard) {
      this.#vad.push(this.#own, 0, this.#own.length);
      this.#mixer.add(this.#own, 0);
    }
    const level = this.#heard ? this.#vad.dbov : -127;
    this.#loudness += (level - this.#loudness) * Math.min(1, this.#frameMs / LOUDNESS_MS);
  }

  #take(out: Int16Array, offset: number): void {
    if (this.#heard) this.#mixer.others(this.#own, 0, out, offset);
    else this.#mixer.total(out, offset);
  }
}

export class ConferenceMixer {
  readonly sampleRate: number;
  readonly #frameMs: number;
  readonly #mixSamples: number;
  readonly #mixer: Mixer;
  readonly #members: ConferenceMember[] = [];
  readonly #active = new ActiveSpeaker<ConferenceMember>();

  constructor(options: ConferenceMixerOptions) {
    this.sampleRate = options.sampleRate;
    this.#frameMs = options.frameMs ?? 20;
    this.#mixSamples = (this.sampleRate * this.#frameMs) / 1000;
    this.#mixer = new Mixer(this.#mixSamples);
  }

  get members(): readonly ConferenceMember[] {
    return this.#members;
  }

  /** Who speaks, or spoke last. */
  get activeSpeaker(): ConferenceMember | undefined {
    return this.#active.current;
  }

  /** @throws RangeError for a rate that cannot be converted, or of which a frame has no whole number of samples */
  add(options: ConferenceMemberOptions): ConferenceMember {
    const member = new ConferenceMember(options, this.#mixer, this.sampleRate, this.#frameMs);
    if (!Number.isInteger(member.frameSamples)) {
      throw new RangeError(`${options.sampleRate} Hz has no whole samples in ${this.#frameMs} ms`);
    }
    this.#members.push(member);
    return member;
  }

  remove(member: ConferenceMember): void {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    this.#active.forget(member);
  }

  /**
   * Mixes what the members have said since the last call.
   * @returns true when the active speaker has changed
   */
  mix(): boolean {
    const members = this.#members;
    this.#mixer.begin(this.#mixSamples);
    for (let i = 0; i < members.length; i++) members[i].contribute();
    return this.#active.update(members, this.#frameMs);
  }

  /** The mix of all members, for a recording: samples at {@link sampleRate}, one frame. */
  total(out: Int16Array, offset = 0): void {
    this.#mixer.total(out, offset);
  }
}
