/**
 * `a=crypto`, the security descriptions of SRTP (RFC 4568), and the crypto-suites they name. Syntax and validity only:
 * which line is chosen is the business of the negotiation, and the cryptography is the business of the RTP layer. Keys are
 * secret: nothing here puts one into an error or a log.
 */
import { asBuffer } from '../base/bytes.js';
import { attributeValues } from './attributes.js';
import type { MediaDescription } from './description.js';

interface CryptoSuite {
  /** Bytes of the master key. */
  keyLength: number;
  /** Bytes of the master salt. */
  saltLength: number;
}

/** By RFC 4568 §6.2, RFC 6188 §4 and RFC 7714 §14.1, and the spelling some older stacks use for the 256 bit suites. */
export const CRYPTO_SUITES: ReadonlyMap<string, CryptoSuite> = new Map([
  ['AES_CM_128_HMAC_SHA1_80', { keyLength: 16, saltLength: 14 }],
  ['AES_CM_128_HMAC_SHA1_32', { keyLength: 16, saltLength: 14 }],
  ['F8_128_HMAC_SHA1_80', { keyLength: 16, saltLength: 14 }],
  ['AES_192_CM_HMAC_SHA1_80', { keyLength: 24, saltLength: 14 }],
  ['AES_192_CM_HMAC_SHA1_32', { keyLength: 24, saltLength: 14 }],
  ['AES_256_CM_HMAC_SHA1_80', { keyLength: 32, saltLength: 14 }],
  ['AES_256_CM_HMAC_SHA1_32', { keyLength: 32, saltLength: 14 }],
  ['AES_CM_256_HMAC_SHA1_80', { keyLength: 32, saltLength: 14 }],
  ['AES_CM_256_HMAC_SHA1_32', { keyLength: 32, saltLength: 14 }],
  ['AEAD_AES_128_GCM', { keyLength: 16, saltLength: 12 }],
  ['AEAD_AES_256_GCM', { keyLength: 32, saltLength: 12 }],
]);

/** One `inline:` key parameter (RFC 4568 §6.1). */
export interface CryptoKey {
  /** Master key, then master salt; the suite says how long each is. */
  keySalt: Uint8Array;
  /** Packets this key may protect; the suite's maximum when absent. */
  lifetime?: number;
  /** The master key identifier and its length in the packet, in bytes. */
  mki?: { value: bigint; length: number };
}

export interface CryptoAttribute {
  tag: number;
  suite: string;
  /** At least one; with several, each has an MKI of the same length. */
  keys: CryptoKey[];
  /** As written: "KDR=1", "UNENCRYPTED_SRTCP", "WSH=128", … */
  sessionParameters: string[];
}

/** RFC 4568 §6.1: the lifetime must not exceed what the suite allows, 2^48 SRTP packets for all of them. */
const MAX_LIFETIME = 2 ** 48;
const MAX_MKI_LENGTH = 128;
const MAX_KEYS = 16;

/**
 * The value of one `a=crypto`.
 * @returns undefined when it is malformed, of an unknown suite, or invalid by RFC 4568 §6.1
 */
export function parseCrypto(value: string): CryptoAttribute | undefined {
  // RFC 4568's own example (§7.1.5) has a blank after the ";" between two keys.
  const words = value.replace(/;\s+/g, ';').trim().split(/\s+/);
  const [tag, suiteName, keyParameters, ...sessionParameters] = words;
  const suite = CRYPTO_SUITES.get(suiteName);
  if (!suite || keyParameters === undefined || !/^\d{1,9}$/.test(tag)) return undefined;
  const texts = keyParameters.split(';').filter((text) => text !== '');
  if (texts.length > MAX_KEYS) return undefined;
  const keys = texts.flatMap((text) => parseKey(text, suite.keyLength + suite.saltLength) ?? []);
  if (keys.length === 0 || keys.length !== texts.length) return undefined;
  const mkiLength = keys[0].mki?.length;
  if (keys.some(({ mki }) => mki?.length !== mkiLength)) return undefined;
  if (keys.length > 1 && mkiLength === undefined) return undefined;
  return { tag: Number(tag), suite: suiteName, keys, sessionParameters };
}

/** The valid `a=crypto` lines of `media` in order of preference. */
export function cryptoAttributes(media: MediaDescription): CryptoAttribute[] {
  return attributeValues(media, 'crypto').flatMap((value) => parseCrypto(value) ?? []);
}

/** The value of `a=crypto`. */
export function printCrypto({ tag, suite, keys, sessionParameters }: CryptoAttribute): string {
  return [tag, suite, keys.map(keyText).join(';'), ...sessionParameters].join(' ');
}

function keyText({ keySalt, lifetime, mki }: CryptoKey): string {
  const parts = [`inline:${base64(keySalt)}`];
  if (lifetime !== undefined) parts.push(lifetimeText(lifetime));
  if (mki) parts.push(`${mki.value}:${mki.length}`);
  return parts.join('|');
}

function lifetimeText(lifetime: number): string {
  const exponent = Math.log2(lifetime);
  return exponent > 0 && Number.isInteger(exponent) ? `2^${exponent}` : String(lifetime);
}

function parseKey(text: string, length: number): CryptoKey | undefined {
  const match =
    /^inline:([A-Za-z0-9+/]+)={0,2}(?:\|(2\^)?([1-9]\d{0,15}))?(?:\|(\d{1,310}):([1-9]\d{0,2}))?$/i.exec(
      text,
    );
  if (!match) return undefined;
  const [, encoded, power, lifetimeDigits, mkiDigits, mkiLengthDigits] = match;
  const keySalt = Uint8Array.from(Buffer.from(encoded, 'base64'));
  if (keySalt.length !== length) return undefined;
  const key: CryptoKey = { keySalt };
  if (lifetimeDigits !== undefined) {
    key.lifetime = power ? 2 ** Number(lifetimeDigits) : Number(lifetimeDigits);
    if (key.lifetime > MAX_LIFETIME) return undefined;
  }
  if (mkiDigits !== undefined) {
    key.mki = { value: BigInt(mkiDigits), length: Number(mkiLengthDigits) };
    if (key.mki.length > MAX_MKI_LENGTH || key.mki.value >= 1n << BigInt(8 * key.mki.length))
      return undefined;
  }
  return key;
}

function base64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}
