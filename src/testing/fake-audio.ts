/**
 * Sound devices that exist in memory, for tests in virtual time: plug them in and out, say something into a microphone,
 * look at what a speaker played. Each has a clock of its own, which may run fast or slow. Stands where a system's devices
 * stand: `MediaEngine.start({ workers: 'in-process', audioBackend })`.
 */
import type { Clock, Timer } from '../base/clock.js';
import { SwitchhookError } from '../base/errors.js';
import type {
  AudioBackend,
  AudioDevice,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from '../media/index.js';

const PERIOD_MS = 10;
const LONGEST_SECONDS = 120;

export interface FakeDeviceOptions {
  name?: string;
  isDefault?: boolean;
  /** How much faster than the clock it runs. */
  driftPpm?: number;
}

/** One device: what it hears when it is an input, what it played when it is an output. */
export class FakeAudioDevice implements AudioDevice {
  readonly name: string;
  isDefault: boolean;
  readonly driftPpm: number;
  /** What the microphone hears: sample `position` at `sampleRate`; silence when absent. */
  hears: ((position: number, sampleRate: number) => number) | undefined;
  /** Streams that are open now. */
  streams = 0;
  /** Streams that were opened ever. */
  opened = 0;
  /** Set to make the next streams end at once. */
  failure: string | undefined;
  /** What was asked for when it was opened last. */
  options: DeviceStreamOptions | undefined;
  readonly #played: Int16Array[] = [];

  constructor(
    readonly id: string,
    readonly kind: AudioDevice['kind'],
    options: FakeDeviceOptions = {},
  ) {
    this.name = options.name ?? id;
    this.isDefault = options.isDefault ?? false;
    this.driftPpm = options.driftPpm ?? 0;
  }

  /** Everything the speaker was given, from all streams in the order it came. */
  get played(): Int16Array {
    const all = new Int16Array(this.#played.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#played) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /** Forgets what was played. */
  forget(): void {
    this.#played.length = 0;
  }

  /** @internal */
  take(pcm: Int16Array, count: number): void {
    this.#played.push(pcm.slice(0, count));
  }
}

export class FakeAudioBackend implements AudioBackend {
  readonly name = 'fake';
  readonly devices: FakeAudioDevice[] = [];
  /** Set while there is no sound server. */
  missing: string | undefined;
  /** Devices whose volume was to be raised, in order. */
  readonly raised: string[] = [];
  readonly #clock: Clock;
  readonly #open = new Map<FakeAudioDevice, Set<FakeStream>>();
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a device and tells of it. */
  plug(device: FakeAudioDevice): FakeAudioDevice {
    this.devices.push(device);
    this.#tell();
    return device;
  }

  /** Takes a device away: its streams end. */
  unplug(device: FakeAudioDevice): void {
    this.devices.splice(this.devices.indexOf(device), 1);
    for (const stream of [...(this.#open.get(device) ?? [])]) stream.end('unplugged');
    this.#tell();
  }

  async list(): Promise<readonly AudioDevice[]> {
    if (this.missing) throw new SwitchhookError('ERR_AUDIO_BACKEND', { why: this.missing });
    return this.devices.map(({ id, name, kind, isDefault }) => ({ id, name, kind, isDefault }));
  }

  capture(device: AudioDevice, options: CaptureOptions): CaptureStream {
    return this.#add(new FakeCapture(this.#device(device, options), options, this.#clock, this.#remove));
  }

  playback(device: AudioDevice, options: DeviceStreamOptions): PlaybackStream {
    return this.#add(new FakePlayback(this.#device(device, options), options, this.#clock, this.#remove));
  }

  async raise(devices: readonly AudioDevice[]): Promise<void> {
    for (const { id } of devices) this.raised.push(id);
  }

  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  #device({ id }: AudioDevice, options: DeviceStreamOptions): FakeAudioDevice {
    const device = this.devices.find((one) => one.id === id);
    if (!device) throw new Error(`no device ${id}`);
    device.options = options;
    return device;
  }

  #add<T extends FakeStream>(stream: T): T {
    const { device } = stream;
    const open = this.#open.get(device) ?? new Set();
    this.#open.set(device, open.add(stream));
    device.streams++;
    device.opened++;
    const { failure } = device;
    if (failure) this.#clock.after(0, () => stream.end(failure));
    return stream;
  }

  readonly #remove = (stream: FakeStream): void => {
    if (this.#open.get(stream.device)?.delete(stream)) stream.device.streams--;
  };

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

abstract class FakeStream {
  closed = false;

  constructor(
    readonly device: FakeAudioDevice,
    private readonly options: DeviceStreamOptions,
    private readonly onClosed: (stream: FakeStream) => void,
  ) {}

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed(this);
  }

  end(why: string): void {
    if (this.closed) return;
    this.close();
    this.options.onEnd(why);
  }
}

class FakeCapture extends FakeStream implements CaptureStream {
  #timer: Timer | undefined;
  #pushed = 0;

  constructor(
    device: FakeAudioDevice,
    { sampleRate, ...options }: CaptureOptions,
    clock: Clock,
    onClosed: (stream: FakeStream) => void,
  ) {
    super(device, { sampleRate, ...options }, onClosed);
    const startedAt = clock.now();
    const frame = new Int16Array(sampleRate);
    const next = (): void => {
      this.#timer = clock.after(PERIOD_MS, () => {
        const now = (clock.now() - startedAt) * (1 + device.driftPpm * 1e-6);
        const count = Math.floor((now * sampleRate) / 1000) - this.#pushed;
        for (let i = 0; i < count; i++) frame[i] = device.hears?.(this.#pushed + i, sampleRate) ?? 0;
        this.#pushed += count;
        next();
        options.onSamples(frame, count);
      });
    };
    next();
  }

  override close(): void {
    this.#timer?.cancel();
    super.close();
  }
}

class FakePlayback extends FakeStream implements PlaybackStream {
  readonly ready = true;
  underruns = 0;
  readonly #clock: Clock;
  readonly #sampleRate: number;
  /** When the device began to play, were it to have had no holes. */
  #startedAt: number | undefined;
  #written = 0;

  constructor(
    device: FakeAudioDevice,
    options: DeviceStreamOptions,
    clock: Clock,
    onClosed: (stream: FakeStream) => void,
  ) {
    super(device, options, onClosed);
    this.#clock = clock;
    this.#sampleRate = options.sampleRate;
  }

  get queuedMs(): number {
    if (this.#startedAt === undefined) return 0;
    const played = (this.#clock.now() - this.#startedAt) * (1 + this.device.driftPpm * 1e-6);
    return Math.max(0, (this.#written * 1000) / this.#sampleRate - played);
  }

  write(pcm: Int16Array, count: number): void {
    if (this.closed || this.#written > LONGEST_SECONDS * this.#sampleRate) return;
    if (this.#startedAt === undefined) this.#startedAt = this.#clock.now();
    else if (this.queuedMs === 0) {
      this.underruns++;
      this.#startedAt = this.#clock.now();
      this.#written = 0;
    }
    this.#written += count;
    this.device.take(pcm, count);
  }
}
