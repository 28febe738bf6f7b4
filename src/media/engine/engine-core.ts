/**
 * The part of the media engine that does the work: sockets, clock, call streams, files. Runs in a worker thread, or in
 * the host's thread with an injected clock and network. Obeys {@link Command}s and answers with {@link CoreEvent}s.
 */
import type { Clock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { AudioBackend } from '../devices/audio-backend.js';
import type { LoadCanceller } from '../devices/echo-control.js';
import type { OpenTrack } from '../files/audio-file-writer.js';
import type { DatagramTransport } from '../transport.js';
import { CoreBridge } from './core-bridge.js';
import { CoreHeadset } from './core-headset.js';
import { CoreSession } from './core-session.js';
import { DeadlineClock } from './deadline-clock.js';
import { type Command, type CoreEvent, type CoreStats, packError, type Request } from './protocol.js';

export interface EngineCoreOptions {
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: DatagramTransport;
  portRange?: readonly [min: number, max: number];
  /** Where recordings are written; in this thread when absent. */
  openTrack?: OpenTrack;
  /** In place of the system's sound devices, for tests. */
  audioBackend?: AudioBackend;
  /** In place of the echo canceller, for tests. */
  loadCanceller?: LoadCanceller;
  emit: (event: CoreEvent) => void;
}

export class EngineCore {
  readonly #options: EngineCoreOptions;
  readonly #deadlines: DeadlineClock;
  readonly #sessions = new Map<number, CoreSession>();
  readonly #bridges = new Map<number, CoreBridge>();
  readonly #headsets = new Map<number, CoreHeadset>();
  #closed = false;

  constructor(options: EngineCoreOptions) {
    this.#options = options;
    this.#deadlines = new DeadlineClock(options.clock);
  }

  handle(command: Command): void {
    if ('request' in command) void this.#answer(command);
    else this.#obey(command);
  }

  async #answer(command: Request): Promise<void> {
    const { emit, logger } = this.#options;
    const { request } = command;
    try {
      emit({ event: 'reply', request, value: await this.#perform(command) });
    } catch (error) {
      if (!(error instanceof SwitchhookError))
        logger.error('media command failed', { op: command.op, error: String(error) });
      emit({ event: 'failed', request, error: packError(error) });
    }
  }

  #perform(command: Request): unknown {
    switch (command.op) {
      case 'open':
        return this.#open(command);
      case 'configure':
        return this.#session(command.session).configure(command.config);
      case 'move':
        return this.#session(command.session).move(command.address);
      case 'record':
        return this.#talk(command.session).record(command.recording, command.path, command.options);
      case 'stream':
        return this.#talk(command.session).openStream(command.stream, command.options);
      case 'dtmf':
        return this.#session(command.session).sendDtmf(command.digits, command.options);
      case 'stats':
        return this.#session(command.session).stats();
      case 'close':
        return this.#close(command.session);
      case 'openBridge':
        return this.#openBridge(command);
      case 'closeBridge': {
        const bridge = this.#bridges.get(command.session);
        this.#bridges.delete(command.session);
        return bridge?.close();
      }
      case 'openHeadset':
        return this.#openHeadset(command);
      case 'closeHeadset': {
        const headset = this.#headset(command.session);
        this.#headsets.delete(command.session);
        return headset.close();
      }
      case 'listDevices':
        return this.#headset(command.session).list();
      case 'selectDevice':
        return this.#headset(command.session).select(command.role, command.choice, command.when);
      case 'headsetStats':
        return this.#headset(command.session).stats();
      case 'engineStats':
        return { ...this.#deadlines.stats, sessions: this.#sessions.size } satisfies CoreStats;
      case 'shutdown':
        return this.#shutdown();
    }
  }

  /** Notices for a session that is gone come too late, which is no error. */
  #obey(notice: Exclude<Command, Request>): void {
    const { session: id } = notice;
    (this.#sessions.get(id) ?? this.#bridges.get(id) ?? this.#headsets.get(id))?.obey(notice);
  }

  async #open(command: Extract<Request, { op: 'open' }>): Promise<unknown> {
    const { clock, random, logger, transport, portRange, openTrack, emit } = this.#options;
    const session = new CoreSession({
      id: command.session,
      clock,
      random,
      logger: logger.child('session', { session: command.session, label: command.options.label }),
      deadlines: this.#deadlines,
      open: command.options,
      openTrack,
      emit,
    });
    const ports = await session.open(transport, command.options.address, portRange);
    if (this.#closed) {
      await session.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the media engine' });
    }
    this.#sessions.set(command.session, session);
    return ports;
  }

  #openBridge({ session: id, label, sampleRate }: Extract<Request, { op: 'openBridge' }>): undefined {
    const { random, logger, openTrack, emit } = this.#options;
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the media engine' });
    const bridge = new CoreBridge({
      id,
      random,
      sampleRate,
      logger: logger.child('bridge', { bridge: id, label }),
      deadlines: this.#deadlines,
      openTrack,
      emit,
    });
    this.#bridges.set(id, bridge);
    return undefined;
  }

  #openHeadset({ session: id, options, sampleRate }: Extract<Request, { op: 'openHeadset' }>): undefined {
    const { clock, logger, emit, audioBackend, loadCanceller } = this.#options;
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the media engine' });
    const headset = new CoreHeadset({
      id,
      options,
      sampleRate,
      clock,
      logger: logger.child('headset', { headset: id }),
      deadlines: this.#deadlines,
      backend: audioBackend,
      loadCanceller,
      emit,
    });
    this.#headsets.set(id, headset);
    return undefined;
  }

  #headset(id: number): CoreHeadset {
    const headset = this.#headsets.get(id);
    if (!headset) throw new SwitchhookError('ERR_CLOSED', { what: 'the headset' });
    return headset;
  }

  #talk(id: number): CoreSession | CoreBridge {
    return this.#bridges.get(id) ?? this.#session(id);
  }

  #session(id: number): CoreSession {
    const session = this.#sessions.get(id);
    if (!session) throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
    return session;
  }

  async #close(id: number): Promise<unknown> {
    const session = this.#session(id);
    this.#sessions.delete(id);
    return session.close();
  }

  async #shutdown(): Promise<undefined> {
    this.#closed = true;
    const all = [...this.#headsets.values(), ...this.#bridges.values(), ...this.#sessions.values()];
    this.#headsets.clear();
    this.#bridges.clear();
    this.#sessions.clear();
    await Promise.all(all.map((one) => one.close()));
    this.#deadlines.close();
    return undefined;
  }
}
