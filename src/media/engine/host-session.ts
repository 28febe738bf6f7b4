/** A session as the application sees it: sends commands to its core and turns what comes back into events. */
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { type HeaderExtensionElement, packHeaderExtension } from '../../rtp/header-extension.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type {
  DtmfSendOptions,
  IdleSending,
  MediaSession,
  MediaSessionEvents,
  MediaSessionOptions,
  MediaStats,
  Playback,
  PlaybackResult,
  PlayOptions,
  PlaySource,
  ProcessingOptions,
  Recording,
  RecordOptions,
  StreamConfig,
  UdpStream,
  UdpStreamOptions,
} from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostAudio } from './host-audio.js';
import type { SessionPcmReader } from './pcm-reader.js';
import type { SessionPcmWriter } from './pcm-writer.js';
import { coreSource } from './play-source.js';
import { type CoreEvent, type SessionEvent, unpackError } from './protocol.js';

export class HostSession extends Emitter<MediaSessionEvents> implements MediaSession, CoreListener {
  readonly id: number;
  address = '';
  rtpPort = 0;
  rtcpPort = 0;
  readonly #link: CoreLink;
  readonly #playbacks = new Map<number, (result: PlaybackResult) => void>();
  readonly #audio: HostAudio;
  /** Bridges this session is plugged into: what to do when one lets go or the session ends. */
  readonly #plugs = new Map<number, () => void>();
  /** Numbers for playbacks and plugs. */
  #next = 1;
  #closing: Promise<MediaStats> | undefined;
  #ended = false;

  constructor(id: number, link: CoreLink) {
    super();
    this.id = id;
    this.#link = link;
    this.#audio = new HostAudio(id, link);
  }

  get input(): SessionPcmWriter {
    return this.#audio.input;
  }

  async open(options: MediaSessionOptions): Promise<void> {
    const { address, rtpPort, rtcpPort } = await this.#link.request('open', { session: this.id, options });
    this.address = address;
    this.rtpPort = rtpPort;
    this.rtcpPort = rtcpPort;
  }

  async configure(config: StreamConfig): Promise<void> {
    this.#checkOpen();
    await this.#link.request('configure', { session: this.id, config });
  }

  async move(address: string): Promise<void> {
    this.#checkOpen();
    const there = await this.#link.request('move', { session: this.id, address });
    this.address = there.address;
    this.rtpPort = there.rtpPort;
    this.rtcpPort = there.rtcpPort;
  }

