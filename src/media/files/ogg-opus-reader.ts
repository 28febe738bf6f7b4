/**
 * Reads Ogg Opus (RFC 7845) for the player: mono or stereo, mixed to mono by the decoder, at 48 kHz. Damaged pages are
 * left out; files joined one after the other are read through.
 */
import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Decoder } from '../../codecs/codec.js';
import { opus48 } from '../../codecs/opus/codec.js';
import { saturate } from '../../dsp/saturate.js';
import { type AudioFileReader, readFully } from './audio-file-reader.js';
import { type OggPacket, OggReader } from './ogg.js';
import { isOpusHead, type OpusHead, parseOpusHead } from './opus-head.js';

const READ_BYTES = 16_384;
/** RFC 6716 §3.2.5: 120 ms. */
const MAX_PACKET_SAMPLES = 5760;

export class OggOpusReader implements AudioFileReader {
  readonly sampleRate = opus48.info.sampleRate;
  readonly #file: FileHandle;
  readonly #decoder: Decoder;
  #ogg = new OggReader();
  #position = 0;
  #packets: OggPacket[] = [];
  #head: OpusHead | undefined;
  #serial = -1;
  /** The comment header comes next. */
  #tagsDue = false;
  /** Samples to be left out at the start. */
  #skip = 0;
  /** Granule position of what is decoded. */
  #granule = 0;
  readonly #pcm = new Int16Array(MAX_PACKET_SAMPLES);
  #from = 0;
  #to = 0;

  private constructor(file: FileHandle, decoder: Decoder) {
    this.#file = file;
    this.#decoder = decoder;
  }

  /** @param head the beginning of the file */
  static recognizes(head: Uint8Array): boolean {
    const first = new OggReader().push(head)[0];
    const opus = first && parseOpusHead(first.data);
    return opus !== undefined && opus.mappingFamily === 0 && opus.channels <= 2;
  }

  /** @throws ERR_MEDIA_CODEC */
  static async open(file: FileHandle): Promise<OggOpusReader> {
    await opus48.load?.();
    const decoder = opus48.createDecoder();
    // Decoders begin to work with the next turn.
    await nextTurn();
    return new OggOpusReader(file, decoder);
  }

  async read(out: Int16Array): Promise<number> {
    let given = 0;
    while (given < out.length) {
      if (this.#from === this.#to && !(await this.#more())) break;
      const run = Math.min(out.length - given, this.#to - this.#from);
      for (let i = 0; i < run; i++) out[given + i] = this.#pcm[this.#from + i];
      this.#from += run;
      given += run;
    }
    return given;
  }

  async rewind(): Promise<void> {
    this.#ogg = new OggReader();
    this.#packets = [];
    this.#position = 0;
    this.#serial = -1;
    this.#from = 0;
    this.#to = 0;
  }

  async close(): Promise<void> {
    this.#decoder.close?.();
    await this.#file.close();
  }

  /** @returns false at the end of the file */
  async #more(): Promise<boolean> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet) {
        this.#decode(packet);
        if (this.#to > this.#from) return true;
        continue;
      }
      const bytes = new Uint8Array(READ_BYTES);
      const got = await readFully(this.#file, bytes, this.#position);
      if (got === 0) return false;
      this.#position += got;
      this.#packets = this.#ogg.push(bytes.subarray(0, got));
    }
  }

  #decode(packet: OggPacket): void {
    this.#from = 0;
    this.#to = 0;
    if (packet.first && isOpusHead(packet.data)) {
      this.#begin(packet);
      return;
    }
    if (packet.serial !== this.#serial) return;
    if (this.#tagsDue) {
      this.#tagsDue = false;
      return;
    }
    const { data } = packet;
    const samples = this.#decoder.decode(data, 0, data.length, this.#pcm, 0);
    this.#granule += samples;
    this.#to = samples;
    if (packet.granule !== undefined) {
      // RFC 7845 §4.4: the last page may end before its last packet does.
      if (packet.last) this.#to -= Math.max(0, Math.min(samples, this.#granule - packet.granule));
      this.#granule = packet.granule;
    }
    this.#from = Math.min(this.#skip, this.#to);
    this.#skip -= Math.min(this.#skip, samples);
    this.#amplify();
  }

  #begin(packet: OggPacket): void {
    this.#head = parseOpusHead(packet.data);
    if (!this.#head) return;
    this.#serial = packet.serial;
    this.#tagsDue = true;
    this.#skip = this.#head.preSkip;
    this.#granule = 0;
    this.#decoder.reset();
  }

  /** RFC 7845 §5.1: players must apply the output gain. */
  #amplify(): void {
    const gainDb = this.#head?.gainDb ?? 0;
    if (gainDb === 0) return;
    const factor = 10 ** (gainDb / 20);
    for (let i = this.#from; i < this.#to; i++) this.#pcm[i] = saturate(Math.round(this.#pcm[i] * factor));
  }
}
