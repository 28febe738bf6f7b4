/** A headset as the application sees it: connects sessions, of whichever worker, with the core its devices are in. */
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { AudioDevice } from '../devices/audio-backend.js';
import { type DeviceChoice, type DeviceRole, parseChoice } from '../devices/device-choice.js';
import type {
  EchoCancellation,
  Headset,
  HeadsetEvents,
  HeadsetMemberOptions,
  HeadsetOptions,
  HeadsetStats,
} from '../devices/headset-types.js';
import { checkVolume, UNCHANGED_VOLUME } from '../devices/volume.js';
import type { MediaSession, Playback, PlaybackResult, PlayOptions, PlaySource } from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostSession } from './host-session.js';
import { allocateRing } from './pcm-ring.js';
import { coreSource } from './play-source.js';
import { unpackError } from './protocol.js';

const DEFAULT_RATE = 16_000;
/** AEC3 and the phone's processing know these. */
const RATES = [8000, 16_000, 32_000, 48_000];
/** A side that stalls for longer loses audio. */
const RING_SECONDS = 0.25;
const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];

interface Member {
  readonly number: number;
  readonly leave: () => void;
}

export class HostHeadset extends Emitter<HeadsetEvents> implements Headset, CoreListener {
  readonly id: number;
  readonly #link: CoreLink;
  readonly #sampleRate: number;
  readonly #options: HeadsetOptions;
  readonly #members = new Map<HostSession, Member>();
  readonly #playbacks = new Map<number, (result: PlaybackResult) => void>();
  readonly #choices = new Map<DeviceRole, DeviceChoice>();
  readonly #volumes = new Map<DeviceRole, number>();
  readonly #muted = new Set<DeviceRole>();
  /** Numbers for members and playbacks. */
  #next = 1;
  #closing: Promise<void> | undefined;
  #ended = false;

