/**
 * Music for a peer on hold: while we hold it, or while it holds us and listens. Only where we may send at all, which
 * leaves `sendonly`. Made by Phone, which tells it of every call.
 */
import type { Logger } from '../../base/logger.js';
import type { Playback } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import type { Policies } from './policies.js';

export interface MusicOptions {
  /**
   * `localHold`: the peer hears the file while we hold it and send (a=sendonly); `remoteHold`: while it has asked to
   * listen only (a=recvonly). Default 'never'.
   */
  when?: 'never' | 'localHold' | 'remoteHold';
  /** Played over and over. */
  file?: string;
}

export class MusicOnHold {
  readonly #policies: Policies;
  readonly #logger: Logger;
  readonly #playing = new Map<Call, { file: string; playback: Playback }>();
  readonly #calls = new Set<Call>();

  constructor(policies: Policies, logger: Logger) {
    this.#policies = policies;
    this.#logger = logger;
    policies.on('changed', this.#checkAll);
  }

  readonly #checkAll = (): void => {
    for (const call of this.#calls) this.#check(call);
  };

  close(): void {
    this.#policies.off('changed', this.#checkAll);
  }

  attend(call: Call): void {
    this.#calls.add(call);
    call.on('direction', () => this.#check(call));
    void call.ended.then(() => {
      this.#calls.delete(call);
      this.#stop(call);
    });
  }

  #check(call: Call): void {
    const { when = 'never', file } = this.#policies.music;
    const { ours, theirs, direction } = call.holdStatus;
    const wanted =
      direction === 'sendonly' &&
      (when === 'localHold' ? ours === 'sendonly' : when === 'remoteHold' && theirs === 'sendonly');
    if (!wanted || !file || call.state !== 'connected') return this.#stop(call);
    if (this.#playing.get(call)?.file === file) return;
    this.#stop(call);
    try {
      const playback = call.startPlaying(file, { loop: true });
      this.#playing.set(call, { file, playback });
      void playback.done.then(({ error }) => {
        if (error) this.#logger.warn('no music on hold', { file, error });
        if (this.#playing.get(call)?.playback === playback) this.#playing.delete(call);
      });
    } catch (error) {
      this.#logger.warn('no music on hold', { file, error });
    }
  }

  #stop(call: Call): void {
    this.#playing.get(call)?.playback.stop();
    this.#playing.delete(call);
  }
}
