/**
 * Reads everything a system ffmpeg can decode: a child process writes WAV into a pipe, which holds it back when nobody
 * reads. It is given files only, no network, and is killed with the playback.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { parseWavHeader, type WavHeader } from '../wav/wav-header.js';
import { WavSampleDecoder } from '../wav/wav-samples.js';
import { type AudioFileReader, unreadable } from './audio-file-reader.js';

/** Longest wait for the next samples. */
const PATIENCE_MS = 10_000;
const MAX_COMPLAINT_BYTES = 4096;
const MAX_HEADER_BYTES = 65_536;

type Ffmpeg = ChildProcessByStdio<null, Readable, Readable>;

function start(path: string): Ffmpeg {
  const input = ['-protocol_whitelist', 'file,pipe', '-i', `file:${path}`];
  const output = ['-map', '0:a:0', '-ac', '1', '-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav', 'pipe:1'];
  const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'];
  return spawn('ffmpeg', [...quiet, ...input, ...output], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export class FfmpegReader implements AudioFileReader {
  sampleRate = 0;
  readonly #path: string;
  readonly #why: string;
  #child: Ffmpeg | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #ended: Promise<Error | number | null> | undefined;
  #complaint = '';
  #header: WavHeader | undefined;
  #decoder: WavSampleDecoder | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  private constructor(path: string, why: string) {
    this.#path = path;
    this.#why = why;
  }

  /**
   * @param why it is not read here; for the error when there is no ffmpeg
   * @throws ERR_MEDIA_FILE
   */
  static async open(path: string, why: string): Promise<FfmpegReader> {
    const reader = new FfmpegReader(path, why);
    try {
      await reader.#start();
    } catch (error) {
      await reader.close();
      throw error;
    }
    return reader;
  }

  async read(out: Int16Array): Promise<number> {
    const decoder = this.#decoder;
    if (!decoder) return 0;
    while (this.#bytes.length < 2) if (!(await this.#more())) return 0;
    const count = decoder.decode(this.#bytes, out, 0);
    this.#bytes = this.#bytes.subarray(count * 2);
    return count;
  }

  async rewind(): Promise<void> {
    await this.close();
    await this.#start();
  }

  async close(): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.#child?.stdout.destroy();
    this.#child = undefined;
  }

  async #start(): Promise<void> {
    const child = start(this.#path);
    this.#child = child;
    this.#bytes = Buffer.alloc(0);
    this.#complaint = '';
    this.#chunks = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-MAX_COMPLAINT_BYTES);
    });
    this.#ended = new Promise((resolve) => {
      child.once('error', resolve);
      child.once('close', resolve);
    });
    for (;;) {
      const result = parseWavHeader(this.#bytes);
      if ('header' in result) {
        this.#header = result.header;
        this.#bytes = this.#bytes.subarray(result.header.dataOffset);
        break;
      }
      const whole = 'more' in result && this.#bytes.length < MAX_HEADER_BYTES && (await this.#more());
      if (!whole) throw await this.#failure();
    }
    this.#decoder = new WavSampleDecoder(this.#header);
    this.sampleRate = this.#header.sampleRate;
  }

  /** @returns false when ffmpeg has nothing more */
  async #more(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        void this.close();
        reject(unreadable(this.#path, `ffmpeg gave nothing for ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
    });
    const next = this.#chunks?.next().catch(() => undefined);
    try {
      const chunk = await Promise.race([next, late]);
      if (!chunk || chunk.done) return false;
      this.#bytes = this.#bytes.length === 0 ? chunk.value : Buffer.concat([this.#bytes, chunk.value]);
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  async #failure(): Promise<Error> {
    const end = await this.#ended;
    if (end instanceof Error && 'code' in end && end.code === 'ENOENT') {
      const remedy = 'install ffmpeg to play it, or convert it to WAV, Ogg Opus or GSM';
      return unreadable(this.#path, `${this.#why}; ${remedy}`, end);
    }
    if (end instanceof Error) return unreadable(this.#path, `ffmpeg does not start: ${end.message}`, end);
    const last = this.#complaint.trim().split('\n').at(-1) ?? '';
    // ffmpeg names the file itself.
    const reason = last.slice(last.lastIndexOf(': ') + 1).trim();
    return unreadable(this.#path, `${this.#why}, nor can ffmpeg read it: ${reason || `exit code ${end}`}`);
  }
}
