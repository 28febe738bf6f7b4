/** The two header packets of Ogg Opus (RFC 7845 §5): written by the recorder, read by the player. */

export interface OpusHead {
  channels: number;
  /** Samples at 48 kHz to leave out at the start. */
  preSkip: number;
  /** Rate of the original, in Hz; for information only. */
  inputSampleRate: number;
  /** To be applied by the player, in dB. */
  gainDb: number;
  /** 0: mono or stereo in one stream. */
  mappingFamily: number;
}

const HEAD = 'OpusHead';
const TAGS = 'OpusTags';
const HEAD_BYTES = 19;
const VENDOR = 'switchhook';

export function isOpusHead(packet: Uint8Array): boolean {
  return packet.length >= HEAD_BYTES && HEAD === String.fromCharCode(...packet.subarray(0, HEAD.length));
}

/** Undefined for a packet that is none, or of a version to come. */
export function parseOpusHead(packet: Uint8Array): OpusHead | undefined {
  if (!isOpusHead(packet)) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  // §5.1: the upper four bits are the major version.
  if (packet[8] >> 4 !== 0 || packet[9] === 0) return undefined;
  return {
    channels: packet[9],
    preSkip: view.getUint16(10, true),
    inputSampleRate: view.getUint32(12, true),
    gainDb: view.getInt16(16, true) / 256,
    mappingFamily: packet[18],
  };
}

export function opusHead(channels: number, preSkip: number, inputSampleRate: number): Uint8Array {
  const packet = new Uint8Array(HEAD_BYTES);
  const view = new DataView(packet.buffer);
  packet.set(Buffer.from(HEAD));
  packet[8] = 1;
  packet[9] = channels;
  view.setUint16(10, preSkip, true);
  view.setUint32(12, inputSampleRate, true);
  return packet;
}

/** §5.2: who wrote it, and no comments. */
export function opusTags(): Uint8Array {
  const packet = Buffer.alloc(TAGS.length + 4 + VENDOR.length + 4);
  packet.write(TAGS);
  packet.writeUInt32LE(VENDOR.length, TAGS.length);
  packet.write(VENDOR, TAGS.length + 4);
  return packet;
}
