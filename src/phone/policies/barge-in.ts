/**
 * Supervisors who listen in: a hidden call that hears both sides of all calls of this phone and is heard by none of
 * them. All hidden calls share one bridge; the calls of the phone are only listened to in it, so that they hear no more
 * than before. Made by Phone.
 */
import type { Logger } from '../../base/logger.js';
import type { MediaBridge, MediaEngine, MediaSession } from '../../media/index.js';
import type { Call } from '../../ua/index.js';

export interface BargeInOptions {
  /** An INVITE with this text is answered at once, without a word to the application; whatever the case of the letters. */
  match?: string;
}

export interface BargeInEnvironment {
  logger: Logger;
  openBridge: MediaEngine['openBridge'] | undefined;
  /** Calls to be heard: of a conference one is enough, it hears the others. */
  audible(): readonly Call[];
}

const NOT_HERE = 480;

export class BargeIn {
  readonly #env: BargeInEnvironment;
  readonly #hidden = new Set<Call>();
  readonly #heard = new Map<Call, MediaSession>();
  #bridge: Promise<MediaBridge> | undefined;

  constructor(env: BargeInEnvironment) {
    this.#env = env;
  }

  /** True for a call nobody is to see. */
  hides(call: Call): boolean {
    return this.#hidden.has(call);
  }

  get count(): number {
    return this.#hidden.size;
  }

  /** Answers and lets the caller listen. */
  accept(call: Call): void {
    const { logger } = this.#env;
    this.#hidden.add(call);
    void call.ended.then(() => this.#leave(call));
    if (!this.#env.openBridge) {
      logger.warn('nobody can listen in: the media engine has no bridges', { callId: call.id });
      call.reject(NOT_HERE);
      return;
    }
    call
      .answer()
      .then(() => this.refresh())
      .catch((error: unknown) => logger.warn('a listener could not be let in', { callId: call.id, error }));
  }

  /** Calls have begun, ended, or come together: listens to those there are now. */
  async refresh(): Promise<void> {
    if (this.#hidden.size === 0) return;
    const bridge = await this.#open();
    if (!bridge) return;
    const listeners = [...this.#hidden].flatMap(({ media, state }) =>
      state === 'connected' && media ? [media] : [],
    );
    for (const media of listeners)
      if (!bridge.members.includes(media)) bridge.add(media, { listenOnly: true });
    const wanted = this.#env.audible().filter((call) => !this.#hidden.has(call));
    for (const [call, media] of [...this.#heard]) {
      if (wanted.includes(call)) continue;
      bridge.remove(media);
      this.#heard.delete(call);
    }
    for (const call of wanted) {
      const { media } = call;
      if (!media || this.#heard.has(call)) continue;
      // Heard by the listeners only, deaf to all others, and what we say to it as well.
      bridge.add(media, { whisperTo: listeners, deaf: true, bothSides: true });
      this.#heard.set(call, media);
      void call.ended.then(() => this.#heard.delete(call));
    }
    for (const media of this.#heard.values()) {
      bridge.set(media, { whisperTo: listeners, deaf: true, bothSides: true });
    }
  }

  #open(): Promise<MediaBridge> | undefined {
    this.#bridge ??= this.#env.openBridge?.({ label: 'barge-in' });
    return this.#bridge;
  }

  #leave(call: Call): void {
    this.#hidden.delete(call);
    if (this.#hidden.size > 0) return;
    const bridge = this.#bridge;
    this.#bridge = undefined;
    this.#heard.clear();
    bridge
      ?.then((open) => open.close())
      .catch((error: unknown) => this.#env.logger.debug('the bridge was gone already', { error }));
  }
}
