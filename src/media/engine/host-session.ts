/** A session as the application sees it: sends commands to its core and turns what comes back into events. */
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { canResample, isSampleRate } from '../../dsp/resample.js';
import { namedTone, TONE_NAMES } from '../../dsp/tone.js';
import type {
  DtmfSendOptions,
  MediaSession,
  MediaSessionEvents,
  MediaSessionOptions,
  MediaStats,
  Playback,
  PlaybackResult,
  PlayOptions,
  PlaySource,
  Recording,
  RecordingResult,
  RecordOptions,
  StreamConfig,
} from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { SessionPcmReader } from './pcm-reader.js';
import { SessionPcmWriter, unsupportedRate } from './pcm-writer.js';
import { type CoreEvent, type CoreSource, type SessionEvent, unpackError } from './protocol.js';

/** What can be brought to this can be brought to the rate of any codec. */
const LOWEST_RATE = 8000;

export class HostSession extends Emitter<MediaSessionEvents> implements MediaSession, CoreListener {
  readonly id: number;
  readonly input: SessionPcmWriter;
  address = '';
  rtpPort = 0;
  rtcpPort = 0;
  readonly #link: CoreLink;
  readonly #playbacks = new Map<number, (result: PlaybackResult) => void>();
  readonly #recordings = new Map<number, { path: string; resolve: (result: RecordingResult) => void }>();
  readonly #outputs = new Map<number, SessionPcmReader>();
  /** Numbers for playbacks, recordings and outputs. */
  #next = 1;
  #closing: Promise<MediaStats> | undefined;
  #ended = false;

  constructor(id: number, link: CoreLink) {
    super();
    this.id = id;
    this.#link = link;
    this.input = new SessionPcmWriter({
      openInput: (ring, sampleRate) => link.notify({ op: 'openInput', session: id, ring, sampleRate }),
      clearInput: () => link.notify({ op: 'clearInput', session: id }),
    });
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
    const { sampleRate } = options;
    if (sampleRate !== undefined && !isSampleRate(sampleRate)) throw unsupportedRate(sampleRate);
    const session = this.id;
    const recording = this.#next++;
    const done = new Promise<RecordingResult>((resolve) =>
      this.#recordings.set(recording, { path, resolve }),
    );
    try {
      await this.#link.request('record', { session, recording, path, options });
    } catch (error) {
      this.#recordings.delete(recording);
      throw error;
    }
    const pause = (paused: boolean) =>
      this.#link.notify({ op: 'pauseRecording', session, recording, paused });
    return {
      stop: () => {
        this.#link.notify({ op: 'stopRecording', session, recording });
        return done;
      },
      pause: () => pause(true),
      resume: () => pause(false),
    };
  }

  async sendDtmf(digits: string, options: DtmfSendOptions = {}): Promise<void> {
    this.#checkOpen();
    await this.#link.request('dtmf', { session: this.id, digits, options });
  }

  setMute({ send, receive }: { send?: boolean; receive?: boolean }): void {
    this.#link.notify({ op: 'mute', session: this.id, send, receive });
  }

  setEcho(on: boolean): void {
    this.#link.notify({ op: 'echo', session: this.id, on });
  }

  output({ sampleRate }: { sampleRate: number }): SessionPcmReader {
    this.#checkOpen();
    if (!isSampleRate(sampleRate)) throw unsupportedRate(sampleRate);
    const output = this.#next++;
    const reader = new SessionPcmReader(sampleRate, () => {
      this.#outputs.delete(output);
      this.#link.notify({ op: 'closeOutput', session: this.id, output });
    });
    this.#outputs.set(output, reader);
    this.#link.notify({ op: 'openOutput', session: this.id, output, ring: reader.ring, sampleRate });
    return reader;
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
      case 'recordingDone':
        this.#recordings.get(event.recording)?.resolve({
          ...event.result,
          error: event.error && unpackError(event.error),
        });
        this.#recordings.delete(event.recording);
        break;
      case 'inputRoom':
        this.input.onRoom();
        break;
      case 'outputReady':
        this.#outputs.get(event.output)?.onReady();
        break;
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
    for (const { path, resolve } of this.#recordings.values())
      resolve({ path, durationMs: 0, bytes: 0, error });
    this.#recordings.clear();
    this.input.close();
    for (const output of [...this.#outputs.values()]) output.close();
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
      case 'ssrcChanged':
        this.emit('ssrcChanged', what.value);
        break;
    }
  }
}

/** @throws ERR_INVALID_ARGUMENT */
function coreSource(source: PlaySource): CoreSource {
  if ('samples' in source && !canResample(source.sampleRate, LOWEST_RATE))
    throw unsupportedRate(source.sampleRate);
  if (!('tone' in source) || typeof source.tone !== 'string') return source as CoreSource;
  const tone = namedTone(source.tone);
  if (!tone) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `unknown tone '${source.tone}' (there are ${TONE_NAMES.join(', ')})`,
    });
  }
  return { tone };
}