  play(source: PlaySource, options: PlayOptions = {}): Playback {
    this.#checkOpen();
    const playback = this.#next++;
    const core = coreSource(source);
    const done = new Promise<PlaybackResult>((resolve) => this.#playbacks.set(playback, resolve));
    this.#link.notify({ op: 'play', session: this.id, playback, source: core, options });
    return {
      done,
      stop: () => this.#link.notify({ op: 'stopPlayback', session: this.id, playback }),
    };
  }

  async record(path: string, options: RecordOptions = {}): Promise<Recording> {
    this.#checkOpen();
    return this.#audio.record(path, options);
  }

  async stream(options: UdpStreamOptions): Promise<UdpStream> {
    this.#checkOpen();
    return this.#audio.stream(options);
  }

  async sendDtmf(digits: string, options: DtmfSendOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#link.request('dtmf', { session: this.id, digits, options });
  }

  reportDigit(digit: string, durationMs: number): void {
    this.#link.notify({ op: 'digit', session: this.id, digit, durationMs });
  }

  setProcessing(options: ProcessingOptions): void {
    this.#link.notify({ op: 'processing', session: this.id, options });
  }

  setHeaderExtension(
    extension?: readonly HeaderExtensionElement[] | { profile: number; data: Uint8Array },
    whileMuted = 0,
  ): void {
    const packed = extension && packHeaderExtension(extension);
    this.#link.notify({ op: 'headerExtension', session: this.id, extension: packed, whileMuted });
  }

  setMute({ send, receive, rtp }: { send?: boolean; receive?: boolean; rtp?: 'stop' | 'silence' }): void {
    this.#link.notify({ op: 'mute', session: this.id, send, receive, stop: rtp && rtp === 'stop' });
  }

  setLinkTest(): void {
    this.#link.notify({ op: 'linkTest', session: this.id });
  }

  setIdle(sending: IdleSending): void {
    this.#link.notify({ op: 'idle', session: this.id, sending });
  }

  setEcho(on: boolean): void {
    this.#link.notify({ op: 'echo', session: this.id, on });
  }

  output(options: { sampleRate: number }): SessionPcmReader {
    this.#checkOpen();
    return this.#audio.output(options);
  }

  /**
   * Connects the session with a bridge.
   * @param onGone the session has ended
   * @returns the function that cuts the connection; the bridge may as well end its ring
   */
  plugIn(rings: BridgeRings, onGone: () => void): () => void {
    this.#checkOpen();
    const port = this.#next++;
    this.#plugs.set(port, onGone);
    this.#link.notify({ op: 'plugIn', session: this.id, port, rings });
    return () => {
      if (this.#plugs.delete(port)) this.#link.notify({ op: 'unplug', session: this.id, port });
    };
  }

  async stats(): Promise<MediaStats> {
    this.#checkOpen();
    return this.#link.request('stats', { session: this.id });
  }

  close(): Promise<MediaStats> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  onEngineClose(error: SwitchhookError): Promise<MediaStats> {
    this.#closing ??= this.#close(error);
    return this.#closing;
  }

  onCoreEvent(event: Parameters<CoreListener['onCoreEvent']>[0]): void {
    switch (event.event) {
      case 'session':
        this.#tell(event.what);
        break;
      case 'error':
        this.emit('error', unpackError(event.error));
        break;
      case 'playbackDone':
        this.#playbackDone(event);
        break;
      case 'unplugged':
        this.#plugs.delete(event.port);
        break;
      default:
        this.#audio.onCoreEvent(event);
    }
  }

  onCoreEnd(error: SwitchhookError): void {
    this.#end(error);
  }

  async #close(error: SwitchhookError | undefined): Promise<MediaStats> {
    try {
      return await this.#link.request('close', { session: this.id });
    } finally {
      this.#link.detach(this.id);
      this.#end(error);
    }
  }

  #checkOpen(): void {
    if (this.#ended || this.#closing) throw new SwitchhookError('ERR_CLOSED', { what: 'the media session' });
  }

  #end(error: SwitchhookError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    const failed = isSwitchhookError(error, 'ERR_MEDIA_WORKER');
    for (const done of this.#playbacks.values()) {
      done({ reason: failed ? 'error' : 'stopped', playedMs: 0, error: failed ? error : undefined });
    }
    this.#playbacks.clear();
    for (const gone of [...this.#plugs.values()]) gone();
    this.#plugs.clear();
    this.#audio.end(error);
    this.emit('ended', error);
  }

  #playbackDone({ playback, reason, playedMs, error }: Extract<CoreEvent, { event: 'playbackDone' }>): void {
    this.#playbacks.get(playback)?.({ reason, playedMs, error: error && unpackError(error) });
    this.#playbacks.delete(playback);
  }

  #tell(what: SessionEvent): void {
    switch (what.name) {
      case 'dtmf':
        this.emit('dtmf', what.value);
        break;
      case 'flowing':
        this.emit('flowing', what.value);
        break;
      case 'noMedia':
        this.emit('noMedia', what.value);
        break;
      case 'mediaBack':
        this.emit('mediaBack', what.value);
        break;
      case 'mediaTimeout':
        this.emit('mediaTimeout', what.value);
        break;
      case 'headerExtension':
        this.emit('headerExtension', what.value);
        break;
      case 'srtpKeyExpiring':
        this.emit('srtpKeyExpiring', what.value);
        break;
      case 'voice':
        this.emit('voice', what.value);
        break;
      case 'ssrcChanged':
        this.emit('ssrcChanged', what.value);
        break;
    }
  }
}
