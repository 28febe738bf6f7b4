/**
 * MP3 and Ogg Vorbis for the recorder, by LAME and libvorbis as WebAssembly; the package is loaded when one of them is
 * first asked for.
 */
import { SwitchhookError } from '../../base/errors.js';
import type { PieceEncoder } from './encoded-writer.js';

const PIECE_MS = 20;
/** Kilobits per second of a channel: what speech of each band needs. */
const MP3_NARROW_KBPS = 32;
const MP3_WIDE_KBPS = 48;
const WIDE_RATE = 24000;
/** libvorbis' scale from -1 to 10. */
const VORBIS_QUALITY = 3;

type MediaEncoders = typeof import('wasm-media-encoders');

async function load(codec: string): Promise<MediaEncoders> {
  try {
    return await import('wasm-media-encoders');
  } catch (error) {
    throw new SwitchhookError('ERR_MEDIA_CODEC', { codec, why: String(error) }, { cause: error });
  }
}

/** @throws ERR_MEDIA_CODEC */
export async function mp3Encoder(channels: 1 | 2, sampleRate: number): Promise<PieceEncoder> {
  const encoder = await (await load('MP3')).createMp3Encoder();
  const perChannel = sampleRate < WIDE_RATE ? MP3_NARROW_KBPS : MP3_WIDE_KBPS;
  encoder.configure({ channels, sampleRate, bitrate: (perChannel * channels) as 32 | 48 | 64 | 96 });
  return pieces(encoder, channels, sampleRate);
}

/** @throws ERR_MEDIA_CODEC */
export async function vorbisEncoder(
  channels: 1 | 2,
  sampleRate: number,
  serial: number,
): Promise<PieceEncoder> {
  const encoder = await (await load('Vorbis')).createOggEncoder();
  encoder.configure({ channels, sampleRate, vbrQuality: VORBIS_QUALITY, oggSerialNo: serial & 0x7fffffff });
  return pieces(encoder, channels, sampleRate);
}

interface Encoder {
  encode(samples: readonly Float32Array[]): Uint8Array;
  finalize(): Uint8Array;
}

/** What the library returns is its own memory, good until the next call. */
function pieces(encoder: Encoder, channels: number, sampleRate: number): PieceEncoder {
  const pieceFrames = Math.round((sampleRate * PIECE_MS) / 1000);
  const planes = Array.from({ length: channels }, () => new Float32Array(pieceFrames));
  return {
    pieceFrames,
    encode(piece, put) {
      for (const [channel, plane] of planes.entries()) {
        for (let i = 0; i < pieceFrames; i++) plane[i] = piece[i * channels + channel] / 32768;
      }
      const bytes = encoder.encode(planes);
      if (bytes.length > 0) put(bytes);
    },
    finish: (_frames, put) => put(encoder.finalize()),
  };
}
