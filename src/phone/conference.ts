/**
 * A conference of the phone's calls: everybody hears everybody else, the application among them. Made by
 * {@link Phone.conference}; the mixing happens in the media engine. It ends no call and answers none.
 */
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type {
  BridgeMemberOptions,
  BridgeOptions,
  BridgeStreamOptions,
  MediaBridge,
  MediaEngine,
  MediaSession,
  PcmReader,
  PcmWriter,
  Recording,
  UdpStream,
} from '../media/index.js';
import type { Call } from '../ua/index.js';

export interface ConferenceOptions extends Partial<BridgeOptions> {}

export interface ConferenceMemberOptions extends Omit<BridgeMemberOptions, 'whisperTo'> {
  /** Heard by these calls only, and still hears everybody. */
  whisperTo?: readonly ConferenceCall[];
}

/** What a conference needs of a call. */
export type ConferenceCall = Pick<Call, 'state' | 'held' | 'media' | 'resume' | 'ended'>;

export type ConferenceEvents<C extends ConferenceCall = Call> = {
  joined: [call: C];
  /** Removed, or ended. */
  left: [call: C];
  /** Another party speaks now; 'local' is the application. */
  speaker: [party: C | 'local'];
  /** The conference is over; with the error when its media thread died. */
  ended: [error: SwitchhookError | undefined];
};

export class Conference<C extends ConferenceCall = Call> extends Emitter<ConferenceEvents<C>> {
  readonly #bridge: MediaBridge;
  readonly #calls = new Map<C, MediaSession>();

  /** @internal by {@link Phone.conference} */
  constructor(bridge: MediaBridge) {
    super();
    this.#bridge = bridge;
    bridge.on('speaker', (member) => {
      if (member === 'local') this.emit('speaker', 'local');
      for (const [call, media] of this.#calls) if (media === member) this.emit('speaker', call);
    });
    bridge.on('ended', (error) => {
      for (const call of [...this.#calls.keys()]) this.#left(call);
      this.emit('ended', error);
    });
  }

  /** @throws ERR_CALL_STATE when one of the calls is not connected */
  static async open<C extends ConferenceCall>(
    engine: Pick<MediaEngine, 'openBridge'>,
    calls: readonly C[],
    options: ConferenceOptions = {},
  ): Promise<Conference<C>> {
    const conference = new Conference<C>(await engine.openBridge({ label: 'conference', ...options }));
    try {
      for (const call of calls) await conference.add(call);
    } catch (error) {
      await conference.close();
      throw error;
    }
    return conference;
  }

  get members(): readonly C[] {
    return [...this.#calls.keys()];
  }

  /**
   * Lets a call in, taking it off hold if we hold it; or changes how it takes part.
   * @throws ERR_CALL_STATE, ERR_CLOSED, and what taking it off hold may throw
   */
  async add(call: C, options: ConferenceMemberOptions = {}): Promise<void> {
    if (!this.#calls.has(call) && call.held.local) await call.resume();
    const { media } = call;
    if (!media || call.state !== 'connected') {
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'join a conference', state: call.state });
    }
    const { whisperTo, ...member } = options;
    this.#bridge.add(media, {
      ...member,
      whisperTo: whisperTo?.flatMap(({ media: other }) => other ?? []),
    });
    if (this.#calls.has(call)) return;
    this.#calls.set(call, media);
    void call.ended.then(() => this.#left(call));
    this.emit('joined', call);
  }

  /** Lets a call go; it lives on by itself. */
  remove(call: C): void {
    const media = this.#calls.get(call);
    if (media) this.#bridge.remove(media);
    this.#left(call);
  }

  /** What the application says to all. */
  get input(): PcmWriter {
    return this.#bridge.input;
  }

  /** What the calls say, mixed. */
  output(options: { sampleRate: number }): PcmReader {
    return this.#bridge.output(options);
  }

  /** Records everybody in one channel. @throws ERR_MEDIA_FILE, ERR_CLOSED */
  record(path: string, options?: { sampleRate?: number }): Promise<Recording> {
    return this.#bridge.record(path, options);
  }

  /** Sends what the calls say, mixed, over UDP. @throws ERR_INVALID_ARGUMENT, ERR_CLOSED */
  stream(options: BridgeStreamOptions): Promise<UdpStream> {
    return this.#bridge.stream(options);
  }

  /** Ends the conference and keeps the calls. */
  close(): Promise<void> {
    return this.#bridge.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #left(call: C): void {
    if (this.#calls.delete(call)) this.emit('left', call);
  }
}
