/** Ogg Opus (RFC 7845) for the recorder: mono or stereo packets of 20 ms, a page for each block that is written. */
import { opusLibrary } from '../../codecs/opus/library.js';
import type { PieceEncoder } from './encoded-writer.js';
import { OggWriter } from './ogg.js';
import { opusHead, opusTags } from './opus-head.js';

/** Granule positions count at this rate whatever is inside (RFC 7845 §4). */
const CLOCK_RATE = 48000;
const PIECE_MS = 20;
const PIECE_UNITS = (CLOCK_RATE * PIECE_MS) / 1000;
/** libopus' number for music and mixed signals, which keeps two voices apart best. */
const APPLICATION_AUDIO = 2049;
const COMPLEXITY = 5;
/** Bits per second of a channel by PCM rate. */
const BITRATE: Readonly<Record<number, number>> = { 8000: 24000, 16000: 32000, 24000: 40000, 48000: 48000 };
const MAX_PACKET_BYTES = 1275;

export const OGG_OPUS_RATES = [8000, 16000, 24000, 48000] as const;
type Rate = (typeof OGG_OPUS_RATES)[number];

/** @throws ERR_MEDIA_CODEC */
export async function oggOpusEncoder(channels: 1 | 2, rate: number, serial: number): Promise<PieceEncoder> {
  const library = await opusLibrary();
  const sampleRate = rate as Rate;
  const pieceFrames = (sampleRate * PIECE_MS) / 1000;
  const encoder = await library.createEncoder({
    sampleRate,
    channels,
    frameSize: pieceFrames,
    application: APPLICATION_AUDIO,
    bitrate: BITRATE[sampleRate] * channels,
    complexity: COMPLEXITY,
    vbr: true,
  });
  const scale = CLOCK_RATE / sampleRate;
  const preSkip = Math.round(encoder.getLookahead() * scale);
  const ogg = new OggWriter(serial);
  let units = 0;
  const encode: PieceEncoder['encode'] = (piece, put) => {
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    units += PIECE_UNITS;
    const page = ogg.add(encoder.encode(bytes, { maxPacketBytes: MAX_PACKET_BYTES }), units);
    if (page) put(page);
  };
  return {
    pieceFrames,
    begin(put) {
      // RFC 7845 §3: each header ends its page.
      ogg.add(opusHead(channels, preSkip, sampleRate), 0);
      put(ogg.flush());
      ogg.add(opusTags(), 0);
      put(ogg.flush());
    },
    encode,
    flush(put) {
      if (!ogg.empty) put(ogg.flush());
    },
    finish(frames, put) {
      const end = preSkip + frames * scale;
      const silence = new Int16Array(pieceFrames * channels);
      // The end of the audio is still in the encoder; and the last page must have a packet.
      while (units < end || ogg.empty) encode(silence, put);
      // RFC 7845 §4: what the last packet holds beyond this is left out.
      ogg.granule = end;
      put(ogg.flush(true));
    },
    close: () => encoder.free(),
  };
}
