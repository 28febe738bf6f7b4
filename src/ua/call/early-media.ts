/**
 * What happens before a call of ours is answered (RFC 3960): whether 183 counts as ringing, whether the peer's early media
 * is heard, what we send meanwhile, and when a ringback tone of our own is to be played. Part of CallSession; the tone
 * itself is played by whoever listens to `ringback`.
 */
import { type Direction, directionOf, receives, sends } from '../../sdp/index.js';
import type { SipResponse } from '../../sip/index.js';

export interface EarlyMediaOptions {
  /**
   * 180 to 183 with a description: 'ignore' leaves the state and the audio alone; 'ringing' counts as ringing, the
   * audio stays closed; 'ring' plays a ringback until early media comes, and counts as ringing with 180 only; 'open'
   * counts as ringing and opens the audio without a ringback. Default: counts as ringing, audio open, ringback until it
   * comes.
   */
  progress?: 'ignore' | 'ringing' | 'ring' | 'open';
  /** What we send before the answer: nothing, silence, or what there is. Default 'audio'. */
  send?: 'never' | 'silence' | 'audio';
}

export class EarlyMedia {
  readonly #options: EarlyMediaOptions;
  readonly #onRingback: (playing: boolean) => void;
  #ringback = false;
  /** Audio of the peer has come: no tone of ours any more. */
  #heard = false;
  #over = false;

  constructor(options: EarlyMediaOptions, onRingback: (playing: boolean) => void) {
    this.#options = options;
    this.#onRingback = onRingback;
  }

  get sendsSilence(): boolean {
    return this.#options.send === 'silence';
  }

  /** @returns true when the response counts as ringing */
  progress({ status }: SipResponse, earlyMedia: boolean): boolean {
    const { progress } = this.#options;
    const described = earlyMedia && status !== 180;
    const rings =
      status === 180 ||
      (progress === undefined && earlyMedia) ||
      (progress !== undefined && status === 183 && (progress === 'ringing' || progress === 'open'));
    const tone =
      status === 180
        ? !(earlyMedia && progress === 'open')
        : described || status === 183
          ? wantsTone(progress)
          : false;
    if (tone && !this.#heard && !this.#over) this.#set(true);
    return rings;
  }

  /** Audio of the peer arrives. */
  heard(): void {
    this.#heard = true;
    this.#set(false);
  }

  /** Answered or over. */
  end(): void {
    this.#over = true;
    this.#set(false);
  }

  /** What flows of what was agreed on, before the answer. */
  flow(direction: Direction): Direction {
    const { progress, send } = this.#options;
    if (this.#over) return direction;
    const deaf = progress === 'ignore' || progress === 'ringing';
    return directionOf(sends(direction) && send !== 'never', receives(direction) && !deaf);
  }

  #set(playing: boolean): void {
    if (playing === this.#ringback) return;
    this.#ringback = playing;
    this.#onRingback(playing);
  }
}

function wantsTone(progress: EarlyMediaOptions['progress']): boolean {
  return progress === undefined || progress === 'ringing' || progress === 'ring';
}
