/** One headset within the core: turns commands into lines, sounds and devices of a {@link HeadsetGraph}. */
import type { Clock } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { AudioBackend, AudioDevice } from '../devices/audio-backend.js';
import { type DeviceChoice, type DeviceRole, devicesFor, parseChoice } from '../devices/device-choice.js';
import type { LoadCanceller } from '../devices/echo-control.js';
import { HeadsetGraph } from '../devices/headset-graph.js';
import type { HeadsetOptions, HeadsetStats, SoundOptions } from '../devices/headset-types.js';
import { type ClosableBackend, nullBackend, withFiles } from '../devices/open-backend.js';
import { ThreadedBackend } from '../devices/threaded-backend.js';
import { Player } from '../graph/player.js';
import type { DeadlineClock } from './deadline-clock.js';
import { makeSource } from './make-source.js';
import { type CoreEvent, type CoreSource, type Notice, packError } from './protocol.js';

const IDLE_MS = 2000;
/** Without a list there is nothing to watch: until the next attempt. */
const RETRY_MS = 5000;

export interface CoreHeadsetOptions {
  id: number;
  options: HeadsetOptions;
  sampleRate: number;
  clock: Clock;
  logger: Logger;
  deadlines: DeadlineClock;
  /** For tests, in place of what the options name. */
  backend?: AudioBackend;
  loadCanceller?: LoadCanceller;
  emit: (event: CoreEvent) => void;
}

export class CoreHeadset {
  readonly #options: CoreHeadsetOptions;
  readonly #backend: ClosableBackend;
  readonly #graph: HeadsetGraph;
  readonly #players = new Map<number, Player>();
  readonly #unwatch: () => void;
  #devices: readonly AudioDevice[] = [];
  #listing: Promise<void> | undefined;
  #listAgain = false;
  #unavailable = false;
  #closed = false;

