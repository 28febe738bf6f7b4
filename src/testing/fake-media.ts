/**
 * A media engine without audio, for tests of signalling: it hands out ports, notes how its sessions are configured and
 * says what it is told to say. Stands where MediaEngine stands for user agents (see CallMediaEngine).
 */
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import type {
  BridgeEvents,
  BridgeMemberOptions,
  BridgeOptions,
  DtmfSendOptions,
  IdleSending,
  MediaBridge,
  MediaSession,
  MediaSessionEvents,
  MediaSessionOptions,
  MediaStats,
  PcmReader,
  PcmWriter,
  Playback,
  PlaybackResult,
  PlaySource,
  Recording,
  StreamConfig,
  UdpStream,
} from '../media/index.js';

const FIRST_PORT = 20_000;

export class FakeMediaEngine {
  /** Sessions that are open. */
  readonly open = new Set<FakeMediaSession>();
  /** Set to make the next openSession fail. */
  failure: SwitchhookError | undefined;
  #nextId = 1;

  async openSession(options: MediaSessionOptions): Promise<FakeMediaSession> {
    if (this.failure) {
      const { failure } = this;
      this.failure = undefined;
      throw failure;
    }
    const id = this.#nextId++;
    const session = new FakeMediaSession(id, options, FIRST_PORT + 2 * id, () => this.open.delete(session));
    this.open.add(session);
    return session;
  }

  /** Bridges opened so far. */
  readonly bridges: FakeMediaBridge[] = [];

  async openBridge(options: BridgeOptions): Promise<FakeMediaBridge> {
    const bridge = new FakeMediaBridge(this.bridges.length + 1, options);
    this.bridges.push(bridge);
    return bridge;
  }

  async close(): Promise<void> {
    for (const bridge of this.bridges) await bridge.close();
    await Promise.all([...this.open].map((session) => session.close()));
  }
}

/** One session; emit its events to tell what the network would. */
export class FakeMediaSession extends Emitter<MediaSessionEvents> implements MediaSession {
  /** Every configuration, the one in force last. */
  readonly configurations: StreamConfig[] = [];
  /** Digits sent so far. */
  digits = '';
  /** How each batch of them was sent. */
  readonly digitMethods: string[] = [];
  muted: { send: boolean; receive: boolean; rtp?: 'stop' | 'silence' } = { send: false, receive: false };
  echoes = false;
  idle: IdleSending = 'silence';
  readonly input: PcmWriter = { write: () => true, clear: () => {} };
  address: string;
  readonly #playing = new Map<(result: PlaybackResult) => void, PlaySource>();
  #closed = false;

  constructor(
    readonly id: number,
    readonly options: MediaSessionOptions,
    readonly rtpPort: number,
    private readonly onClosed: () => void,
  ) {
    super();
    this.address = options.address;
  }

  async move(address: string): Promise<void> {
    this.#checkOpen();
    this.address = address;
  }

  get rtcpPort(): number {
    return this.rtpPort + 1;
  }

  get config(): StreamConfig | undefined {
    return this.configurations.at(-1);
  }

  async configure(config: StreamConfig): Promise<void> {
    this.#checkOpen();
    this.configurations.push(structuredClone(config));
  }

