/**
 * The RIFF/WAVE header: read (any chunk order, sizes of unfinished files tolerated) and written. Used by the reader,
 * the player and the recorder; it never touches files.
 */

export type WavEncoding = 'pcm' | 'float' | 'alaw' | 'ulaw';

export interface WavFormat {
  encoding: WavEncoding;
  channels: number;
  /** In Hz. */
  sampleRate: number;
  /** Per sample of one channel. */
  bitsPerSample: number;
  /** Bytes of one sample of all channels. */
  blockAlign: number;
}

export interface WavHeader extends WavFormat {
  dataOffset: number;
  /** Bytes; Infinity when the header was never completed and the data go to the end of the file. */
  dataLength: number;
}

/** What {@link parseWavHeader} found: a header, the need for more bytes, or why it is none. */
export type WavHeaderResult = { header: WavHeader } | { more: true } | { error: string };

export const WAV_HEADER_LENGTH = 44;
/** RIFF sizes have 32 bits. */
export const MAX_WAV_DATA = 0xffffffff - WAV_HEADER_LENGTH;

const FORMAT_TAGS: Readonly<Record<number, WavEncoding>> = { 1: 'pcm', 3: 'float', 6: 'alaw', 7: 'ulaw' };
const EXTENSIBLE = 0xfffe;
const WIDTHS: Readonly<Record<WavEncoding, readonly number[]>> = {
  pcm: [8, 16, 24, 32],
  float: [32, 64],
  alaw: [8],
  ulaw: [8],
};
const MAX_CHANNELS = 32;

function tag(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]);
}

/** @param bytes the beginning of the file */
export function parseWavHeader(bytes: Uint8Array): WavHeaderResult {
  if (bytes.length < 12) return { more: true };
  if (tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') return { error: 'not a WAV file' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: WavFormat | undefined;
  for (let at = 12; ; ) {
    if (at + 8 > bytes.length) return { more: true };
    const name = tag(bytes, at);
    const size = view.getUint32(at + 4, true);
    if (name === 'fmt ') {
      if (size < 16) return { error: 'the fmt chunk is too short' };
      if (at + 8 + Math.min(size, 40) > bytes.length) return { more: true };
      const read = readFormat(view, at + 8, size);
      if (typeof read === 'string') return { error: read };
      format = read;
    } else if (name === 'data') {
      if (!format) return { error: 'no fmt chunk before the data' };
      // Recorders that were killed leave 0 or the highest value; the data then go to the end of the file.
      const unfinished = size === 0 || size >= 0xfffffff0;
      const dataLength = unfinished ? Number.POSITIVE_INFINITY : size - (size % format.blockAlign);
      return { header: { ...format, dataOffset: at + 8, dataLength } };
    }
    // Chunks are padded to an even length.
    at += 8 + size + (size % 2);
    if (at > 0x7fffffff) return { error: 'no data chunk' };
  }
}

function readFormat(view: DataView, at: number, size: number): WavFormat | string {
  let code = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const blockAlign = view.getUint16(at + 12, true);
  const bitsPerSample = view.getUint16(at + 14, true);
  // WAVEFORMATEXTENSIBLE: the sub-format GUID begins with the old code.
  if (code === EXTENSIBLE && size >= 40) code = view.getUint16(at + 24, true);
  const encoding = FORMAT_TAGS[code];
  if (!encoding) return `format ${code} is not supported (PCM, float, A-law and µ-law are)`;
  if (!WIDTHS[encoding].includes(bitsPerSample)) return `${bitsPerSample} bits per sample are not supported`;
  if (channels < 1 || channels > MAX_CHANNELS) return `${channels} channels are not supported`;
  if (blockAlign !== (channels * bitsPerSample) / 8) return 'the block size does not fit the sample size';
  return { encoding, channels, sampleRate, bitsPerSample, blockAlign };
}

/** Writes the header of a 16-bit PCM file with `dataLength` bytes of data. */
export function writeWavHeader(
  out: Uint8Array,
  format: { channels: number; sampleRate: number },
  dataLength: number,
): void {
  const view = new DataView(out.buffer, out.byteOffset, WAV_HEADER_LENGTH);
  const blockAlign = format.channels * 2;
  const put = (at: number, text: string) => {
    for (let i = 0; i < 4; i++) out[at + i] = text.charCodeAt(i);
  };
  put(0, 'RIFF');
  view.setUint32(4, WAV_HEADER_LENGTH - 8 + dataLength, true);
  put(8, 'WAVE');
  put(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, format.channels, true);
  view.setUint32(24, format.sampleRate, true);
  view.setUint32(28, format.sampleRate * blockAlign, true);
  view.setUint16(32, blockAlign, true);
  view.setUint16(34, 16, true);
  put(36, 'data');
  view.setUint32(40, dataLength, true);
}