  /** @throws ERR_INVALID_ARGUMENT */
  constructor(core: CoreHeadsetOptions) {
    this.#options = core;
    const { clock, options, deadlines, sampleRate, logger } = core;
    const { backend: name = 'auto', microphone, speaker, ringer } = options;
    const ours = name === 'null' ? nullBackend : core.backend;
    this.#backend = withFiles(ours ?? new ThreadedBackend(name, clock), clock);
    // Nobody misses the devices of a machine that is said to have none.
    const usual = name === 'null' ? 'none' : 'default';
    this.#graph = new HeadsetGraph({
      clock,
      deadlines,
      backend: this.#backend,
      sampleRate,
      idleMs: options.idleMs ?? IDLE_MS,
      duckOthers: options.duckOthers ?? false,
      stereo: options.stereo ?? false,
      raiseVolumes: options.raiseVolumes,
      choices: { microphone: microphone ?? usual, speaker: speaker ?? usual, ringer: ringer ?? usual },
      echoCancellation: options.echoCancellation ?? 'auto',
      loadCanceller: core.loadCanceller,
      onChange: (change) => {
        logger.info('audio device', { ...change, using: change.using.join(', ') });
        core.emit({ event: 'deviceChange', session: core.id, change });
      },
      onError: (error) => this.#tellError(error),
      onPlayed: (player) => this.#playbackDone(player, 'end'),
      refresh: () => void this.#refresh(),
    });
    for (const [role, percent] of Object.entries(options.volumes ?? {})) {
      this.#graph.setVolume(role as DeviceRole, percent);
    }
    this.#unwatch = this.#backend.watch(() => void this.#refresh());
    // Not at once: nobody listens yet.
    clock.after(0, () => void this.#refresh());
    logger.info('headset opened', { backend: this.#backend.name, sampleRate });
  }

  list(): Promise<readonly AudioDevice[]> {
    return this.#backend.list();
  }

  /** @throws ERR_AUDIO_DEVICE, ERR_INVALID_ARGUMENT */
  async select(role: DeviceRole, choice: DeviceChoice, when: 'now' | 'next-call'): Promise<undefined> {
    const parsed = parseChoice(role, choice);
    if (parsed.kind === 'name' || parsed.kind === 'number') {
      this.#take(await this.list());
      if (devicesFor(role, parsed, this.#devices).length === 0) {
        throw new SwitchhookError('ERR_AUDIO_DEVICE', { device: String(choice), role });
      }
    }
    this.#graph.choose(role, choice, when);
    return undefined;
  }

  stats(): HeadsetStats {
    return this.#graph.stats;
  }

  obey(notice: Notice): void {
    switch (notice.op) {
      case 'joinHeadset':
        this.#graph.join(notice.member, notice.rings, notice.settings);
        break;
      case 'setLine':
        this.#graph.set(notice.member, notice.settings);
        break;
      case 'leaveHeadset':
        this.#graph.leave(notice.member);
        break;
      case 'playSound':
        this.#play(notice.playback, notice.role, notice.source, notice.options);
        break;
      case 'stopPlayback': {
        const player = this.#players.get(notice.playback);
        if (player) this.#playbackDone(player, 'stopped');
        break;
      }
      case 'deviceVolume':
        this.#graph.setVolume(notice.role, notice.percent);
        break;
      case 'deviceMute':
        this.#graph.setMute(notice.role, notice.muted);
        break;
      case 'echoCancellation':
        this.#graph.echoCancellation = notice.mode;
        break;
    }
  }

  /** Resolves when devices and files are closed. */
  async close(): Promise<undefined> {
    this.#closed = true;
    this.#unwatch();
    this.#graph.close();
    for (const player of [...this.#players.values()]) this.#playbackDone(player, 'stopped');
    await this.#backend.close();
    return undefined;
  }

  #play(
    id: number,
    role: 'speaker' | 'ringer',
    what: CoreSource,
    { loop = false, gain = 1, device }: SoundOptions,
  ): void {
    const source = makeSource(what, loop, this.#options.sampleRate, (error) => {
      player.fail(error);
      this.#playbackDone(player, 'error');
    });
    const player = new Player(id, source, gain);
    this.#players.set(id, player);
    this.#graph.play(role, player, device);
  }

  #playbackDone(player: Player, reason: 'end' | 'stopped' | 'error'): void {
    if (!this.#players.delete(player.id)) return;
    this.#graph.stop(player);
    player.close();
    const { error } = player;
    this.#options.emit({
      event: 'playbackDone',
      session: this.#options.id,
      playback: player.id,
      reason: error ? 'error' : reason,
      playedMs: player.playedMs,
      error: error && packError(error),
    });
  }

  /** Reads the list anew; of several calls at once the last is heard. */
  async #refresh(): Promise<void> {
    if (this.#closed) return;
    if (this.#listing) {
      this.#listAgain = true;
      return;
    }
    do {
      this.#listAgain = false;
      this.#listing = this.#read();
      await this.#listing;
      this.#listing = undefined;
    } while (this.#listAgain && !this.#closed);
  }

  async #read(): Promise<void> {
    try {
      const devices = await this.list();
      this.#unavailable = false;
      if (!this.#closed) this.#take(devices);
    } catch (error) {
      if (this.#closed) return;
      this.#take([]);
      this.#options.clock.after(RETRY_MS, () => void this.#refresh());
      if (this.#unavailable) return;
      this.#unavailable = true;
      this.#tellError(
        isSwitchhookError(error) ? error : new SwitchhookError('ERR_AUDIO_BACKEND', { why: String(error) }),
      );
    }
  }

  #take(devices: readonly AudioDevice[]): void {
    const before = JSON.stringify(this.#devices);
    this.#devices = devices;
    this.#graph.onDevices(devices);
    if (JSON.stringify(devices) === before) return;
    this.#options.emit({ event: 'devices', session: this.#options.id, devices });
  }

  #tellError(error: SwitchhookError): void {
    this.#options.logger.warn('audio device error', { code: error.code, error: error.message });
    this.#options.emit({ event: 'error', session: this.#options.id, error: packError(error) });
  }
}
