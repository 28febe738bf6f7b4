/** Small helpers for bytes and texts that several layers need. */

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8');

export function utf8Bytes(text: string): Uint8Array {
  return text.length === 0 ? EMPTY_BYTES : utf8Encoder.encode(text);
}

/** Decodes UTF-8; broken sequences become U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : utf8Decoder.decode(bytes);
}

/** A Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
