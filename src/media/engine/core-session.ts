/** One session within the core: turns commands into players, recorders and rings on its call stream. */
import type { Clock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { OpenTrack } from '../files/audio-file-writer.js';
import { AppInput, AppOutput } from '../graph/app-io.js';
import { BridgePort } from '../graph/bridge-port.js';
import { CallStream } from '../graph/call-stream.js';
import type { PcmSource } from '../graph/pcm-source.js';
import { Player } from '../graph/player.js';
import { Recorder } from '../graph/recorder.js';
import { loadCodecs } from '../graph/stream-config.js';
import { UdpSender } from '../streams/udp-sender.js';
import type { DatagramPair, DatagramTransport } from '../transport.js';
import type {
  DtmfSendOptions,
  MediaSessionOptions,
  MediaStats,
  RecordOptions,
  StreamConfig,
  UdpStreamOptions,
} from '../types.js';
import type { DeadlineClock } from './deadline-clock.js';
import { makeSource } from './make-source.js';
import { type CoreEvent, type CoreSource, type Notice, packError, type Requests } from './protocol.js';

/** Errors of one kind are told this often at most. */
const ERROR_INTERVAL_MS = 10_000;

type SessionAddress = Requests['open']['out'];

export interface CoreSessionOptions {
  id: number;
  clock: Clock;
  random: Random;
  logger: Logger;
  deadlines: DeadlineClock;
  /** As the application asked for it. */
  open: MediaSessionOptions;
  /** Where recordings are written; in this thread when absent. */
  openTrack?: OpenTrack;
  emit: (event: CoreEvent) => void;
}

export class CoreSession {
  readonly #options: CoreSessionOptions;
  readonly #stream: CallStream;
  readonly #players = new Map<number, Player>();
  readonly #recorders = new Map<number, Recorder>();
  readonly #streams = new Map<number, UdpSender>();
  readonly #input: AppInput;
  /** Counts the calls of `configure`. */
  #configurations = 0;
  /** Opens sockets for this session. */
  #bind: (address: string) => Promise<DatagramPair> = () => Promise.reject(new Error('not open'));
  #socketErrorMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: CoreSessionOptions) {
    this.#options = options;
    const { id, emit } = options;
    this.#stream = new CallStream({
      ...options.open,
      ...options,
      emit: (what) => {
        this.#log(what.name, what.value);
        emit({ event: 'session', session: id, what });
      },
      onError: (error) => this.#tellError(error),
      onUnplugged: (port) => emit({ event: 'unplugged', session: id, port }),
      onPlayed: (player) => this.#playbackDone(player, 'end'),
    });
    this.#input = new AppInput(() => emit({ event: 'inputRoom', session: id }));
    this.#stream.input = this.#input;
  }

  async open(
    transport: DatagramTransport,
    address: string,
    portRange: readonly [min: number, max: number] | undefined,
  ): Promise<SessionAddress> {
    const stream = this.#stream;
    this.#bind = (at) =>
      transport.open(
        { address: at, portRange },
        (data, host, port, rtcp) => stream.onDatagram(data, host, port, rtcp),
        (error) => this.#onSocketError(error),
      );
    return this.move(address);
  }

  /** The sockets there were go when there are new ones. */
  async move(address: string): Promise<SessionAddress> {
    const pair = await this.#bind(address);
    if (this.#closed) {
      pair.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
    }
    this.#stream.attach(pair);
    this.#options.logger.debug('media sockets opened', { address, rtpPort: pair.rtpPort });
    return { address: pair.address, rtpPort: pair.rtpPort, rtcpPort: pair.rtcpPort };
  }

  /** Takes effect at once unless a codec must be loaded first; of two that overlap the later one stands. */
  async configure(config: StreamConfig): Promise<undefined> {
    const turn = ++this.#configurations;
    const loading = loadCodecs(config);
    if (loading) {
      await loading;
      if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
      if (turn !== this.#configurations) return undefined;
    }
    this.#stream.configure(config);
    const { remote, direction, send } = config;
    this.#options.logger.info('media configured', {
      remote: `${remote.address}:${remote.port}`,
      direction,
      codec: send?.codec,
      srtp: config.srtp?.suite,
    });
    return undefined;
  }

  async record(recording: number, path: string, options: RecordOptions): Promise<undefined> {
    const sampleRate = options.sampleRate === 'call' ? this.#stream.sampleRate : options.sampleRate;
    const recorder = await Recorder.create(
      path,
      { ...options, sampleRate },
      (error) => this.#tellError(error),
      this.#options.openTrack,
    );
    if (this.#closed) {
      await recorder.stop();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
    }
    this.#recorders.set(recording, recorder);
    this.#stream.addSink(recorder);
    return undefined;
  }

  async openStream(id: number, options: UdpStreamOptions): Promise<undefined> {
    const { random } = this.#options;
    const sender = await UdpSender.open(options, random, (error) => this.#onSocketError(error));
    if (this.#closed) {
      sender.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
    }
    this.#streams.set(id, sender);
    this.#stream.addSink(sender);
    return undefined;
  }

  sendDtmf(digits: string, options: DtmfSendOptions): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.#stream.dtmf.send(digits, options, (error) => (error ? reject(error) : resolve(undefined)));
    });
  }

  stats(): MediaStats {
    return this.#stream.stats();
  }

  obey(notice: Notice): void {
    switch (notice.op) {
      case 'play':
        this.#play(notice.playback, notice.source, notice.options.loop ?? false, notice.options.gain ?? 1);
        break;
      case 'stopPlayback': {
        const player = this.#players.get(notice.playback);
        if (player) this.#playbackDone(player, 'stopped');
        break;
      }
      case 'stopRecording':
        void this.#stopRecording(notice.recording);
        break;
      case 'pauseRecording': {
        const recorder = this.#recorders.get(notice.recording);
        if (recorder) recorder.paused = notice.paused;
        break;
      }
      case 'digit':
        this.#stream.reportDigit(notice.digit, notice.durationMs);
        break;
      case 'processing':
        this.#stream.processing = notice.options;
        break;
      case 'headerExtension':
        this.#stream.setHeaderExtension(notice.extension, notice.whileMuted);
        break;
      case 'closeStream':
        this.#closeStream(notice.stream);
        break;
      case 'mute':
        this.#stream.setMute(notice.send, notice.receive, notice.stop);
        break;
      case 'linkTest':
        this.#stream.testLink();
        break;
      case 'idle':
        this.#stream.idle = notice.sending;
        break;
      case 'echo':
        this.#stream.setEcho(notice.on);
        break;
      case 'openInput':
        this.#input.open(notice.ring, notice.sampleRate);
        break;
      case 'clearInput':
        this.#input.clear();
        break;
      case 'openOutput':
        this.#openOutput(notice.output, notice.ring, notice.sampleRate);
        break;
      case 'closeOutput':
        this.#stream.removeOutput(notice.output);
        break;
      case 'plugIn':
        this.#stream.plugIn(new BridgePort(notice.port, notice.rings));
        break;
      case 'unplug':
        this.#stream.unplug(notice.port);
        break;
    }
  }

  /** @returns the last statistics, when the recordings are complete on disk */
  async close(): Promise<MediaStats> {
    this.#closed = true;
    const stats = this.#stream.stats();
    this.#stream.close();
    for (const player of this.#players.values()) this.#playbackDone(player, 'stopped');
    for (const id of [...this.#streams.keys()]) this.#closeStream(id);
    await Promise.all([...this.#recorders.keys()].map((recording) => this.#stopRecording(recording)));
    this.#options.logger.info('media session closed', {
      sent: stats.sent.packets,
      received: stats.received.packets,
      lost: stats.received.lost,
    });
    return stats;
  }

  #play(id: number, what: CoreSource, loop: boolean, gain: number): void {
    const player = new Player(id, this.#source(id, what, loop), gain);
    this.#players.set(id, player);
    this.#stream.addPlayer(player);
  }

  #source(id: number, what: CoreSource, loop: boolean): PcmSource {
    return makeSource(what, loop, this.#stream.sent.sampleRate, (error) => {
      const player = this.#players.get(id);
      if (!player) return;
      player.fail(error);
      this.#playbackDone(player, 'error');
    });
  }

  #playbackDone(player: Player, reason: 'end' | 'stopped' | 'error'): void {
    if (!this.#players.delete(player.id)) return;
    this.#stream.removePlayer(player.id);
    player.close();
    this.#options.emit({
      event: 'playbackDone',
      session: this.#options.id,
      playback: player.id,
      reason: player.error ? 'error' : reason,
      playedMs: player.playedMs,
      error: player.error && packError(player.error),
    });
  }

  #closeStream(id: number): void {
    const sender = this.#streams.get(id);
    if (!sender) return;
    this.#streams.delete(id);
    this.#stream.removeSink(sender);
    sender.close();
  }

  async #stopRecording(recording: number): Promise<void> {
    const recorder = this.#recorders.get(recording);
    if (!recorder) return;
    this.#stream.removeSink(recorder);
    const { error, ...result } = await recorder.stop();
    // Whoever else waited for the same end has told it.
    if (!this.#recorders.delete(recording)) return;
    this.#options.emit({
      event: 'recordingDone',
      session: this.#options.id,
      recording,
      result,
      error: error && packError(error),
    });
  }

  #openOutput(id: number, ring: SharedArrayBuffer, sampleRate: number): void {
    const { emit, id: session } = this.#options;
    const onReady = (output: number) => emit({ event: 'outputReady', session, output });
    this.#stream.addOutput(new AppOutput(id, ring, sampleRate, onReady));
  }

  #onSocketError(error: Error): void {
    const now = this.#options.clock.now();
    if (now - this.#socketErrorMs < ERROR_INTERVAL_MS) return;
    this.#socketErrorMs = now;
    this.#tellError(new SwitchhookError('ERR_MEDIA_SOCKET', { why: error.message }, { cause: error }));
  }

  #tellError(error: SwitchhookError): void {
    this.#options.logger.warn('media error', { code: error.code, error: error.message });
    this.#options.emit({ event: 'error', session: this.#options.id, error: packError(error) });
  }

  #log(name: string, value: object): void {
    const level = name === 'noMedia' ? 'warn' : 'info';
    this.#options.logger[level](name, { ...value });
  }
}
