/** The vocabulary of headsets, as applications see it: microphone, speaker and ringer shared by the calls of an engine. */
import type { SwitchhookError } from '../../base/errors.js';
import type { MediaSession, Playback, PlayOptions, PlaySource } from '../types.js';
import type { AudioDevice } from './audio-backend.js';
import type { DeviceChoice, DeviceRole } from './device-choice.js';
import type { DeviceChange } from './device-slot.js';
import type { AudioBackendName } from './open-backend.js';

/**
 * 'on': cancels the echo; 'auto': unless the devices look like a headset; 'duck': makes the microphone softer while the
 * far end speaks.
 */
export type EchoCancellation = 'off' | 'on' | 'auto' | 'duck';

export interface HeadsetOptions {
  /** Where devices come from; 'auto' when absent. */
  backend?: AudioBackendName;
  /** 'default' when absent. */
  microphone?: DeviceChoice;
  speaker?: DeviceChoice;
  ringer?: DeviceChoice;
  /** 0 to 100; 50, which changes nothing, when absent. */
  volumes?: Partial<Record<DeviceRole, number>>;
  /** 'auto' when absent. */
  echoCancellation?: EchoCancellation;
  /** Of what devices are opened with and processing works in: 8000, 16000, 32000 or 48000 Hz; 16000 when absent. */
  sampleRate?: number;
  /** Devices stay open for this long after their last use, in ms; 2000 when absent. */
  idleMs?: number;
  /** Plays the same on two channels. Default false: the system spreads one. */
  stereo?: boolean;
  /** Unmutes devices and raises those set to next to nothing: when first opened, or each time. Default 'never'. */
  raiseVolumes?: 'never' | 'first' | 'always';
  /** Asks the system to make other programs softer during calls. Default false. */
  duckOthers?: boolean;
}

/** How one call takes part. */
export interface HeadsetMemberOptions {
  /** The call hears the microphone; true when absent. */
  microphone?: boolean;
  /** The call is heard in the speaker; true when absent. */
  speaker?: boolean;
  /** 0 to 100, of this call alone; 50 when absent. */
  microphoneVolume?: number;
  speakerVolume?: number;
}

/** How a sound is played here. */
export interface SoundOptions extends PlayOptions {
  /** This device for this sound, in place of the one of the role; 'all' with the ringer. */
  device?: DeviceChoice;
}

export interface DeviceStats {
  /** Names of the devices in use. */
  devices: readonly string[];
  /** dBov, after volume and mute. */
  levelDbov: number;
  /** How often there was nothing to take, or nothing to play. */
  underruns: number;
  /** How far the clock of the device is off the media clock, ppm, as far as known. */
  driftPpm: number;
  /** Audio on the way between device and media clock, in ms, as far as known. */
  delayMs?: number;
}

export interface HeadsetStats {
  microphone: DeviceStats;
  speaker: DeviceStats;
  ringer: Pick<DeviceStats, 'devices' | 'levelDbov'>;
  /** From the media clock to the speaker and from the microphone back, in ms; absent while it is not known. */
  loopMs?: number;
  /** What is done against echo now. */
  echo: 'off' | 'cancelling' | 'ducking';
}

export type HeadsetEvents = {
  /** Another device is in use, the wanted one was lost, or is there again. */
  device: [change: DeviceChange];
  /** Something was plugged in or out. */
  devices: [devices: readonly AudioDevice[]];
  /** Something failed; the headset lives on. */
  error: [error: SwitchhookError];
  /** The headset is gone: closed, or its worker died (with the error). */
  ended: [error: SwitchhookError | undefined];
};

/**
 * Microphone, speaker and ringer for the calls of one engine: each call hears the microphone and is heard in the
 * speaker, none hears another. Devices are open only while a call or a sound needs them, and may be changed, unplugged and
 * plugged in again during a call.
 */
export interface Headset {
  readonly id: number;
  readonly members: readonly MediaSession[];
  /** What there is; outputs, then inputs, in the order in which they are numbered. @throws ERR_AUDIO_BACKEND */
  devices(): Promise<readonly AudioDevice[]>;
  /**
   * Chooses a device; 'next-call' waits until no call uses the devices.
   * @throws ERR_AUDIO_DEVICE when it is not there, ERR_INVALID_ARGUMENT
   */
  select(role: DeviceRole, choice: DeviceChoice, when?: 'now' | 'next-call'): Promise<void>;
  /** As chosen last. */
  selected(role: DeviceRole): DeviceChoice;
  /** @param percent 0 to 100 @throws ERR_INVALID_ARGUMENT */
  setVolume(role: DeviceRole, percent: number): void;
  volume(role: DeviceRole): number;
  setMute(options: { microphone?: boolean; speaker?: boolean; ringer?: boolean }): void;
  muted(role: DeviceRole): boolean;
  setEchoCancellation(mode: EchoCancellation): void;
  /** Lets a call speak and hear, or changes how it does. It leaves by itself when it ends. @throws ERR_CLOSED */
  add(session: MediaSession, options?: HeadsetMemberOptions): void;
  /** Replaces all options of a member. */
  set(session: MediaSession, options: HeadsetMemberOptions): void;
  remove(session: MediaSession): void;
  /**
   * Plays to whoever is here, not to any call; on the default where the device named for it is not there.
   * @throws ERR_INVALID_ARGUMENT, ERR_CLOSED
   */
  play(role: 'speaker' | 'ringer', source: PlaySource, options?: SoundOptions): Playback;
  stats(): Promise<HeadsetStats>;
  on<K extends keyof HeadsetEvents>(event: K, listener: (...args: HeadsetEvents[K]) => unknown): unknown;
  once<K extends keyof HeadsetEvents>(event: K, listener: (...args: HeadsetEvents[K]) => unknown): unknown;
  off<K extends keyof HeadsetEvents>(event: K, listener: (...args: HeadsetEvents[K]) => unknown): unknown;
  /** Gives the devices back; the calls live on. */
  close(): Promise<void>;
}
