/** One call on a headset: two rings to its session, with the volumes of this call. Driven by the headset's tick. */
import { Gain } from '../../dsp/gain.js';
import { PcmPipe } from '../engine/pcm-ring.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import { RingFeed } from '../graph/ring-feed.js';
import type { HeadsetMemberOptions } from './headset-types.js';
import { UNCHANGED_VOLUME, volumeGain } from './volume.js';

/** Calls hand over up to 20 ms at a time, of which a tick takes 10. */
const CUSHION_MS = 20;

export class HeadsetLine {
  readonly id: number;
  /** What the call says in this tick; valid when {@link listen} gave true. */
  readonly heard: Int16Array;
  readonly #feed: RingFeed;
  readonly #pipe: PcmPipe;
  readonly #said: Int16Array;
  readonly #toCall: Gain;
  readonly #toSpeaker: Gain;
  #leaving = false;
  wantsMicrophone = true;

  constructor(id: number, rings: BridgeRings, frameSamples: number, settings: HeadsetMemberOptions) {
    this.id = id;
    this.#feed = new RingFeed(new PcmPipe(rings.toBridge), rings.sampleRate, CUSHION_MS);
    this.#pipe = new PcmPipe(rings.fromBridge);
    this.heard = new Int16Array(frameSamples);
    this.#said = new Int16Array(frameSamples);
    // From silence: what it is set to fades in.
    this.#toCall = new Gain(rings.sampleRate, 0);
    this.#toSpeaker = new Gain(rings.sampleRate, 0);
    this.set(settings);
  }

  get gone(): boolean {
    return this.#leaving || this.#feed.finished;
  }

  set(settings: HeadsetMemberOptions): void {
    const { microphone = true, speaker = true } = settings;
    const { microphoneVolume = UNCHANGED_VOLUME, speakerVolume = UNCHANGED_VOLUME } = settings;
    this.wantsMicrophone = microphone;
    this.#toCall.set(microphone ? volumeGain(microphoneVolume) : 0);
    this.#toSpeaker.set(speaker ? volumeGain(speakerVolume) : 0);
  }

  /** @returns true when the call says something */
  listen(): boolean {
    const { heard } = this;
    if (!this.#feed.take(heard, heard.length)) return false;
    this.#toSpeaker.process(heard, 0, heard.length);
    return true;
  }

  /** Hands the microphone's frame to the call. */
  say(microphone: Int16Array): void {
    const said = this.#said;
    for (let i = 0; i < said.length; i++) said[i] = microphone[i];
    this.#toCall.process(said, 0, said.length);
    this.#pipe.write(said, 0, said.length);
  }

  leave(): void {
    this.#leaving = true;
    this.#pipe.end();
  }
}
