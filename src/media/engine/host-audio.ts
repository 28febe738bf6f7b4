/**
 * The application's audio of a session or a bridge: its input, outputs, streams and recordings. Owned by {@link HostSession}
 * and the host's bridges, which have the same commands and events for it in the core.
 */
import type { SwitchhookError } from '../../base/errors.js';
import { isSampleRate } from '../../dsp/sample-rates.js';
import type { Recording, RecordingResult, RecordOptions, UdpStream, UdpStreamOptions } from '../types.js';
import type { CoreLink } from './core-link.js';
import { SessionPcmReader } from './pcm-reader.js';
import { SessionPcmWriter, unsupportedRate } from './pcm-writer.js';
import { type CoreEvent, unpackError } from './protocol.js';

export class HostAudio {
  readonly input: SessionPcmWriter;
  readonly #id: number;
  readonly #link: CoreLink;
  readonly #recordings = new Map<number, { path: string; resolve: (result: RecordingResult) => void }>();
  readonly #outputs = new Map<number, SessionPcmReader>();
  #next = 1;

  constructor(id: number, link: CoreLink) {
    this.#id = id;
    this.#link = link;
    this.input = new SessionPcmWriter({
      openInput: (ring, sampleRate) => link.notify({ op: 'openInput', session: id, ring, sampleRate }),
      clearInput: () => link.notify({ op: 'clearInput', session: id }),
    });
  }

  output({ sampleRate }: { sampleRate: number }): SessionPcmReader {
    if (!isSampleRate(sampleRate)) throw unsupportedRate(sampleRate);
    const session = this.#id;
    const output = this.#next++;
    const reader = new SessionPcmReader(sampleRate, () => {
      this.#outputs.delete(output);
      this.#link.notify({ op: 'closeOutput', session, output });
    });
    this.#outputs.set(output, reader);
    this.#link.notify({ op: 'openOutput', session, output, ring: reader.ring, sampleRate });
    return reader;
  }

  async record(path: string, options: RecordOptions): Promise<Recording> {
    const { sampleRate } = options;
    if (sampleRate !== undefined && sampleRate !== 'call' && !isSampleRate(sampleRate))
      throw unsupportedRate(sampleRate);
    const session = this.#id;
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

  async stream(options: UdpStreamOptions): Promise<UdpStream> {
    const session = this.#id;
    const stream = this.#next++;
    await this.#link.request('stream', { session, stream, options });
    return { close: () => this.#link.notify({ op: 'closeStream', session, stream }) };
  }

  /** Takes the events that are about this audio. */
  onCoreEvent(event: CoreEvent): void {
    switch (event.event) {
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

  /** What it belongs to is gone. */
  end(error: SwitchhookError | undefined): void {
    for (const { path, resolve } of this.#recordings.values())
      resolve({ path, durationMs: 0, bytes: 0, error });
    this.#recordings.clear();
    this.input.close();
    for (const output of [...this.#outputs.values()]) output.close();
  }
}
