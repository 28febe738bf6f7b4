/**
 * What is heard of calls before, beside and after their audio: the phone rings, the ringing tone of the other side, a beep
 * for a second call, a beep when a call stands, a tone when one is refused. Looks at calls and plays; answers and ends
 * none. One set of sounds for each call:
 *
 * ```
 *   incoming:  ringing ─▶ ring, or beep in a call ─▶ connecting, ended: silence
 *   outgoing:  180, 183 ─▶ ringing tone ─▶ first RTP, connected: silence     refused ─▶ busy or congestion
 * ```
 */
import { SwitchhookError } from '../../base/errors.js';
import { callTone, ringTone } from '../../media/calls.js';
import type { Playback, PlaySource, ToneSpec } from '../../media/index.js';
import type { Call, CallEnd } from '../../ua/index.js';

export interface CallTonesOptions {
  /** Country of the tones (ISO 3166), such as `de`; default `eu`, what most of Europe has. */
  country?: string;
  /** Which calls are heard ringing; default 'both'. */
  ring?: 'off' | 'incoming' | 'both';
  /** A file to ring with, in the place of the built-in ring; and for outgoing calls unless `ringback` is set. */
  ringtone?: string;
  /** A file in the place of the ringing tone of outgoing calls. */
  ringback?: string;
  /** An incoming call while there is another: nothing, one beep, or as any other. Default 'beep'. */
  ringInCall?: 'off' | 'beep' | 'ring';
  /** One beep for an incoming call beside whatever rings: never, while there is another call, for each. Default 'off'. */
  beepOnIncoming?: 'off' | 'in-call' | 'always';
  /** How it beeps; default 1000 Hz for 200 ms. */
  beep?: { frequency?: number; durationMs?: number };
  /**
   * The tone at the end: 'auto' when a call of ours is refused and the other side has said nothing itself; 'rejected'
   * whenever it is refused; 'always' also when the peer ends a conversation. Default 'auto'.
   */
  disconnect?: 'off' | 'auto' | 'rejected' | 'always';
  /** A beep when a call stands: which ones. Default 'off'. */
  connectBeep?: 'off' | 'automatic' | 'incoming' | 'outgoing' | 'all';
  /** The ringing tone goes on beside the early media of the other side, until the call is answered. Default false. */
  ringThroughMedia?: boolean;
  /** The ringing tone begins with 183 as well as with 180; default true. */
  ringOnProgress?: boolean;
}

/** What a sound is played with. */
export interface TonePlayer {
  play(role: 'speaker' | 'ringer', source: PlaySource, options?: { loop?: boolean }): Playback;
}

/** What is looked at of a call. */
export type ToneCall = Pick<Call, 'id' | 'direction' | 'state' | 'on' | 'once'>;

/** A file that cannot be played is told, and the built-in sound takes its place. */
export type OnToneError = (error: SwitchhookError) => void;

const BEEP_HZ = 1000;
const BEEP_MS = 200;
/** How long a call that is over is told. */
const DISCONNECT_MS = 3000;
/** The callee is busy, or does not want (RFC 3261 §21.4.24, §21.6.1, §21.6.2). */
const BUSY = [486, 600, 603];

interface Watched {
  readonly call: ToneCall;
  /** What sounds now. */
  sound: { stop(): void } | undefined;
  /** The other side is heard. */
  flowing: boolean;
  stood: boolean;
  automatic: boolean;
}

export class CallTones {
  options: CallTonesOptions;
  readonly #player: TonePlayer;
  readonly #onError: OnToneError;
  readonly #calls = new Map<ToneCall, Watched>();

  constructor(player: TonePlayer, options: CallTonesOptions = {}, onError: OnToneError = () => {}) {
    this.#player = player;
    this.options = options;
    this.#onError = onError;
  }

