/**
 * Reads the outside of Opus packets (RFC 6716 §3): how much audio one holds and whether it carries redundancy for the
 * one before. Used by the codec before and beside libopus; never looks into the coded audio beyond the first octet.
 */

/** RFC 6716 §3.2.5 [R5]: a packet holds 120 ms at most. */
export const MAX_PACKET_MS = 120;

/** Frame sizes of the twelve SILK, four hybrid and sixteen CELT configurations (RFC 6716 table 2), in ms. */
const SILK_MS = [10, 20, 40, 60];
const HYBRID_MS = [10, 20];
const CELT_MS = [2.5, 5, 10, 20];
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;

function frameMs(configuration: number): number {
  if (configuration >= FIRST_CELT) return CELT_MS[configuration & 3];
  if (configuration >= FIRST_HYBRID) return HYBRID_MS[configuration & 1];
  return SILK_MS[configuration & 3];
}

/** Frames by the code in the last two bits of the TOC octet (RFC 6716 §3.1); 0 when the packet is too short. */
function frameCount(data: Uint8Array, start: number, end: number): number {
  const code = data[start] & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return end - start < 2 ? 0 : data[start + 1] & 63;
}

/** Audio in a packet, in ms; 0 when it cannot be one. */
export function packetMs(data: Uint8Array, start: number, end: number): number {
  if (end <= start) return 0;
  const duration = frameCount(data, start, end) * frameMs(data[start] >> 3);
  return duration <= MAX_PACKET_MS ? duration : 0;
}

/** Octets of a frame length from `at`: 1 or 2 (RFC 6716 §3.2.1). */
function lengthOctets(data: Uint8Array, at: number): number {
  return data[at] < 252 ? 1 : 2;
}

/** Where the first frame begins; may lie beyond the end of a packet that is cut off. */
function firstFrame(data: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  switch (data[start] & 3) {
    case 0:
    case 1:
      return at;
    case 2:
      return at + lengthOctets(data, at);
  }
  const header = data[at++];
  if (header & 0x40) {
    // RFC 6716 §3.2.5: 255 stands for 254 octets of padding and another octet that counts.
    while (at < end && data[at] === 255) at++;
    at++;
  }
  if (header & 0x80) for (let i = 1; i < (header & 63); i++) at += lengthOctets(data, at);
  return at;
}

/** True when the packet carries a coarse copy of the audio before it: the LBRR flags of RFC 6716 §4.2.3. */
export function hasRedundancy(data: Uint8Array, start: number, end: number): boolean {
  if (packetMs(data, start, end) === 0) return false;
  const configuration = data[start] >> 3;
  if (configuration >= FIRST_CELT) return false;
  const at = firstFrame(data, start, end);
  if (at >= end) return false;
  // One flag for voice activity per 20 ms, then the one for LBRR; with stereo the same for the side channel.
  const frames = Math.max(1, frameMs(configuration) / 20);
  const middle = (data[at] >> (7 - frames)) & 1;
  const side = data[start] & 4 ? (data[at] >> (6 - 2 * frames)) & 1 : 0;
  return (middle | side) === 1;
}
