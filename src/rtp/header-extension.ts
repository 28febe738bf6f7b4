/**
 * RTP header extensions: the general form of RFC 3550 §5.3.1, and lists of elements in the one-byte and two-byte forms
 * of RFC 8285. Made when they are set, read when they have changed; never per packet.
 */
import { SwitchhookError } from '../base/errors.js';
import type { RtpPacketView } from './packet.js';

export interface HeaderExtensionElement {
  /** Local identifier as in `a=extmap`, 1 to 255. */
  id: number;
  /** Up to 255 bytes. */
  data: Uint8Array;
}

/** What a packet carried. */
export interface HeaderExtension {
  /** The 16 bits "defined by profile"; 0xBEDE and 0x100X are RFC 8285's. */
  profile: number;
  data: Uint8Array;
  /** Its elements, when it is a list by RFC 8285. */
  elements: HeaderExtensionElement[];
}

/** RFC 8285 §4.2 and §4.3. */
const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;
/** Longest data that is sent with every packet. */
const MAX_DATA = 64;
/** Room for the largest extension that {@link packHeaderExtension} makes. */
export const MAX_HEADER_EXTENSION = 4 + MAX_DATA;

/**
 * The bytes between the fixed header and the payload.
 * @throws ERR_INVALID_ARGUMENT when it does not fit
 */
export function packHeaderExtension(
  extension: readonly HeaderExtensionElement[] | { profile: number; data: Uint8Array },
): Uint8Array {
  const { profile, data } = 'profile' in extension ? extension : packElements(extension);
  const length = Math.ceil(data.length / 4) * 4;
  if (length > MAX_DATA) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `an RTP header extension of ${data.length} bytes is more than ${MAX_DATA}`,
    });
  }
  const out = new Uint8Array(4 + length);
  out[0] = profile >> 8;
  out[1] = profile;
  out[3] = length / 4;
  out.set(data, 4);
  return out;
}

function packElements(elements: readonly HeaderExtensionElement[]): { profile: number; data: Uint8Array } {
  const short = elements.every(({ id, data }) => id <= 14 && data.length >= 1 && data.length <= 16);
  const bytes: number[] = [];
  for (const { id, data } of elements) {
    if (!Number.isInteger(id) || id < 1 || id > 255 || data.length > 255) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `RTP header extension ${id} of ${data.length} bytes: ids are 1 to 255, data has up to 255 bytes`,
      });
    }
    if (short) bytes.push((id << 4) | (data.length - 1), ...data);
    else bytes.push(id, data.length, ...data);
  }
  return { profile: short ? ONE_BYTE_PROFILE : TWO_BYTE_PROFILE, data: Uint8Array.from(bytes) };
}

/** @returns undefined when the packet has none */
export function readHeaderExtension(packet: RtpPacketView): HeaderExtension | undefined {
  const { extensionProfile: profile, extensionOffset: start, extensionLength: length } = packet;
  if (profile < 0) return undefined;
  // A copy, also of a Buffer, whose slices are none.
  const data = Uint8Array.from(packet.data.subarray(start, start + length));
  return { profile, data, elements: readElements(profile, data) };
}

/** Stops at the first element that does not fit. */
function readElements(profile: number, data: Uint8Array): HeaderExtensionElement[] {
  const elements: HeaderExtensionElement[] = [];
  const oneByte = profile === ONE_BYTE_PROFILE;
  if (!oneByte && (profile & 0xfff0) !== TWO_BYTE_PROFILE) return elements;
  for (let at = 0; at < data.length; ) {
    // A zero is padding in either form.
    if (data[at] === 0) {
      at++;
      continue;
    }
    const id = oneByte ? data[at] >> 4 : data[at];
    const length = oneByte ? (data[at] & 15) + 1 : (data[at + 1] ?? 256);
    const from = at + (oneByte ? 1 : 2);
    // RFC 8285 §4.2: id 15 ends the list.
    if ((oneByte && id === 15) || from + length > data.length) break;
    if (id > 0) elements.push({ id, data: data.slice(from, from + length) });
    at = from + length;
  }
  return elements;
}
