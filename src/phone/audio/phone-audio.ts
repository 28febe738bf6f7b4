/**
 * The phone's ear and mouth: microphone, speaker and ringer for its calls, with the tones of a phone. A collaborator of
 * Phone (`phone.audio`). With the option `audio` every call is on the devices by itself; without, nothing is opened until
 * `attach` or `play` asks for it, as a server wants it.
 */
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { devicesFor, parseChoice } from '../../media/calls.js';
import type {
  AudioDevice,
  DeviceChange,
  DeviceChoice,
  DeviceRole,
  EchoCancellation,
  Headset,
  HeadsetMemberOptions,
  HeadsetOptions,
  HeadsetStats,
  IdleSending,
  MediaSession,
  Playback,
  PlaybackResult,
  PlayOptions,
  PlaySource,
  SoundOptions,
} from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import { CallTones, type CallTonesOptions } from './call-tones.js';

export interface PhoneAudioOptions extends HeadsetOptions {
  /** Ring tones, beeps and the like; false for none. */
  tones?: CallTonesOptions | false;
  /** What calls send while they have no microphone: none is chosen, or it cannot be used. Default 'silence'. */
  idle?: { off?: IdleSending; failed?: IdleSending };
  /** The other side is heard before it answers, if it has something to say; default true. */
  earlyMedia?: boolean;
}

export type PhoneAudioEvents = {
  /** Another device is in use, the wanted one was lost, or is there again. */
  device: [change: DeviceChange];
  /** Something was plugged in or out. */
  devices: [devices: readonly AudioDevice[]];
  /** Something failed: a device, a ring tone, the echo canceller. Calls live on. */
  error: [error: SwitchhookError];
};

/** What the devices need of a call. */
export type AudioCall = Pick<
  Call,
  'id' | 'direction' | 'state' | 'held' | 'media' | 'ended' | 'on' | 'off' | 'once'
>;

const UNCHANGED = 50;
/** What may change whether and how a call is heard. */
const LOOKED_AT = ['state', 'progress', 'hold', 'flowing'] as const;
const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];
const NOTHING: PlaybackResult = { reason: 'stopped', playedMs: 0 };

interface Attached {
  options: HeadsetMemberOptions;
  /** What was plugged in. */
  session: MediaSession | undefined;
  /** Looks at the call no longer. */
  leave(): void;
}

export class PhoneAudio extends Emitter<PhoneAudioEvents> {
  readonly tones: CallTones;
  readonly #open: (options: HeadsetOptions) => Promise<Headset>;
  readonly #logger: Logger;
  readonly #settings: HeadsetOptions;
  readonly #idle: NonNullable<PhoneAudioOptions['idle']>;
  /** Whether calls are heard before the answer. */
  earlyMedia: boolean;
  #microphoneFails = false;
  readonly #muted: Partial<Record<DeviceRole, boolean>> = {};
  readonly #calls = new Map<AudioCall, Attached>();
  /** Every call is attached by itself. */
  readonly #automatic: boolean;
  #opening: Promise<Headset> | undefined;
  #headset: Headset | undefined;
  #closed = false;