  /** What plays now. */
  get playing(): readonly PlaySource[] {
    return [...this.#playing.values()];
  }

  /** Ends when stopped or closed. */
  play(source: PlaySource): Playback {
    this.#checkOpen();
    let finish: (result: PlaybackResult) => void = () => {};
    const done = new Promise<PlaybackResult>((resolve) => {
      finish = (result) => {
        this.#playing.delete(finish);
        resolve(result);
      };
    });
    this.#playing.set(finish, source);
    return { done, stop: () => finish({ reason: 'stopped', playedMs: 0 }) };
  }

  async record(path: string): Promise<Recording> {
    this.#checkOpen();
    return { stop: async () => ({ path, durationMs: 0, bytes: 0 }), pause: () => {}, resume: () => {} };
  }

  async stream(): Promise<UdpStream> {
    this.#checkOpen();
    return { close: () => {} };
  }

  async sendDtmf(digits: string, options: DtmfSendOptions = {}): Promise<void> {
    this.#checkOpen();
    this.digits += digits;
    this.digitMethods.push(options.method ?? 'rfc4733');
  }

  reportDigit(digit: string, durationMs: number): void {
    this.emit('dtmf', { digit, durationMs, via: 'info' });
  }

  setProcessing(): void {}

  /** The header extension packets would have, and how often it would go out while muted. */
  extension: { profile: number; data: Uint8Array } | undefined;
  extensionWhileMuted = 0;

  setHeaderExtension(extension?: Parameters<MediaSession['setHeaderExtension']>[0], whileMuted = 0): void {
    this.extension = extension && 'profile' in extension ? extension : undefined;
    this.extensionWhileMuted = whileMuted;
  }

  setMute({
    send = this.muted.send,
    receive = this.muted.receive,
    rtp,
  }: {
    send?: boolean;
    receive?: boolean;
    rtp?: 'stop' | 'silence';
  }): void {
    this.muted = { send, receive, rtp };
  }

  setLinkTest(): void {}

  setIdle(sending: IdleSending): void {
    this.idle = sending;
  }

  setEcho(on: boolean): void {
    this.echoes = on;
  }

  output(): PcmReader {
    this.#checkOpen();
    return { dropped: 0, close: () => {}, async *[Symbol.asyncIterator]() {} };
  }

  async stats(): Promise<MediaStats> {
    this.#checkOpen();
    return this.#stats();
  }

  async close(): Promise<MediaStats> {
    if (!this.#closed) {
      this.#closed = true;
      for (const finish of [...this.#playing.keys()]) finish({ reason: 'stopped', playedMs: 0 });
      this.onClosed();
      this.emit('ended', undefined);
    }
    return this.#stats();
  }

  #checkOpen(): void {
    if (this.#closed) throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
  }

  #stats(): MediaStats {
    const { config } = this;
    return {
      codec: config?.send?.codec,
      sent: { packets: 0, bytes: 0 },
      received: {
        packets: 0,
        bytes: 0,
        lost: 0,
        late: 0,
        duplicate: 0,
        outOfOrder: 0,
        jitterMs: 0,
        invalid: 0,
        unexpected: 0,
        notAuthentic: 0,
        replayed: 0,
      },
      srtp: config?.srtp?.suite,
      roundTripMs: undefined,
      remoteReport: undefined,
      mos: 4.4,
      bursts: { burstDensity: 0, gapDensity: 0, burstMs: 0, gapMs: 0, ratio: 1 },
      remoteMetrics: undefined,
      delayMs: 0,
      concealedMs: 0,
      remote: config && { host: config.remote.address, port: config.remote.port },
      level: { sentDbov: -127, receivedDbov: -127 },
      skippedFrames: 0,
    };
  }
}

/** A bridge that notes who is in it. */
export class FakeMediaBridge extends Emitter<BridgeEvents> implements MediaBridge {
  readonly joined = new Map<MediaSession, BridgeMemberOptions>();
  readonly input: PcmWriter = { write: () => true, clear: () => {} };
  closed = false;

  constructor(
    readonly id: number,
    readonly options: BridgeOptions,
  ) {
    super();
  }

  get sampleRate(): number {
    return this.options.sampleRate ?? 16_000;
  }

  get members(): readonly MediaSession[] {
    return [...this.joined.keys()];
  }

  add(session: MediaSession, options: BridgeMemberOptions = {}): void {
    this.joined.set(session, options);
  }

  set(session: MediaSession, options: BridgeMemberOptions): void {
    this.joined.set(session, options);
  }

  remove(session: MediaSession): void {
    this.joined.delete(session);
  }

  output(): PcmReader {
    return { dropped: 0, close: () => {}, async *[Symbol.asyncIterator]() {} };
  }

  async stream(): Promise<UdpStream> {
    return { close: () => {} };
  }

  async record(path: string): Promise<Recording> {
    return { stop: async () => ({ path, durationMs: 0, bytes: 0 }), pause: () => {}, resume: () => {} };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.emit('ended', undefined);
  }
}
