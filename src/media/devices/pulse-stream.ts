/**
 * One stream of PulseAudio or PipeWire: a `parec` or `pacat` child whose pipes carry the samples. Both are asked to be
 * verbose: what they say about stream time is the clock of the device, which the feeds follow. Runs in the media
 * worker. Ends its child with the stream.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.js';
import type { CaptureOptions, CaptureStream, DeviceStreamOptions, PlaybackStream } from './audio-backend.js';

/** What the server is asked to keep in hand, in ms: `pacat` may be late by a little less. `parec` gets shorter pieces. */
const PLAYBACK_LATENCY_MS = 40;
const CAPTURE_LATENCY_MS = 10;
const TIME = /Time: ([\d.]+) sec/g;
/** Verbose programs say no more than this at once. */
const MAX_TEXT = 4096;

/** Numbers must have points. */
export const PULSE_ENVIRONMENT = { ...process.env, LC_ALL: 'C' };

function argumentsFor(device: string, options: DeviceStreamOptions, latencyMs: number): string[] {
  return [
    '--raw',
    '--verbose',
    '--format=s16le',
    `--channels=${options.stereo ? 2 : 1}`,
    `--rate=${options.sampleRate}`,
    `--latency-msec=${latencyMs}`,
    '--client-name=Switchhook',
    `--stream-name=${options.label}`,
    ...(options.communication ? ['--property=media.role=phone'] : []),
    `--device=${device}`,
  ];
}

/** A child that was started, with what it says and how it ends. */
class PulseChild {
  readonly process: ChildProcess;
  #closed = false;
  #lastWords = '';

  constructor(program: string, args: string[], onText: (text: string) => void, onEnd: (why: string) => void) {
    this.process = spawn(program, args, { env: PULSE_ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.process;
    const end = (why: string): void => {
      if (this.#closed) return;
      this.#closed = true;
      onEnd(why);
    };
    stdin?.on('error', () => {});
    stdout?.on('error', () => {});
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#closed) return;
      const [error] = /(?:failure|error|failed)[^\r\n]*/i.exec(text) ?? [];
      if (error) this.#lastWords = error.trim();
      onText(text);
    });
    this.process.on('error', (error) => end(`${program}: ${error.message}`));
    this.process.on('exit', (code, signal) => {
      end(this.#lastWords || `${program} ended with ${code ?? signal}`);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.process.stdin?.destroy();
    this.process.stdout?.destroy();
    this.process.kill('SIGTERM');
  }
}

export class PulseCapture implements CaptureStream {
  readonly #child: PulseChild;
  readonly #samples: Int16Array;
  readonly #bytes: Uint8Array;
  /** Bytes in {@link #bytes}: pipes cut where they like. */
  #filled = 0;

  constructor(device: string, options: CaptureOptions) {
    this.#samples = new Int16Array(8192);
    this.#bytes = new Uint8Array(this.#samples.buffer);
    const args = argumentsFor(device, options, CAPTURE_LATENCY_MS);
    this.#child = new PulseChild('parec', args, () => {}, options.onEnd);
    this.#child.process.stdout?.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length; ) {
        const taken = Math.min(data.length - at, this.#bytes.length - this.#filled);
        this.#bytes.set(data.subarray(at, at + taken), this.#filled);
        at += taken;
        this.#filled += taken;
        const whole = this.#filled >> 1;
        options.onSamples(this.#samples, whole);
        if (this.#filled & 1) this.#bytes[0] = this.#bytes[this.#filled - 1];
        this.#filled &= 1;
      }
    });
  }

  close(): void {
    this.#child.close();
  }
}

export class PulsePlayback implements PlaybackStream {
  ready = false;
  underruns = 0;
  readonly #child: PulseChild;
  readonly #clock: Clock;
  readonly #sampleRate: number;
  readonly #stereo: boolean;
  #text = '';
  #written = 0;
  /** What the device had played, and when it told. */
  #playedMs = 0;
  #toldAt: number | undefined;

  constructor(device: string, options: DeviceStreamOptions, clock: Clock) {
    this.#clock = clock;
    this.#sampleRate = options.sampleRate;
    this.#stereo = options.stereo ?? false;
    const args = argumentsFor(device, options, PLAYBACK_LATENCY_MS);
    this.#child = new PulseChild('pacat', args, (text) => this.#onText(text), options.onEnd);
  }

  get queuedMs(): number | undefined {
    if (this.#toldAt === undefined) return undefined;
    const writtenMs = (this.#written * 1000) / this.#sampleRate;
    const played = this.#playedMs + (this.#clock.now() - this.#toldAt);
    return Math.max(0, writtenMs - played);
  }

  write(pcm: Int16Array, count: number): void {
    if (!this.ready || count === 0) return;
    this.#written += count;
    // A copy: the frame is written over while the pipe may still hold on to it.
    const samples = this.#stereo ? onTwoChannels(pcm, count) : pcm.slice(0, count);
    this.#child.process.stdin?.write(Buffer.from(samples.buffer));
  }

  close(): void {
    this.ready = false;
    this.#child.close();
  }

  #onText(text: string): void {
    this.#text = (this.#text + text).slice(-MAX_TEXT);
    if (!this.ready && /Connected to device/.test(this.#text)) this.ready = true;
    this.underruns += text.split('Stream underrun').length - 1;
    let last: RegExpExecArray | undefined;
    for (const match of this.#text.matchAll(TIME)) last = match as RegExpExecArray;
    if (!last) return;
    this.#text = this.#text.slice(last.index + last[0].length);
    const playedMs = Number(last[1]) * 1000;
    // Before the first sample was played the time stands still.
    if (playedMs <= 0) return;
    this.#playedMs = playedMs;
    this.#toldAt = this.#clock.now();
  }
}

function onTwoChannels(pcm: Int16Array, count: number): Int16Array {
  const both = new Int16Array(2 * count);
  for (let i = 0; i < count; i++) {
    both[2 * i] = pcm[i];
    both[2 * i + 1] = pcm[i];
  }
  return both;
}
