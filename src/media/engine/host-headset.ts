/** A headset as the application sees it. */
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
  SoundOptions,
} from '../devices/headset-types.js';
import { checkVolume, UNCHANGED_VOLUME } from '../devices/volume.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type { Playback, PlaybackResult, PlaySource } from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostGroup } from './host-group.js';
import { coreSource } from './play-source.js';
import { unpackError } from './protocol.js';

/** AEC3 and the phone's processing know these. */
const RATES = [8000, 16_000, 32_000, 48_000];
const ROLES: readonly DeviceRole[] = ['microphone', 'speaker', 'ringer'];

export class HostHeadset extends HostGroup<HeadsetEvents, HeadsetMemberOptions> implements Headset {
  readonly #options: HeadsetOptions;
  readonly #playbacks = new Map<number, (result: PlaybackResult) => void>();
  readonly #choices = new Map<DeviceRole, DeviceChoice>();
  readonly #volumes = new Map<DeviceRole, number>();
  readonly #muted = new Set<DeviceRole>();
  #nextPlayback = 1;

  /** @throws ERR_INVALID_ARGUMENT */
  constructor(id: number, link: CoreLink, options: HeadsetOptions) {
    super(id, link, { name: 'the headset', closeOp: 'closeHeadset', sampleRate: options.sampleRate });
    this.#options = options;
    if (!RATES.includes(this.sampleRate)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `sampleRate ${this.sampleRate} of a headset is none of ${RATES.join(', ')}`,
      });
    }
    for (const role of ROLES) {
      this.#choices.set(role, options[role] ?? (options.backend === 'null' ? 'none' : 'default'));
      parseChoice(role, this.selected(role));
      this.#volumes.set(role, checkVolume(options.volumes?.[role] ?? UNCHANGED_VOLUME));
    }
  }

  async open(): Promise<void> {
    await this.link.request('openHeadset', {
      session: this.id,
      options: this.#options,
      sampleRate: this.sampleRate,
    });
  }

  async devices(): Promise<readonly AudioDevice[]> {
    this.checkOpen();
    return this.link.request('listDevices', { session: this.id });
  }

  async select(role: DeviceRole, choice: DeviceChoice, when: 'now' | 'next-call' = 'now'): Promise<void> {
    this.checkOpen();
    await this.link.request('selectDevice', { session: this.id, role, choice, when });
    this.#choices.set(role, choice);
  }

  selected(role: DeviceRole): DeviceChoice {
    return this.#choices.get(role) ?? 'default';
  }

  setVolume(role: DeviceRole, percent: number): void {
    this.checkOpen();
    this.#volumes.set(role, checkVolume(percent));
    this.link.notify({ op: 'deviceVolume', session: this.id, role, percent });
  }

  volume(role: DeviceRole): number {
    return this.#volumes.get(role) ?? UNCHANGED_VOLUME;
  }

  setMute(options: { microphone?: boolean; speaker?: boolean; ringer?: boolean }): void {
    this.checkOpen();
    for (const role of ROLES) {
      const muted = options[role];
      if (muted === undefined) continue;
      if (muted) this.#muted.add(role);
      else this.#muted.delete(role);
      this.link.notify({ op: 'deviceMute', session: this.id, role, muted });
    }
  }

  muted(role: DeviceRole): boolean {
    return this.#muted.has(role);
  }

  setEchoCancellation(mode: EchoCancellation): void {
    this.checkOpen();
    this.link.notify({ op: 'echoCancellation', session: this.id, mode });
  }

  play(role: 'speaker' | 'ringer', source: PlaySource, options: SoundOptions = {}): Playback {
    this.checkOpen();
    if (options.device !== undefined) parseChoice(role, options.device);
    const playback = this.#nextPlayback++;
    const core = coreSource(source);
    const done = new Promise<PlaybackResult>((resolve) => this.#playbacks.set(playback, resolve));
    this.link.notify({ op: 'playSound', session: this.id, playback, role, source: core, options });
    return {
      done,
      stop: () => this.link.notify({ op: 'stopPlayback', session: this.id, playback }),
    };
  }

  async stats(): Promise<HeadsetStats> {
    this.checkOpen();
    return this.link.request('headsetStats', { session: this.id });
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

  protected join(member: number, rings: BridgeRings, settings: HeadsetMemberOptions): BridgeRings {
    checkMember(settings);
    this.link.notify({ op: 'joinHeadset', session: this.id, member, rings, settings });
    return rings;
  }

  protected change(member: number, settings: HeadsetMemberOptions): void {
    checkMember(settings);
    this.link.notify({ op: 'setLine', session: this.id, member, settings });
  }

  protected letGo(member: number): void {
    this.link.notify({ op: 'leaveHeadset', session: this.id, member });
  }

  protected onEnd(error: SwitchhookError | undefined): void {
    for (const done of this.#playbacks.values()) done({ reason: 'stopped', playedMs: 0, error });
    this.#playbacks.clear();
    this.emit('ended', error);
  }
}

function checkMember({ microphoneVolume, speakerVolume }: HeadsetMemberOptions): void {
  if (microphoneVolume !== undefined) checkVolume(microphoneVolume);
  if (speakerVolume !== undefined) checkVolume(speakerVolume);
}
