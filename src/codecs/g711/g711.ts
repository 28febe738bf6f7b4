/**
 * ITU-T G.711 µ-law and A-law sample conversion by table, used by the PCMU and PCMA codecs and by the WAV reader.
 * The encoders pick the code whose decision interval holds the sample, like the ITU-T STL reference.
 */

/** µ-law bias on the 14-bit scale (G.711 table 2a). */
const MU_BIAS = 33;
const MU_CLIP = 8159;

/** Sign bit, three segment bits, four interval bits, inverted on the line (G.711 §3). */
function linearToUlaw(sample: number): number {
  // Negative numbers are taken in ones' complement as in the STL, so that both signs have equal intervals.
  const magnitude = Math.min((sample < 0 ? ~sample : sample) >> 2, MU_CLIP - MU_BIAS) + MU_BIAS;
  const segment = 31 - Math.clz32(magnitude) - 5;
  const interval = (magnitude >> (segment + 1)) & 0x0f;
  const code = (segment << 4) | interval;
  return (sample < 0 ? 0x7f : 0xff) ^ code;
}

function ulawToLinear(code: number): number {
  const value = ~code & 0xff;
  const segment = (value >> 4) & 7;
  const magnitude = ((((value & 0x0f) << 1) + MU_BIAS) << segment) - MU_BIAS;
  return (value & 0x80 ? -magnitude : magnitude) << 2;
}

/** Every second bit is inverted on the line (G.711 §3). */
const ALAW_TOGGLE = 0x55;

function linearToAlaw(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const segment = magnitude < 32 ? magnitude >> 4 : 31 - Math.clz32(magnitude) - 3;
  const interval = segment < 2 ? magnitude & 0x0f : (magnitude >> (segment - 1)) & 0x0f;
  return (((segment << 4) | interval) ^ ALAW_TOGGLE) | (sample < 0 ? 0 : 0x80);
}

function alawToLinear(code: number): number {
  const value = code ^ ALAW_TOGGLE;
  const segment = (value >> 4) & 7;
  const interval = value & 0x0f;
  const magnitude = segment === 0 ? (interval << 4) + 8 : ((interval << 4) + 0x108) << (segment - 1);
  return value & 0x80 ? magnitude : -magnitude;
}

/** Code → 16-bit sample. */
export const ULAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, code) => ulawToLinear(code));
export const ALAW_TO_LINEAR: Int16Array = Int16Array.from({ length: 256 }, (_, code) => alawToLinear(code));

/** A loop: `from` would make an array of all samples first, 4 MB for a moment that the process keeps. */
function codes(codeOf: (sample: number) => number): Uint8Array {
  const table = new Uint8Array(65536);
  for (let bits = 0; bits < table.length; bits++) table[bits] = codeOf((bits << 16) >> 16);
  return table;
}

/** Sample & 0xffff → code. */
export const LINEAR_TO_ULAW: Uint8Array = codes(linearToUlaw);
export const LINEAR_TO_ALAW: Uint8Array = codes(linearToAlaw);
