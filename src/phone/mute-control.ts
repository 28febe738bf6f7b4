/**
 * Muting by line and direction, and talking only while a key is pressed. A muted microphone sends nothing at all, unless
 * it is to go on with silence. Made by Phone; a call knows nothing of it.
 */
import { Emitter } from '../base/emitter.js';
import type { Call } from '../ua/index.js';
import type { LinePreset } from './call-options.js';
import { LINE_CURRENT, type LineTable } from './lines.js';

export type MuteDirection = 'both' | 'speaker' | 'microphone';

export interface MuteOptions {
  /** What is muted when nothing is said. Default 'microphone'. */
  direction?: MuteDirection;
  /** Calls start like that. Default: not muted. */
  atStart?: MuteDirection;
  /** Go on sending silence while the microphone is muted. Default false. */
  keepSending?: boolean;
}

interface Muted {
  send: boolean;
  receive: boolean;
}

export type MuteEvents = {
  /** Another side of a call is muted, or none. */
  changed: [call: Call];
};

export class MuteControl extends Emitter<MuteEvents> {
  options: MuteOptions;
  readonly #lines: LineTable<Call, LinePreset>;
  readonly #muted = new WeakMap<Call, Muted>();

  constructor(lines: LineTable<Call, LinePreset>, options: MuteOptions = {}) {
    super();
    this.#lines = lines;
    this.options = options;
    lines.on('seated', ({ call }) => {
      call.once('connected', () => {
        const { atStart } = this.options;
        const before = this.#muted.get(call);
        // What was muted before there was any media is due now.
        if (before) this.#apply(call, before);
        else if (atStart) this.set(call, true, atStart);
      });
    });
  }

  /** Mutes or unmutes a call, a line, the current one (-1) or all (-2). @returns how many calls it reached */
  set(
    which: number | Call,
    muted: boolean,
    direction: MuteDirection = this.options.direction ?? 'microphone',
  ): number {
    const calls =
      typeof which === 'number'
        ? this.#lines.select(which).flatMap((line) => this.#lines.get(line) ?? [])
        : [which];
    for (const call of calls) {
      const { send = false, receive = false } = this.#muted.get(call) ?? {};
      this.#apply(call, {
        send: direction === 'speaker' ? send : muted,
        receive: direction === 'microphone' ? receive : muted,
      });
    }
    return calls.length;
  }

  /** Mutes this of a call, and nothing else. */
  only(call: Call, direction: MuteDirection | undefined): void {
    this.#apply(call, {
      send: direction === 'both' || direction === 'microphone',
      receive: direction === 'both' || direction === 'speaker',
    });
  }

  /** What is muted on a line or call; undefined = nothing. */
  of(which: number | Call = LINE_CURRENT): MuteDirection | undefined {
    const call = typeof which === 'number' ? this.#lines.get(this.#lines.select(which)[0] ?? 0) : which;
    const { send, receive } = (call && this.#muted.get(call)) ?? { send: false, receive: false };
    if (send && receive) return 'both';
    return send ? 'microphone' : receive ? 'speaker' : undefined;
  }

  #apply(call: Call, muted: Muted): void {
    this.#muted.set(call, muted);
    call.media?.setMute({ ...muted, rtp: this.options.keepSending ? 'silence' : 'stop' });
    this.emit('changed', call);
  }
}

/** Talks only while pressed: by muting the microphone, or by a hold in which the peer goes on being heard. */
export class PushToTalk {
  readonly #call: Call;
  readonly #control: MuteControl;
  readonly #by: 'mute' | 'hold';

  constructor(call: Call, control: MuteControl, by: 'mute' | 'hold' = 'mute') {
    this.#call = call;
    this.#control = control;
    this.#by = by;
  }

  /** Listens only: the state to begin with. @throws what `call.hold` throws */
  release(): Promise<void> {
    if (this.#by === 'hold') return this.#call.hold({ direction: 'recvonly', exact: true });
    this.#control.set(this.#call, true, 'microphone');
    return Promise.resolve();
  }

  /** @throws what `call.resume` throws */
  press(): Promise<void> {
    if (this.#by === 'hold') return this.#call.resume();
    this.#control.set(this.#call, false, 'microphone');
    return Promise.resolve();
  }
}
