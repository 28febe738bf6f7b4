/**
 * Finds the frames in a Speex packet: skips the layers of higher bands and the in-band messages between them. Both the
 * decoder and the counting of frames walk this way, so that they always agree.
 */
import type { BitReader } from './bits.js';
import { HIGH_HEADER_BITS, HIGH_SUBMODES, NARROW_HEADER_BITS, NARROW_SUBMODES } from './submodes.js';

/** More is not decoded: 240 ms in a packet is far beyond what anyone sends. */
export const MAX_FRAMES = 12;

/** The sub-mode of background noise; its last bits tell whether more frames will come. */
export const NOISE_SUBMODE = 1;
export const STOP_BITS = 4;
export const STOPPED = 15;

/** Numbers in the place of a sub-mode: a message of the user, one of Speex; 15 ends the packet (RFC 5574 §3.3). */
const USER_MESSAGE = 13;
const SPEEX_MESSAGE = 14;
/** Bits of the messages of Speex, by their number. */
const MESSAGE_BITS = [1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64];

/**
 * Goes to the next frame and takes its header.
 * @returns the narrow-band sub-mode, all of whose bits are there; -1 at the end of what can be used
 */
export function nextFrame(bits: BitReader): number {
  while (bits.left >= NARROW_HEADER_BITS) {
    if (bits.read(1) === 1) {
      skipLayer(bits, bits.read(3));
      continue;
    }
    const number = bits.read(4);
    if (number === SPEEX_MESSAGE) bits.skip(MESSAGE_BITS[bits.read(4)]);
    else if (number === USER_MESSAGE) bits.skip(bits.read(4) * 8 + 5);
    else if (number < NARROW_SUBMODES.length && bits.left >= narrowBits(number)) return number;
    else return -1;
  }
  return -1;
}

/** Passes the layer of a higher band whose header was taken; one that does not exist ends the packet. */
export function skipLayer(bits: BitReader, number: number): void {
  const submode = HIGH_SUBMODES[number];
  if (submode) bits.skip(submode.bits - HIGH_HEADER_BITS);
  else if (number !== 0) bits.skip(bits.left);
}

/** Frames in the rest of a packet. */
export function countFrames(bits: BitReader): number {
  let frames = 0;
  while (frames < MAX_FRAMES) {
    const number = nextFrame(bits);
    if (number < 0) break;
    bits.skip(narrowBits(number));
    frames++;
  }
  return frames;
}

/** Whether the last frame of the rest of a packet says that nothing is sent until there is speech again. */
export function endsInSilence(bits: BitReader): boolean {
  let silent = false;
  for (let frames = 0; frames < MAX_FRAMES; frames++) {
    const number = nextFrame(bits);
    if (number < 0) break;
    const rest = narrowBits(number);
    if (number === NOISE_SUBMODE) {
      bits.skip(rest - STOP_BITS);
      silent = bits.read(STOP_BITS) === STOPPED;
    } else {
      silent = number === 0;
      bits.skip(rest);
    }
  }
  return silent;
}

/** Bits of a frame of the narrow band after its header. */
function narrowBits(number: number): number {
  return (NARROW_SUBMODES[number]?.bits ?? NARROW_HEADER_BITS) - NARROW_HEADER_BITS;
}
