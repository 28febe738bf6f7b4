/**
 * Session keys from a master key and salt (RFC 3711 §4.3, RFC 6188 §3, RFC 7714 §11), with a key derivation rate of
 * zero, the only one in use. Called once per master key.
 */
import { AesCounter } from './aes-counter.js';

/** RFC 3711 §4.3.2, Table 2. */
export const KeyLabel = {
  rtpEncryption: 0,
  rtpAuthentication: 1,
  rtpSalt: 2,
  rtcpEncryption: 3,
  rtcpAuthentication: 4,
  rtcpSalt: 5,
} as const;

/** The salt's length in the counter mode generator; a shorter one (GCM) is filled with zeros behind. */
const PRF_SALT_LENGTH = 14;
/** The label stands before the 48 bits of the index divided by the rate. */
const LABEL_POSITION = 7;

/** @returns `length` bytes */
export function deriveKey(
  masterKey: Uint8Array,
  masterSalt: Uint8Array,
  label: number,
  length: number,
): Uint8Array {
  const salt = new Uint8Array(PRF_SALT_LENGTH);
  salt.set(masterSalt);
  salt[LABEL_POSITION] ^= label;
  const key = new Uint8Array(length);
  new AesCounter(masterKey, salt).apply(key, 0, length, 0, 0, 0);
  return key;
}