  /** Looks after a call from its beginning to its end. */
  watch(call: ToneCall): void {
    if (this.#calls.has(call) || call.state === 'ended') return;
    const watched: Watched = { call, sound: undefined, flowing: false, stood: false, automatic: false };
    this.#calls.set(call, watched);
    call.on('flowing', () => {
      watched.flowing = true;
      if (call.direction === 'outgoing' && !this.options.ringThroughMedia) this.#silence(watched);
    });
    call.on('progress', ({ status }) => {
      if (status === 180 || (status === 183 && this.options.ringOnProgress !== false)) this.#ringOut(watched);
    });
    call.on('state', (state) => {
      if (state === 'connecting' || state === 'connected') this.#silence(watched);
      if (state === 'connected' && !watched.stood) this.#stands(watched);
    });
    call.once('ended', (end) => {
      this.#calls.delete(call);
      this.#silence(watched);
      this.#over(watched, end);
    });
    // Whoever is told of the call may refuse it at once.
    if (call.direction === 'incoming') queueMicrotask(() => this.#ringIn(watched));
  }

  /** The call was answered by nobody. */
  answeredAutomatically(call: ToneCall): void {
    const watched = this.#calls.get(call);
    if (watched) watched.automatic = true;
  }

  /** The user does not want to hear it: the call rings on in silence. */
  silence(call: ToneCall): void {
    const watched = this.#calls.get(call);
    if (watched) this.#silence(watched);
  }

  /** One beep. */
  beep(): void {
    const { frequency = BEEP_HZ, durationMs = BEEP_MS } = this.options.beep ?? {};
    this.#player.play('speaker', {
      tone: { segments: [{ frequencies: [frequency], durationMs }], repeat: 1 },
    });
  }

  #ringIn(watched: Watched): void {
    const {
      ring = 'both',
      ringInCall = 'beep',
      beepOnIncoming = 'off',
      ringtone,
      country = 'eu',
    } = this.options;
    if (watched.call.state !== 'ringing' || watched.sound) return;
    const busy = [...this.#calls.values()].some(
      (other) => other !== watched && other.call.state === 'connected',
    );
    const rings = ring !== 'off' && (!busy || ringInCall === 'ring');
    const beeps =
      (busy && ringInCall === 'beep') ||
      beepOnIncoming === 'always' ||
      (busy && beepOnIncoming === 'in-call');
    if (beeps) this.beep();
    if (rings) this.#sound(watched, 'ringer', ringtone, ringTone(country));
  }

  #ringOut(watched: Watched): void {
    const { ring = 'both', ringtone, ringback = ringtone, country = 'eu', ringThroughMedia } = this.options;
    if (watched.call.direction !== 'outgoing' || watched.stood || watched.sound) return;
    if (watched.flowing && !ringThroughMedia) return;
    if (ring !== 'both') return;
    this.#sound(watched, 'speaker', ringback, callTone('ringback', country));
  }

  #stands(watched: Watched): void {
    watched.stood = true;
    const { connectBeep = 'off' } = this.options;
    const { direction } = watched.call;
    const beeps =
      connectBeep === 'all' ||
      connectBeep === direction ||
      (connectBeep === 'automatic' && direction === 'incoming' && watched.automatic);
    if (beeps) this.beep();
  }

  #over({ call, stood, flowing }: Watched, end: CallEnd): void {
    const { disconnect = 'auto', country = 'eu' } = this.options;
    if (disconnect === 'off' || end.by === 'local') return;
    if (stood ? disconnect !== 'always' : call.direction !== 'outgoing') return;
    if (!stood && disconnect === 'auto' && flowing) return;
    const spec = callTone(stood || BUSY.includes(end.status) ? 'busy' : 'congestion', country);
    const roundMs = spec.segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
    this.#player.play('speaker', {
      tone: { ...spec, repeat: Math.max(1, Math.round(DISCONNECT_MS / roundMs)) },
    });
  }

  /** Plays a file over and over, or what is built in when there is none or it cannot be played. */
  #sound(watched: Watched, role: 'speaker' | 'ringer', file: string | undefined, builtIn: ToneSpec): void {
    const stopped = (): boolean => watched.sound !== sound;
    const sound = { stop: (): void => {} };
    const start = (source: PlaySource): Playback => {
      const playback = this.#player.play(role, source, { loop: true });
      sound.stop = () => playback.stop();
      return playback;
    };
    watched.sound = sound;
    if (!file) {
      start({ tone: builtIn });
      return;
    }
    void start({ file }).done.then(({ reason, error }) => {
      if (reason !== 'error') return;
      this.#onError(
        error ?? new SwitchhookError('ERR_MEDIA_FILE', { path: file, why: 'it cannot be played' }),
      );
      if (!stopped()) start({ tone: builtIn });
    });
  }

  #silence(watched: Watched): void {
    const { sound } = watched;
    watched.sound = undefined;
    sound?.stop();
  }
}