  /** @throws ERR_INVALID_ARGUMENT */
  constructor(id: number, link: CoreLink, options: HeadsetOptions) {
    super();
    this.id = id;
    this.#link = link;
    this.#options = options;
    this.#sampleRate = options.sampleRate ?? DEFAULT_RATE;
    if (!RATES.includes(this.#sampleRate)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `sampleRate ${this.#sampleRate} of a headset is none of ${RATES.join(', ')}`,
      });
    }
    for (const role of ROLES) {
      this.#choices.set(role, options[role] ?? (options.backend === 'null' ? 'none' : 'default'));
      parseChoice(role, this.selected(role));
      this.#volumes.set(role, checkVolume(options.volumes?.[role] ?? UNCHANGED_VOLUME));
    }
  }

  async open(): Promise<void> {
    await this.#link.request('openHeadset', {
      session: this.id,
      options: this.#options,
      sampleRate: this.#sampleRate,
    });
  }

  get members(): readonly MediaSession[] {
    return [...this.#members.keys()];
  }

  async devices(): Promise<readonly AudioDevice[]> {
    this.#checkOpen();
    return this.#link.request('listDevices', { session: this.id });
  }

  async select(role: DeviceRole, choice: DeviceChoice, when: 'now' | 'next-call' = 'now'): Promise<void> {
    this.#checkOpen();
    await this.#link.request('selectDevice', { session: this.id, role, choice, when });
    this.#choices.set(role, choice);
  }

  selected(role: DeviceRole): DeviceChoice {
    return this.#choices.get(role) ?? 'default';
  }

  setVolume(role: DeviceRole, percent: number): void {
    this.#checkOpen();
    this.#volumes.set(role, checkVolume(percent));
    this.#link.notify({ op: 'deviceVolume', session: this.id, role, percent });
  }

  volume(role: DeviceRole): number {
    return this.#volumes.get(role) ?? UNCHANGED_VOLUME;
  }

  setMute(options: { microphone?: boolean; speaker?: boolean; ringer?: boolean }): void {
    this.#checkOpen();
    for (const role of ROLES) {
      const muted = options[role];
      if (muted === undefined) continue;
      if (muted) this.#muted.add(role);
      else this.#muted.delete(role);
      this.#link.notify({ op: 'deviceMute', session: this.id, role, muted });
    }
  }

  muted(role: DeviceRole): boolean {
    return this.#muted.has(role);
  }

  setEchoCancellation(mode: EchoCancellation): void {
    this.#checkOpen();
    this.#link.notify({ op: 'echoCancellation', session: this.id, mode });
  }

  add(session: MediaSession, options: HeadsetMemberOptions = {}): void {
    this.#checkOpen();
    if (!(session instanceof HostSession)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: 'only sessions of a MediaEngine can use a headset',
      });
    }
    if (this.#members.has(session)) {
      this.set(session, options);
      return;
    }
    checkMember(options);
    const number = this.#next++;
    const samples = this.#sampleRate * RING_SECONDS;
    const rings = {
      sampleRate: this.#sampleRate,
      toBridge: allocateRing(samples),
      fromBridge: allocateRing(samples),
    };
    const leave = session.plugIn(rings, () => this.remove(session));
    this.#link.notify({
      op: 'joinHeadset',
      session: this.id,
      member: number,
      rings,
      settings: options,
    });
    this.#members.set(session, { number, leave });
  }

  set(session: MediaSession, options: HeadsetMemberOptions): void {
    const member = this.#members.get(session as HostSession);
    if (!member) return;
    checkMember(options);
    this.#link.notify({ op: 'setLine', session: this.id, member: member.number, settings: options });
  }

  remove(session: MediaSession): void {
    const member = this.#members.get(session as HostSession);
    if (!member) return;
    this.#members.delete(session as HostSession);
    // The headset ends its ring, upon which the call lets go by itself.
    this.#link.notify({ op: 'leaveHeadset', session: this.id, member: member.number });
  }

  play(role: 'speaker' | 'ringer', source: PlaySource, options: PlayOptions = {}): Playback {
    this.#checkOpen();
    const playback = this.#next++;
    const core = coreSource(source);
    const done = new Promise<PlaybackResult>((resolve) => this.#playbacks.set(playback, resolve));
    this.#link.notify({ op: 'playSound', session: this.id, playback, role, source: core, options });
    return {
      done,
      stop: () => this.#link.notify({ op: 'stopPlayback', session: this.id, playback }),
    };
  }

  async stats(): Promise<HeadsetStats> {
    this.#checkOpen();
    return this.#link.request('headsetStats', { session: this.id });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  onEngineClose(error: SwitchhookError): Promise<void> {
    this.#closing ??= this.#close(error);
    return this.#closing;
  }

  onCoreEvent(event: Parameters<CoreListener['onCoreEvent']>[0]): void {
    switch (event.event) {
      case 'deviceChange':
        this.emit('device', event.change);
        break;
      case 'devices':
        this.emit('devices', event.devices);
        break;
      case 'error':
        this.emit('error', unpackError(event.error));
        break;
      case 'playbackDone': {
        const { playback, reason, playedMs, error } = event;
        this.#playbacks.get(playback)?.({ reason, playedMs, error: error && unpackError(error) });
        this.#playbacks.delete(playback);
        break;
      }
    }
  }

  onCoreEnd(error: SwitchhookError): void {
    // Nobody ends the rings any more.
    for (const { leave } of this.#members.values()) leave();
    this.#end(error);
  }

  async #close(error: SwitchhookError | undefined): Promise<void> {
    try {
      await this.#link.request('closeHeadset', { session: this.id });
    } finally {
      this.#link.detach(this.id);
      this.#end(error);
    }
  }

  #end(error: SwitchhookError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#members.clear();
    for (const done of this.#playbacks.values()) done({ reason: 'stopped', playedMs: 0, error });
    this.#playbacks.clear();
    this.emit('ended', error);
  }

  #checkOpen(): void {
    if (this.#ended || this.#closing) throw new SwitchhookError('ERR_CLOSED', { what: 'the headset' });
  }
}

function checkMember({ microphoneVolume, speakerVolume }: HeadsetMemberOptions): void {
  if (microphoneVolume !== undefined) checkVolume(microphoneVolume);
  if (speakerVolume !== undefined) checkVolume(speakerVolume);
}
