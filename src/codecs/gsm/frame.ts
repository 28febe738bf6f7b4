/**
 * The 76 parameters of a GSM 06.10 frame and their 33 octets in RTP (RFC 3551 §4.5.8.1, tables 2 and 3). Encoder and
 * decoder exchange parameters through a Uint8Array laid out in the order of the table.
 */
import { FRAME_BYTES } from './info.js';

export const SUBFRAMES = 4;
export const SUBFRAME_SAMPLES = 40;
export const PARAMETERS = 76;

/** Parameters: 8 log area ratios, then per subframe lag, gain, grid, block maximum and 13 pulses. */
export const LAR_COUNT = 8;
export const PULSES = 13;
const SUBFRAME_PARAMETERS = 4 + PULSES;

/** Where the parameters of a subframe start, and what follows there. */
export function subframeAt(subframe: number): number {
  return LAR_COUNT + subframe * SUBFRAME_PARAMETERS;
}
export const LAG = 0;
export const GAIN = 1;
export const GRID = 2;
export const MAXIMUM = 3;
export const PULSE = 4;

/** The first four bits of each frame. */
const SIGNATURE = 0xd;
const SIGNATURE_BITS = 4;

const LAR_BITS = [6, 6, 5, 5, 4, 4, 3, 3];
const SUBFRAME_BITS = [7, 2, 2, 6, ...new Array<number>(PULSES).fill(3)];
const WIDTHS = Uint8Array.of(
  ...LAR_BITS,
  ...SUBFRAME_BITS,
  ...SUBFRAME_BITS,
  ...SUBFRAME_BITS,
  ...SUBFRAME_BITS,
);

/** Number of frames in a payload; 0 if it is not made of whole frames with their signature. */
export function framesIn(data: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length <= 0 || length % FRAME_BYTES !== 0) return 0;
  for (let at = start; at < end; at += FRAME_BYTES) if (data[at] >> SIGNATURE_BITS !== SIGNATURE) return 0;
  return length / FRAME_BYTES;
}

export function packFrame(parameters: Uint8Array, out: Uint8Array, outOffset: number): void {
  let bits = SIGNATURE;
  let count = SIGNATURE_BITS;
  for (let i = 0; i < PARAMETERS; i++) {
    bits = (bits << WIDTHS[i]) | parameters[i];
    count += WIDTHS[i];
    if (count >= 8) {
      count -= 8;
      out[outOffset++] = bits >> count;
      bits &= (1 << count) - 1;
    }
  }
}

export function unpackFrame(data: Uint8Array, start: number, parameters: Uint8Array): void {
  let bits = data[start++];
  let count = SIGNATURE_BITS;
  for (let i = 0; i < PARAMETERS; i++) {
    const width = WIDTHS[i];
    if (count < width) {
      bits = ((bits & 0xff) << 8) | data[start++];
      count += 8;
    }
    count -= width;
    parameters[i] = (bits >> count) & ((1 << width) - 1);
  }
}
