/**
 * The audio of a headset, ticked by the media clock of the worker it lives in, every 10 ms: what the calls say and the
 * sounds of this side go to the speaker; what the microphone hears, less the echo of the speaker, goes to the calls; ring
 * tones go to the ringer. Ticks only while somebody needs it. Nothing in a tick waits.
 */
import type { Clock } from '../../base/clock.js';
import type { SwitchhookError } from '../../base/errors.js';
import { Gain } from '../../dsp/gain.js';
import { LevelMeter } from '../../dsp/level.js';
import { Mixer } from '../../dsp/mix.js';
import type { DeadlineClock, Ticked } from '../engine/deadline-clock.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type { Player } from '../graph/player.js';
import type { AudioBackend, AudioDevice, CaptureStream } from './audio-backend.js';
import { CaptureFeed } from './capture-feed.js';
import { type DeviceChoice, type DeviceRole, looksLikeHeadset } from './device-choice.js';
import { type DeviceChange, DeviceSlot, type DeviceSlotOptions } from './device-slot.js';
import { EchoControl, type LoadCanceller } from './echo-control.js';
import { HeadsetLine } from './headset-line.js';
import { HeadsetOutput } from './headset-output.js';
import type {
  EchoCancellation,
  HeadsetMemberOptions,
  HeadsetOptions,
  HeadsetStats,
} from './headset-types.js';
import { PlaybackFeed } from './playback-feed.js';
import { UNCHANGED_VOLUME, volumeGain } from './volume.js';

const PERIOD_MS = 10;
/** How often the way of an echo is measured. */
const DELAY_PERIODS = 50;
const LABELS: Record<DeviceRole, string> = { microphone: 'Microphone', speaker: 'Call', ringer: 'Ringer' };

export interface HeadsetGraphOptions {
  clock: Clock;
  deadlines: DeadlineClock;
  backend: AudioBackend;
  sampleRate: number;
  idleMs: number;
  duckOthers: boolean;
  stereo: boolean;
  raiseVolumes: HeadsetOptions['raiseVolumes'];
  choices: Record<DeviceRole, DeviceChoice>;
  echoCancellation: EchoCancellation;
  loadCanceller?: LoadCanceller;
  onChange(change: DeviceChange): void;
  onError(error: SwitchhookError): void;
  onPlayed(player: Player): void;
  /** The list of devices may be out of date. */
  refresh(): void;
}

interface OtherOutput {
  readonly role: 'speaker' | 'ringer';
  readonly choice: string;
  readonly output: HeadsetOutput;
}

type SlotOptions = Omit<DeviceSlotOptions<unknown>, 'open' | 'close'>;

export class HeadsetGraph implements Ticked {
  readonly #options: HeadsetGraphOptions;
  readonly #microphone: DeviceSlot<CaptureStream>;
  readonly #speaker: HeadsetOutput;
  readonly #ringer: HeadsetOutput;
  /** Devices that single sounds were to be played on; there while they are used. */
  readonly #others: OtherOutput[] = [];
  readonly #volumes = { speaker: UNCHANGED_VOLUME, ringer: UNCHANGED_VOLUME };
  readonly #capture: CaptureFeed;
  readonly #echo: EchoControl;
  readonly #lines: HeadsetLine[] = [];
  readonly #mixer: Mixer;
  readonly #near: Int16Array;
  readonly #microphoneGain: Gain;
  readonly #microphoneLevel: LevelMeter;
  #devices: readonly AudioDevice[] = [];
  #microphoneVolume = 1;
  #microphoneMuted = false;
  #microphoneIdleMs = Number.POSITIVE_INFINITY;
  /** Devices whose volume was looked after. */
  readonly #raised = new Set<string>();
  readonly #pending = new Map<DeviceRole, DeviceChoice>();
  #stopTicking: (() => void) | undefined;
  #periods = 0;