  /** @param options absent: calls are attached by hand only */
  constructor(
    open: (options: HeadsetOptions) => Promise<Headset>,
    options: PhoneAudioOptions | undefined,
    logger: Logger,
  ) {
    super();
    const {
      tones = {},
      idle = {},
      earlyMedia = true,
      ...settings
    }: PhoneAudioOptions = options ?? { tones: false };
    this.#open = open;
    this.#logger = logger;
    this.#settings = { ...settings };
    this.#idle = idle;
    this.earlyMedia = earlyMedia;
    this.#automatic = options !== undefined;
    const silent: CallTonesOptions = { ring: 'off', ringInCall: 'off', disconnect: 'off' };
    this.tones = new CallTones(
      { play: (role, source, options) => this.#playLater(role, source, options) },
      tones === false ? silent : tones,
      (error) => this.#tellError(error),
    );
  }

  /** Finds the devices before they are needed, if they will be. Never fails. @internal by Phone */
  prepare(): void {
    if (this.#automatic && ROLES.some((role) => this.selected(role) !== 'none'))
      this.#ready().catch(() => {});
  }

  /** Another call of the phone. @internal by Phone */
  watch(call: AudioCall): void {
    if (!this.#automatic) return;
    this.tones.watch(call);
    this.attach(call);
  }

  /** What there is; outputs, then inputs, in the order in which they are numbered. @throws ERR_AUDIO_BACKEND */
  async devices(): Promise<readonly AudioDevice[]> {
    return (await this.#ready()).devices();
  }

  /**
   * Chooses the device of a role: a name as listed, a number from 1, 0 or 'default', 'none', 'all' for the ringer.
   * @param when at once, or when no call uses the devices
   * @throws ERR_AUDIO_DEVICE when it is not there, ERR_AUDIO_BACKEND, ERR_INVALID_ARGUMENT
   */
  async select(role: DeviceRole, choice: DeviceChoice, when: 'now' | 'next-call' = 'now'): Promise<void> {
    await (await this.#ready()).select(role, choice, when);
    this.#settings[role] = choice;
    this.#plugAll();
  }

  /** As chosen last. */
  selected(role: DeviceRole): DeviceChoice {
    return this.#settings[role] ?? (this.#settings.backend === 'null' ? 'none' : 'default');
  }

  /**
   * @param percent 0 to 100; 50 leaves the sound as it is
   * @param call of this call alone, beside that of the device
   * @throws ERR_INVALID_ARGUMENT
   */
  setVolume(role: DeviceRole, percent: number, call?: AudioCall): void {
    if (!(percent >= 0 && percent <= 100)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `volume ${percent} is not 0 to 100` });
    }
    if (!call) {
      this.#settings.volumes = { ...this.#settings.volumes, [role]: percent };
      this.#headset?.setVolume(role, percent);
      return;
    }
    const attached = this.#calls.get(call);
    if (!attached || role === 'ringer') return;
    attached.options = { ...attached.options, [`${role}Volume`]: percent };
    this.#plug(call, attached);
  }

  volume(role: DeviceRole, call?: AudioCall): number {
    if (!call) return this.#settings.volumes?.[role] ?? UNCHANGED;
    const options = this.#calls.get(call)?.options;
    return (role === 'microphone' ? options?.microphoneVolume : options?.speakerVolume) ?? UNCHANGED;
  }

  /** Mutes devices for all calls; the calls and their packets go on. */
  mute(options: { microphone?: boolean; speaker?: boolean; ringer?: boolean }): void {
    Object.assign(this.#muted, options);
    this.#headset?.setMute(options);
  }

  muted(role: DeviceRole): boolean {
    return this.#muted[role] ?? false;
  }

  set echoCancellation(mode: EchoCancellation) {
    this.#settings.echoCancellation = mode;
    this.#headset?.setEchoCancellation(mode);
  }

  /**
   * Puts a call on the devices, or changes how it is; it speaks and hears as soon as it has audio, is silent while we
   * hold it, and leaves by itself.
   */
  attach(call: AudioCall, options: HeadsetMemberOptions = {}): void {
    const known = this.#calls.get(call);
    const attached: Attached = known ?? { options, session: undefined, leave: () => {} };
    attached.options = options;
    if (!known) {
      if (call.state === 'ended') return;
      this.#calls.set(call, attached);
      const look = (): void => this.#plug(call, attached);
      for (const event of LOOKED_AT) call.on(event, look);
      attached.leave = () => {
        for (const event of LOOKED_AT) call.off(event, look);
        if (this.#calls.get(call) === attached) this.#calls.delete(call);
      };
      void call.ended.then(attached.leave);
    }
    this.#plug(call, attached);
  }

  /** Takes a call off the devices; it lives on. */
  detach(call: AudioCall): void {
    const attached = this.#calls.get(call);
    attached?.leave();
    if (attached?.session) this.#headset?.remove(attached.session);
  }

  /** Plays to whoever is here. @throws ERR_INVALID_ARGUMENT, ERR_AUDIO_DEVICE when the device named for it is not there */
  async play(role: 'speaker' | 'ringer', source: PlaySource, options: SoundOptions = {}): Promise<Playback> {
    const headset = await this.#ready();
    const { device } = options;
    if (device !== undefined) {
      const found = devicesFor(role, parseChoice(role, device), await headset.devices());
      if (found.length === 0) throw new SwitchhookError('ERR_AUDIO_DEVICE', { device: String(device), role });
    }
    return headset.play(role, source, options);
  }

  /** What the devices do now; undefined while none was ever needed. */
  async stats(): Promise<HeadsetStats | undefined> {
    return this.#headset?.stats();
  }

  /** @internal by Phone */
  async close(): Promise<void> {
    this.#closed = true;
    const headset = await this.#opening?.catch(() => undefined);
    await headset?.close().catch(() => {});
    this.removeAllListeners();
  }

  #ready(): Promise<Headset> {
    if (this.#closed) return Promise.reject(new SwitchhookError('ERR_CLOSED', { what: 'the phone' }));
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #start(): Promise<Headset> {
    const headset = await this.#open({ ...this.#settings });
    headset.on('device', (change) => {
      if (change.role === 'microphone') this.#microphone(change.using.length > 0);
      this.emit('device', change);
    });
    headset.on('devices', (devices) => void this.emit('devices', devices));
    headset.on('error', (error) => this.#tellError(error));
    headset.on('ended', () => {
      // Its thread died: the next use opens another.
      if (this.#headset !== headset) return;
      this.#headset = undefined;
      this.#opening = undefined;
      for (const attached of this.#calls.values()) attached.session = undefined;
    });
    headset.setMute(this.#muted);
    this.#headset = headset;
    return headset;
  }

  /** Calls neither speak nor hear here. */
  get #without(): boolean {
    return this.selected('microphone') === 'none' && this.selected('speaker') === 'none';
  }

  #idleSending(): IdleSending {
    if (this.selected('microphone') === 'none') return this.#idle.off ?? 'silence';
    return this.#microphoneFails ? (this.#idle.failed ?? 'silence') : 'silence';
  }

  #microphone(works: boolean): void {
    if (this.#microphoneFails === !works) return;
    this.#microphoneFails = !works;
    this.#plugAll();
  }

  #plugAll(): void {
    for (const [call, attached] of this.#calls) this.#plug(call, attached);
  }

  /** Brings a call and the devices together, as its state has it. */
  #plug(call: AudioCall, attached: Attached): void {
    const { media } = call;
    const early = this.earlyMedia && call.direction === 'outgoing' && call.state === 'ringing';
    const audible = call.state === 'connected' || early;
    if (!media || !audible) return;
    media.setIdle(this.#idleSending());
    if (!attached.session && this.#without) return;
    void this.#ready().then(
      (headset) => {
        if (this.#calls.get(call) !== attached || call.state === 'ended') return;
        const { microphone = true, speaker = true, ...volumes } = attached.options;
        const on = !call.held.local;
        const options = {
          ...volumes,
          microphone: microphone && on && call.state === 'connected',
          speaker: speaker && on,
        };
        try {
          if (attached.session !== media) headset.add(media, options);
          else headset.set(media, options);
          attached.session = media;
        } catch (error) {
          this.#logger.debug('a call was not put on the devices', { callId: call.id, error: String(error) });
        }
      },
      (error: unknown) => {
        this.#logger.warn('no sound devices', { error: String(error) });
        media.setIdle(this.#idle.failed ?? 'silence');
      },
    );
  }

  /** For sounds that may be stopped before the devices are there. */
  #playLater(role: 'speaker' | 'ringer', source: PlaySource, options?: PlayOptions): Playback {
    let playing: Playback | undefined;
    let stopped = false;
    if (this.selected(role) === 'none') return { done: Promise.resolve(NOTHING), stop: () => {} };
    const done = this.#ready().then(
      (headset) => {
        if (stopped) return NOTHING;
        playing = headset.play(role, source, options);
        return playing.done;
      },
      () => NOTHING,
    );
    return {
      done,
      stop: () => {
        stopped = true;
        playing?.stop();
      },
    };
  }

  #tellError(error: SwitchhookError): void {
    this.#logger.warn('audio', { code: error.code, error: error.message });
    this.emit('error', error);
  }
}
