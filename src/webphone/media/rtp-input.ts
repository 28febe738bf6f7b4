/** Tells RTP packets from samples among what the application hands over, and which codec is in them. Pure. */
import type { StreamAudio } from '../../media/index.js';

/** RFC 3551 §6: payload types that need no description, and what their payloads are made of. */
const STATIC: Readonly<Record<number, { codec: string; clockRate: number; piece: number }>> = {
  0: { codec: 'PCMU', clockRate: 8000, piece: 80 },
  3: { codec: 'GSM', clockRate: 8000, piece: 33 },
  8: { codec: 'PCMA', clockRate: 8000, piece: 80 },
  9: { codec: 'G722', clockRate: 8000, piece: 80 },
  18: { codec: 'G729', clockRate: 8000, piece: 10 },
};
const HEADER_BYTES = 12;
const PLAIN_HEADER = 0x80;
const LONGEST_PIECES = 12;

/**
 * @param certain it is said to be RTP; else it must look like a packet in every respect
 * @returns undefined for what is none
 */
export function rtpAudio(bytes: Uint8Array, certain: boolean): StreamAudio | undefined {
  if (bytes.length <= HEADER_BYTES || bytes[0] >> 6 !== 2) return undefined;
  const known = STATIC[bytes[1] & 0x7f];
  if (!known) return undefined;
  const { codec, clockRate, piece } = known;
  const pieces = (bytes.length - HEADER_BYTES) / piece;
  const looksSo = bytes[0] === PLAIN_HEADER && Number.isInteger(pieces) && pieces <= LONGEST_PIECES;
  return certain || looksSo ? { kind: 'rtp', codec, clockRate } : undefined;
}