  constructor(options: HeadsetGraphOptions) {
    this.#options = options;
    const { sampleRate, choices } = options;
    const samples = (sampleRate * PERIOD_MS) / 1000;
    this.#near = new Int16Array(samples);
    this.#mixer = new Mixer(samples);
    this.#capture = new CaptureFeed(sampleRate);
    this.#microphoneGain = new Gain(sampleRate);
    this.#microphoneLevel = new LevelMeter(sampleRate);
    this.#echo = new EchoControl({ sampleRate, onError: options.onError, load: options.loadCanceller });
    this.#echo.mode = options.echoCancellation;
    this.#microphone = new DeviceSlot(choices.microphone, {
      ...this.#slotOptions('microphone'),
      open: (device, onEnd) => this.#openCapture(device, onEnd),
      close: (stream) => {
        stream.close();
        this.#echo.running = false;
      },
    });
    this.#speaker = this.#makeOutput('speaker', choices.speaker, this.#slotOptions('speaker'));
    this.#ringer = this.#makeOutput('ringer', choices.ringer, this.#slotOptions('ringer'));
  }

  #makeOutput(role: 'speaker' | 'ringer', choice: DeviceChoice, slotOptions: SlotOptions): HeadsetOutput {
    const slot = new DeviceSlot<PlaybackFeed>(choice, {
      ...slotOptions,
      open: (device, onEnd) => this.#openPlayback(role, device, onEnd),
      close: (feed) => feed.close(),
    });
    return new HeadsetOutput(slot, this.#options.sampleRate, this.#near.length, this.#options.onPlayed);
  }

  join(id: number, rings: BridgeRings, settings: HeadsetMemberOptions): void {
    this.#lines.push(new HeadsetLine(id, rings, this.#near.length, settings));
    this.#wake();
  }

  set(id: number, settings: HeadsetMemberOptions): void {
    for (const line of this.#lines) if (line.id === id) line.set(settings);
  }

  leave(id: number): void {
    for (const line of this.#lines) if (line.id === id) line.leave();
  }

  /** @param device in place of that of the role */
  play(role: 'speaker' | 'ringer', player: Player, device?: DeviceChoice): void {
    const usual = device === undefined || String(device) === String(this.#output(role).slot.choice);
    (usual ? this.#output(role) : this.#other(role, device)).play(player);
    this.#wake();
  }

  #other(role: 'speaker' | 'ringer', device: DeviceChoice): HeadsetOutput {
    const choice = String(device);
    const known = this.#others.find((other) => other.role === role && other.choice === choice);
    if (known) return known.output;
    // What comes of it is told to who plays there, not as a change of the devices of calls.
    const output = this.#makeOutput(role, device, { ...this.#slotOptions(role), onChange: () => {} });
    output.volume = this.#volumes[role];
    output.slot.onDevices(this.#devices);
    this.#others.push({ role, choice, output });
    return output;
  }

  /** @returns true when it was playing */
  stop(player: Player): boolean {
    for (const { output } of this.#others) if (output.stop(player)) return true;
    return this.#speaker.stop(player) || this.#ringer.stop(player);
  }

  onDevices(devices: readonly AudioDevice[]): void {
    this.#microphone.onDevices(devices);
    this.#speaker.slot.onDevices(devices);
    this.#ringer.slot.onDevices(devices);
    this.#devices = devices;
    for (const { output } of this.#others) output.slot.onDevices(devices);
    this.#lookAtDevices();
  }

  /** @throws ERR_INVALID_ARGUMENT */
  choose(role: DeviceRole, choice: DeviceChoice, when: 'now' | 'next-call'): void {
    this.#pending.delete(role);
    if (when === 'next-call' && this.#lines.length > 0) {
      this.#pending.set(role, choice);
      return;
    }
    this.#slot(role).choose(choice);
    this.#lookAtDevices();
  }

  setVolume(role: DeviceRole, percent: number): void {
    if (role !== 'microphone') {
      this.#volumes[role] = percent;
      this.#output(role).volume = percent;
      for (const other of this.#others) if (other.role === role) other.output.volume = percent;
      return;
    }
    this.#microphoneVolume = volumeGain(percent);
    this.#setMicrophoneGain();
  }

  setMute(role: DeviceRole, muted: boolean): void {
    if (role !== 'microphone') {
      this.#output(role).muted = muted;
      return;
    }
    this.#microphoneMuted = muted;
    this.#setMicrophoneGain();
  }

  set echoCancellation(mode: EchoCancellation) {
    this.#echo.mode = mode;
  }

  tick(): void {
    const { idleMs } = this.#options;
    const { frame } = this.#speaker;
    this.#dismiss();
    let speaks = false;
    for (let i = 0; i < this.#lines.length; i++) if (this.#lines[i].wantsMicrophone) speaks = true;
    this.#restMicrophone(speaks);
    this.#speaker.rest(this.#lines.length > 0 || this.#speaker.playing, idleMs);
    this.#ringer.rest(this.#ringer.playing, idleMs);
    this.#mixLines(frame);
    this.#speaker.push();
    if (this.#microphoneIdleMs !== Number.POSITIVE_INFINITY) this.#listen(frame);
    if (this.#ringer.open) {
      this.#ringer.frame.fill(0);
      this.#ringer.push();
    }
    if (this.#others.length > 0) this.#playOthers();
    if (++this.#periods % DELAY_PERIODS === 0) this.#measureDelay();
    if (!this.#busy) this.#sleep();
  }

  skip(): void {}

  get stats(): HeadsetStats {
    const speaker = this.#speaker.slot;
    const [feed] = speaker.streams;
    return {
      microphone: {
        devices: names(this.#microphone.devices),
        levelDbov: this.#microphoneLevel.dbov,
        underruns: this.#capture.underruns,
        driftPpm: this.#capture.driftPpm,
        delayMs: this.#microphone.streams.length > 0 ? this.#capture.queuedMs : undefined,
      },
      speaker: {
        devices: names(speaker.devices),
        levelDbov: this.#speaker.levelDbov,
        underruns: feed?.underruns ?? 0,
        driftPpm: feed?.driftPpm ?? 0,
        delayMs: feed?.queuedMs,
      },
      ringer: { devices: names(this.#ringer.slot.devices), levelDbov: this.#ringer.levelDbov },
      loopMs: this.#loopMs,
      echo: this.#echo.state,
    };
  }

  close(): void {
    for (const line of this.#lines) line.leave();
    this.#lines.length = 0;
    this.#sleep();
    this.#microphone.close();
    this.#speaker.close();
    this.#ringer.close();
    for (const { output } of this.#others) output.close();
    this.#others.length = 0;
  }

  #playOthers(): void {
    const others = this.#others;
    for (let i = others.length - 1; i >= 0; i--) {
      const { output } = others[i];
      output.rest(output.playing, this.#options.idleMs);
      if (output.open) {
        output.frame.fill(0);
        output.push();
      } else {
        output.close();
        others.splice(i, 1);
      }
    }
  }

  get #busy(): boolean {
    return (
      this.#lines.length > 0 ||
      this.#speaker.open ||
      this.#ringer.open ||
      this.#others.length > 0 ||
      this.#microphoneIdleMs !== Number.POSITIVE_INFINITY
    );
  }

  /** Through the speaker's queue, the air, and the microphone's. */
  get #loopMs(): number | undefined {
    const queuedMs = this.#speaker.slot.streams[0]?.queuedMs;
    if (queuedMs === undefined || this.#microphone.streams.length === 0) return undefined;
    return queuedMs + this.#capture.queuedMs;
  }

  #wake(): void {
    this.#stopTicking ??= this.#options.deadlines.add(this, PERIOD_MS);
  }

  #sleep(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }

  #mixLines(frame: Int16Array): void {
    const mixer = this.#mixer;
    mixer.begin(frame.length);
    for (let i = 0; i < this.#lines.length; i++) {
      const line = this.#lines[i];
      if (line.listen()) mixer.add(line.heard, 0);
    }
    mixer.total(frame, 0);
  }

  #listen(far: Int16Array): void {
    const near = this.#near;
    this.#capture.take(near, near.length);
    this.#echo.process(near, far);
    this.#microphoneGain.process(near, 0, near.length);
    this.#microphoneLevel.push(near, 0, near.length);
    for (let i = 0; i < this.#lines.length; i++) this.#lines[i].say(near);
  }

  #restMicrophone(needed: boolean): void {
    if (needed) {
      this.#microphoneIdleMs = 0;
      this.#microphone.use();
    } else if (this.#microphoneIdleMs !== Number.POSITIVE_INFINITY) {
      this.#microphoneIdleMs += PERIOD_MS;
      if (this.#microphoneIdleMs < this.#options.idleMs) return;
      this.#microphoneIdleMs = Number.POSITIVE_INFINITY;
      this.#microphone.release();
    }
  }

  /** Whoever left or ended; the last one lets choices for the next call come into force. */
  #dismiss(): void {
    const lines = this.#lines;
    const before = lines.length;
    let kept = 0;
    for (let i = 0; i < lines.length; i++) {
      if (!lines[i].gone) lines[kept++] = lines[i];
      else lines[i].leave();
    }
    lines.length = kept;
    if (kept > 0 || before === 0) return;
    for (const [role, choice] of this.#pending) this.choose(role, choice, 'now');
  }

  #measureDelay(): void {
    const loopMs = this.#loopMs;
    if (loopMs !== undefined) this.#echo.delayMs = loopMs;
  }

  #setMicrophoneGain(): void {
    this.#microphoneGain.set(this.#microphoneMuted ? 0 : this.#microphoneVolume);
  }

  #lookAtDevices(): void {
    const [speaker] = this.#speaker.slot.devices;
    const [microphone] = this.#microphone.devices;
    this.#echo.atTheEar =
      (speaker !== undefined && looksLikeHeadset(speaker)) ||
      (microphone !== undefined && looksLikeHeadset(microphone));
  }

  #slot(role: DeviceRole): DeviceSlot<CaptureStream> | DeviceSlot<PlaybackFeed> {
    return role === 'microphone' ? this.#microphone : this.#output(role).slot;
  }

  #output(role: 'speaker' | 'ringer'): HeadsetOutput {
    return role === 'speaker' ? this.#speaker : this.#ringer;
  }

  #slotOptions(role: DeviceRole): SlotOptions {
    const { clock, onChange, refresh } = this.#options;
    return {
      role,
      clock,
      refresh,
      onChange: (change: DeviceChange) => {
        this.#lookAtDevices();
        onChange(change);
      },
    };
  }

  #openCapture(device: AudioDevice, onEnd: (why: string) => void): CaptureStream {
    const { backend, sampleRate, duckOthers } = this.#options;
    this.#raise(device);
    this.#capture.reset();
    this.#echo.running = true;
    return backend.capture(device, {
      sampleRate,
      label: LABELS.microphone,
      communication: duckOthers,
      onSamples: (pcm, count) => this.#capture.push(pcm, count),
      onEnd,
    });
  }

  #raise(device: AudioDevice): void {
    const { backend, raiseVolumes = 'never' } = this.#options;
    if (raiseVolumes === 'never' || (raiseVolumes === 'first' && this.#raised.has(device.id))) return;
    this.#raised.add(device.id);
    void backend.raise?.([device]);
  }

  #openPlayback(role: 'speaker' | 'ringer', device: AudioDevice, onEnd: (why: string) => void): PlaybackFeed {
    const { backend, sampleRate, duckOthers, stereo } = this.#options;
    this.#raise(device);
    const options = { sampleRate, label: LABELS[role], communication: duckOthers, stereo, onEnd };
    const stream = backend.playback(device, options);
    return new PlaybackFeed(stream, sampleRate);
  }
}

function names(devices: readonly AudioDevice[]): string[] {
  return devices.map(({ name }) => name);
}
