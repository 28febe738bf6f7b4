/**
 * What the headset plays through one role: the sounds of this side (ring tones, beeps) and, in the speaker, the calls; its
 * volume, its level, and the devices it goes to. Driven by the headset's tick.
 */
import { Gain } from '../../dsp/gain.js';
import { LevelMeter } from '../../dsp/level.js';
import { addSaturated } from '../../dsp/mix.js';
import type { Player } from '../graph/player.js';
import type { DeviceSlot } from './device-slot.js';
import type { PlaybackFeed } from './playback-feed.js';
import { UNCHANGED_VOLUME, volumeGain } from './volume.js';

/** Sounds wait for their device to open, but not longer. */
const PATIENCE_MS = 700;

export class HeadsetOutput {
  readonly slot: DeviceSlot<PlaybackFeed>;
  readonly frame: Int16Array;
  readonly #sampleRate: number;
  readonly #frameMs: number;
  readonly #players: Player[] = [];
  readonly #level: LevelMeter;
  readonly #gain: Gain;
  readonly #onPlayed: (player: Player) => void;
  #volume = UNCHANGED_VOLUME;
  #muted = false;
  #idleMs = Number.POSITIVE_INFINITY;
  #openingMs = 0;

  constructor(
    slot: DeviceSlot<PlaybackFeed>,
    sampleRate: number,
    frameSamples: number,
    onPlayed: (player: Player) => void,
  ) {
    this.slot = slot;
    this.frame = new Int16Array(frameSamples);
    this.#sampleRate = sampleRate;
    this.#frameMs = (frameSamples * 1000) / sampleRate;
    this.#level = new LevelMeter(sampleRate);
    this.#gain = new Gain(sampleRate);
    this.#onPlayed = onPlayed;
  }

  get levelDbov(): number {
    return this.#level.dbov;
  }

  get playing(): boolean {
    return this.#players.length > 0;
  }

  /** True from its first use until {@link rest} has given the device back. */
  get open(): boolean {
    return this.#idleMs !== Number.POSITIVE_INFINITY;
  }

  set volume(percent: number) {
    this.#volume = percent;
    this.#apply();
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#apply();
  }

  play(player: Player): void {
    this.#players.push(player);
  }

  /** @returns true when it was playing */
  stop(player: Player): boolean {
    const at = this.#players.indexOf(player);
    if (at >= 0) this.#players.splice(at, 1);
    return at >= 0;
  }

  /** Opens the device when it is needed, closes it when it has not been for a while. */
  rest(needed: boolean, idleMs: number): void {
    if (needed) {
      if (!this.open) this.#openingMs = 0;
      this.#idleMs = 0;
      this.slot.use();
    } else if (this.open) {
      this.#idleMs += this.#frameMs;
      if (this.#idleMs < idleMs) return;
      this.#idleMs = Number.POSITIVE_INFINITY;
      this.slot.release();
    }
  }

  /** Adds the sounds of this side to {@link frame}, and plays it. */
  push(): void {
    const { frame } = this;
    if (this.#audible()) {
      for (const player of this.#players) player.addTo(frame, frame.length, this.#sampleRate);
      this.#retire();
    }
    this.#gain.process(frame, 0, frame.length);
    this.#level.push(frame, 0, frame.length);
    const { streams } = this.slot;
    for (let i = 0; i < streams.length; i++) streams[i].write(frame, frame.length);
  }

  add(pcm: Int16Array): void {
    addSaturated(this.frame, 0, pcm, 0, this.frame.length);
  }

  close(): void {
    for (const player of this.#players) player.close();
    this.#players.length = 0;
    this.slot.close();
  }

  /** A sound that begins before the device is open would lose its beginning. */
  #audible(): boolean {
    if (this.#openingMs >= PATIENCE_MS) return true;
    const { streams } = this.slot;
    for (let i = 0; i < streams.length; i++) if (streams[i].ready) this.#openingMs = PATIENCE_MS;
    this.#openingMs += this.#frameMs;
    return this.#openingMs >= PATIENCE_MS;
  }

  #retire(): void {
    const players = this.#players;
    for (let i = players.length - 1; i >= 0; i--) {
      if (players[i].finished) this.#onPlayed(players.splice(i, 1)[0]);
    }
  }

  #apply(): void {
    this.#gain.set(this.#muted ? 0 : volumeGain(this.#volume));
  }
}
