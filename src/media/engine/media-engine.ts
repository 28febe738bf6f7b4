/**
 * The media engine as ua, phone and exchange use it: opens sessions and spreads them over worker threads. It lives in
 * the application's thread and touches no packet.
 */
import { SwitchhookError } from '../../base/errors.js';
import { lazy } from '../../base/lazy.js';
import { type Logger, nullLogger } from '../../base/logger.js';
import { isSampleRate } from '../../dsp/sample-rates.js';
import type { Headset, HeadsetOptions } from '../devices/headset-types.js';
import type {
  BridgeOptions,
  EngineStats,
  MediaBridge,
  MediaEngineOptions,
  MediaSession,
  MediaSessionOptions,
} from '../types.js';
import { CoreLink } from './core-link.js';
import { HostSession } from './host-session.js';
import { unsupportedRate } from './pcm-writer.js';
import { checkSessionOptions } from './session-options.js';

const MAX_WORKERS = 64;

const hostBridge = lazy(() => import('./host-bridge.js'));
const hostHeadset = lazy(() => import('./host-headset.js'));

export class MediaEngine {
  readonly #options: MediaEngineOptions;
  readonly #logger: Logger;
  readonly #workers: number;
  #links: readonly CoreLink[];
  #starting: Promise<void> | undefined;
  #nextSession = 1;
  #closing: Promise<void> | undefined;

  private constructor(
    options: MediaEngineOptions,
    logger: Logger,
    workers: number,
    links: readonly CoreLink[],
  ) {
    this.#options = options;
    this.#logger = logger;
    this.#workers = workers;
    this.#links = links;
  }

  /**
   * Worker threads start when the first session is opened: until then an engine costs next to nothing.
   * @throws ERR_INVALID_ARGUMENT
   */
  static async start(options: MediaEngineOptions = {}): Promise<MediaEngine> {
    const logger = (options.logger ?? nullLogger).child('media');
    const workers = options.workers ?? 1;
    if (options.rtp?.trafficClass) {
      logger.warn('RTP is sent without a traffic class: Node.js cannot set one on a UDP socket', {
        trafficClass: options.rtp.trafficClass,
      });
    }
    if (workers === 'in-process')
      return new MediaEngine(options, logger, 1, [await CoreLink.inProcess(options, logger)]);
    if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `workers must be 'in-process' or 1 to ${MAX_WORKERS}`,
      });
    }
    return new MediaEngine(options, logger, workers, []);
  }

  /**
   * Binds RTP and RTCP ports on `address`.
   * @throws ERR_MEDIA_PORTS, ERR_INVALID_ARGUMENT when the address is not one of this machine, ERR_CLOSED,
   * ERR_MEDIA_WORKER when a thread does not start
   */
  async openSession(options: MediaSessionOptions): Promise<MediaSession> {
    checkSessionOptions(options);
    const id = this.#nextSession++;
    const link = await this.#leastLoaded();
    const session = new HostSession(id, link);
    link.attach(id, session);
    try {
      await session.open(options);
    } catch (error) {
      link.detach(id);
      throw error;
    }
    return session;
  }

  /**
   * Makes a conference without members.
   * @throws ERR_INVALID_ARGUMENT for an unsupported rate, ERR_CLOSED, ERR_MEDIA_WORKER
   */
  async openBridge(options: BridgeOptions): Promise<MediaBridge> {
    const id = this.#nextSession++;
    const { HostBridge } = await hostBridge();
    const link = await this.#leastLoaded();
    const bridge = new HostBridge(id, link, options);
    if (!isSampleRate(bridge.sampleRate)) throw unsupportedRate(bridge.sampleRate);
    link.attach(id, bridge);
    try {
      await link.request('openBridge', {
        session: id,
        label: options.label,
        sampleRate: bridge.sampleRate,
      });
    } catch (error) {
      link.detach(id);
      throw error;
    }
    return bridge;
  }

  /**
   * Opens microphone, speaker and ringer for the sessions of this engine. No device is touched before one is needed.
   * @throws ERR_INVALID_ARGUMENT, ERR_CLOSED, ERR_MEDIA_WORKER
   */
  async openHeadset(options: HeadsetOptions = {}): Promise<Headset> {
    const id = this.#nextSession++;
    const { HostHeadset } = await hostHeadset();
    const link = await this.#leastLoaded();
    const headset = new HostHeadset(id, link, options);
    link.attach(id, headset);
    try {
      await headset.open();
    } catch (error) {
      link.detach(id);
      throw error;
    }
    return headset;
  }

  async stats(): Promise<EngineStats> {
    const links = this.#links.filter((link) => !link.ended);
    const all = await Promise.all(links.map((link) => link.request('engineStats', {})));
    const total: EngineStats = {
      sessions: 0,
      lateTicks: 0,
      skippedFrames: 0,
      maxLateMs: 0,
      workers: links.length,
    };
    for (const stats of all) {
      total.sessions += stats.sessions;
      total.lateTicks += stats.lateTicks;
      total.skippedFrames += stats.skipped;
      total.maxLateMs = Math.max(total.maxLateMs, stats.maxLateMs);
    }
    return total;
  }

  /** Ends all sessions, completes recordings and stops the workers. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const error = closedError();
    await this.#starting?.catch(() => {});
    await Promise.all(
      this.#links.map(async (link) => {
        await Promise.allSettled([...link.sessions.values()].map((session) => session.onEngineClose(error)));
        await link.close();
      }),
    );
  }

  async #leastLoaded(): Promise<CoreLink> {
    if (this.#closing) throw closedError();
    if (this.#links.length < this.#workers || this.#links.some(({ ended }) => ended)) {
      this.#starting ??= this.#start();
      await this.#starting;
      if (this.#closing) throw closedError();
    }
    return this.#links.reduce((best, link) => (link.sessions.size < best.sessions.size ? link : best));
  }

  /** Starts the workers there are not yet, and replaces those that died. */
  async #start(): Promise<void> {
    try {
      const running = this.#links.filter(({ ended }) => !ended);
      const missing = Array.from({ length: this.#workers - running.length }, () =>
        CoreLink.worker(this.#options, this.#logger),
      );
      this.#links = [...running, ...(await Promise.all(missing))];
    } finally {
      this.#starting = undefined;
    }
  }
}

function closedError(): SwitchhookError {
  return new SwitchhookError('ERR_CLOSED', { what: 'the media engine' });
}
