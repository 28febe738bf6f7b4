/**
 * The seam between the phone and sound devices. A backend lists what the machine has, opens streams and tells when
 * something was plugged in or out; it decides nothing. Streams are mono 16-bit PCM and never wait: a capture pushes what
 * it has, a playback takes what it gets. Implementations: PulseAudio and PipeWire (pulse-backend.ts), the package decibri
 * (decibri-backend.ts), files (file-backend.ts), and the fakes of tests.
 */

/** `input`: it hears (a microphone); `output`: it plays. */
export type AudioDeviceKind = 'input' | 'output';

export interface AudioDevice {
  /** What the backend opens it by; stays the same while it is unplugged and plugged in again. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly kind: AudioDeviceKind;
  /** The system's choice for its kind. */
  readonly isDefault: boolean;
}

export interface DeviceStreamOptions {
  /** In Hz. */
  readonly sampleRate: number;
  /** What the sound server shows: "Microphone". */
  readonly label: string;
  /** Plays the same on two channels, for devices that do not spread one by themselves. */
  readonly stereo?: boolean;
  /** Asks the system to make other programs softer meanwhile. */
  readonly communication?: boolean;
  /** The stream is over without having been closed: unplugged, refused, its program died. Told once. */
  readonly onEnd: (why: string) => void;
}

export interface CaptureOptions extends DeviceStreamOptions {
  /** `count` samples from the start of `pcm`, which is valid during the call only. */
  readonly onSamples: (pcm: Int16Array, count: number) => void;
}

export interface CaptureStream {
  close(): void;
}

export interface PlaybackStream {
  /** False while it is being opened: what is written is lost. */
  readonly ready: boolean;
  /** Audio written and not yet heard, in ms; undefined where the device does not tell. */
  readonly queuedMs: number | undefined;
  /** How often the device ran dry. */
  readonly underruns: number;
  write(pcm: Int16Array, count: number): void;
  close(): void;
}

export interface AudioBackend {
  readonly name: string;
  /** @throws ERR_AUDIO_BACKEND when there is nothing to ask */
  list(): Promise<readonly AudioDevice[]>;
  capture(device: AudioDevice, options: CaptureOptions): CaptureStream;
  playback(device: AudioDevice, options: DeviceStreamOptions): PlaybackStream;
  /** Unmutes the devices, and raises those that are hardly to be heard. Never fails. */
  raise?(devices: readonly AudioDevice[]): Promise<void>;
  /** Calls back when the list may have changed. @returns the function that ends it */
  watch(onChange: () => void): () => void;
}
