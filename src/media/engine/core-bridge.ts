/** One bridge within the core: turns commands into members, rings, recorders and streams of a {@link Bridge}. */
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { OpenTrack } from '../files/audio-file-writer.js';
import { AppInput, AppOutput } from '../graph/app-io.js';
import { Bridge } from '../graph/bridge.js';
import { Recorder } from '../graph/recorder.js';
import { UdpSender } from '../streams/udp-sender.js';
import type { BridgeStreamOptions, RecordOptions } from '../types.js';
import type { DeadlineClock } from './deadline-clock.js';
import { type CoreEvent, type Notice, packError } from './protocol.js';

export interface CoreBridgeOptions {
  id: number;
  sampleRate: number;
  random: Random;
  logger: Logger;
  deadlines: DeadlineClock;
  /** Where recordings are written; in this thread when absent. */
  openTrack?: OpenTrack;
  emit: (event: CoreEvent) => void;
}

export class CoreBridge {
  readonly #options: CoreBridgeOptions;
  readonly #bridge: Bridge;
  readonly #input: AppInput;
  readonly #recorders = new Map<number, Recorder>();
  readonly #streams = new Map<number, UdpSender>();
  #closed = false;

  constructor(options: CoreBridgeOptions) {
    this.#options = options;
    const { id, emit, sampleRate, deadlines } = options;
    this.#input = new AppInput(() => emit({ event: 'inputRoom', session: id }));
    this.#bridge = new Bridge(sampleRate, this.#input, deadlines, {
      onSpeaker: (member) => emit({ event: 'speaker', session: id, member }),
    });
    options.logger.info('bridge opened', { sampleRate });
  }

  async record(recording: number, path: string, options: RecordOptions): Promise<undefined> {
    const { sampleRate } = this.#bridge;
    const { id, openTrack, emit } = this.#options;
    const recorder = await Recorder.create(
      path,
      { sampleRate, ...options, layout: 'mono' },
      (error) => emit({ event: 'error', session: id, error: packError(error) }),
      openTrack,
    );
    this.#recorders.set(recording, recorder);
    if (this.#closed) await this.#stopRecording(recording);
    else this.#bridge.addRecorder(recorder);
    return undefined;
  }

  async openStream(id: number, options: BridgeStreamOptions): Promise<undefined> {
    const { random, logger } = this.#options;
    let told = false;
    const sender = await UdpSender.open(options, random, (error) => {
      if (!told) logger.warn('the stream of a conference fails', { error: error.message });
      told = true;
    });
    if (this.#closed) {
      sender.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the bridge' });
    }
    this.#streams.set(id, sender);
    this.#bridge.addStream(sender);
    return undefined;
  }

  obey(notice: Notice): void {
    switch (notice.op) {
      case 'joinBridge':
        this.#bridge.join(notice.member, notice.rings, notice.settings);
        break;
      case 'setMember':
        this.#bridge.set(notice.member, notice.settings);
        break;
      case 'leaveBridge':
        this.#bridge.leave(notice.member);
        break;
      case 'stopRecording':
        void this.#stopRecording(notice.recording);
        break;
      case 'pauseRecording': {
        const recorder = this.#recorders.get(notice.recording);
        if (recorder) recorder.paused = notice.paused;
        break;
      }
      case 'closeStream':
        this.#closeStream(notice.stream);
        break;
      case 'openInput':
        this.#input.open(notice.ring, notice.sampleRate);
        break;
      case 'clearInput':
        this.#input.clear();
        break;
      case 'openOutput': {
        const { emit, id: session } = this.#options;
        const onReady = (output: number) => emit({ event: 'outputReady', session, output });
        this.#bridge.addOutput(new AppOutput(notice.output, notice.ring, notice.sampleRate, onReady));
        break;
      }
      case 'closeOutput':
        this.#bridge.removeOutput(notice.output);
        break;
    }
  }

  /** Resolves when the recordings are complete on disk. */
  async close(): Promise<undefined> {
    this.#closed = true;
    this.#bridge.close();
    for (const id of [...this.#streams.keys()]) this.#closeStream(id);
    await Promise.all([...this.#recorders.keys()].map((recording) => this.#stopRecording(recording)));
    return undefined;
  }

  #closeStream(id: number): void {
    const sender = this.#streams.get(id);
    if (!sender) return;
    this.#streams.delete(id);
    this.#bridge.removeStream(sender);
    sender.close();
  }

  async #stopRecording(recording: number): Promise<void> {
    const recorder = this.#recorders.get(recording);
    if (!recorder) return;
    this.#bridge.removeRecorder(recorder);
    const { error, ...result } = await recorder.stop();
    if (!this.#recorders.delete(recording)) return;
    const { emit, id: session } = this.#options;
    emit({ event: 'recordingDone', session, recording, result, error: error && packError(error) });
  }
}
