/**
 * The life of the phone behind a webphone: made of the settings when it is started, thrown away when it is stopped, so
 * that settings which count from the start take effect with the next one. Used by the functions that start and stop,
 * and by all that need the phone.
 *
 *     idle ──start()──► starting ──sockets open──► running ──stop()──► stopping ──► idle
 */
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import { Phone, type PhoneOptions } from '../phone/index.js';
import type { Call } from '../ua/index.js';

export type StackState = 'idle' | 'starting' | 'running' | 'stopping';

export type StackEvents = {
  /** A phone was made; it is not started yet. */
  made: [phone: Phone];
  /** It listens. */
  running: [phone: Phone];
  /** It could not be started. */
  failed: [error: unknown];
  /** A call of it is connected. */
  connected: [call: Call, line: number];
  /** Its calls are over and everything of it is freed. */
  stopped: [phone: Phone];
};

export class Stack extends Emitter<StackEvents> {
  readonly #options: () => PhoneOptions;
  #state: StackState = 'idle';
  #phone: Phone | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #ended = false;

  /** @param options asked for the options of the phone whenever one is made */
  constructor(options: () => PhoneOptions) {
    super();
    this.#options = options;
  }

  get state(): StackState {
    return this.#state;
  }

  /** The phone that is starting or running. */
  get phone(): Phone | undefined {
    return this.#phone;
  }

  /** Resolves when what was begun is done. */
  get settled(): Promise<void> {
    return this.#stopping ?? this.#starting ?? Promise.resolve();
  }

  /**
   * Starts if need be.
   * @returns the phone at once; it opens its sockets meanwhile
   * @throws ERR_INVALID_ARGUMENT for settings no phone can be made of, ERR_CLOSED while it is being stopped and after
   * {@link end}
   */
  start(): Phone {
    if (this.#state === 'stopping' || this.#ended)
      throw new SwitchhookError('ERR_CLOSED', { what: 'the SIP stack' });
    if (this.#phone) return this.#phone;
    const phone = new Phone(this.#options());
    this.#phone = phone;
    this.#state = 'starting';
    this.emit('made', phone);
    phone.lines.on('seated', ({ call, line }) => {
      call.on('connected', () => void this.emit('connected', call, line));
    });
    this.#starting = phone.start().then(
      () => {
        if (this.#phone !== phone || this.#state !== 'starting') return;
        this.#state = 'running';
        this.emit('running', phone);
      },
      (error: unknown) => {
        if (this.#phone !== phone) return;
        this.#phone = undefined;
        this.#state = 'idle';
        this.emit('failed', error);
      },
    );
    return phone;
  }

  /** Ends all calls, unregisters and frees the phone. Never rejects. */
  stop(): Promise<void> {
    const phone = this.#phone;
    if (!phone) return this.#stopping ?? Promise.resolve();
    this.#stopping ??= this.#stop(phone);
    return this.#stopping;
  }

  /** Stops for good. */
  end(): Promise<void> {
    this.#ended = true;
    return this.stop();
  }

  async #stop(phone: Phone): Promise<void> {
    this.#state = 'stopping';
    await phone.close();
    this.#phone = undefined;
    this.#starting = undefined;
    this.#stopping = undefined;
    this.#state = 'idle';
    this.emit('stopped', phone);
  }
}
