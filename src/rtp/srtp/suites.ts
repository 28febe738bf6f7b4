/**
 * The SRTP crypto-suites (RFC 4568 §6.2, RFC 6188, RFC 7714 §14) and what a master key of one becomes: a transform
 * with its identifier. Used by the two directions of {@link Srtp}.
 */
import { SwitchhookError } from '../../base/errors.js';
import { CounterTransform } from './counter-transform.js';
import { GcmTransform } from './gcm-transform.js';
import { KeyLifetime } from './key-lifetime.js';
import type { SrtpSuite } from './suite-names.js';
import type { SrtpTransform } from './transform.js';

/** A master key with its salt (RFC 4568 §6.1). */
export interface SrtpKey {
  /** Master key, then master salt. */
  keySalt: Uint8Array;
  /** Master key identifier, if packets carry one. */
  mki?: Uint8Array;
  /** Packets it may protect; 2^48 when absent. */
  lifetime?: number;
}

interface SuiteFacts {
  keyLength: number;
  saltLength: number;
  /** 0 for AEAD. */
  rtpTagLength: number;
}

const SUITES: Readonly<Record<SrtpSuite, SuiteFacts>> = {
  AES_CM_128_HMAC_SHA1_80: { keyLength: 16, saltLength: 14, rtpTagLength: 10 },
  AES_CM_128_HMAC_SHA1_32: { keyLength: 16, saltLength: 14, rtpTagLength: 4 },
  AES_256_CM_HMAC_SHA1_80: { keyLength: 32, saltLength: 14, rtpTagLength: 10 },
  AES_256_CM_HMAC_SHA1_32: { keyLength: 32, saltLength: 14, rtpTagLength: 4 },
  AEAD_AES_128_GCM: { keyLength: 16, saltLength: 12, rtpTagLength: 0 },
  AEAD_AES_256_GCM: { keyLength: 32, saltLength: 12, rtpTagLength: 0 },
};

/** A master key ready for use. */
export interface Keyed {
  transform: SrtpTransform;
  mki: Uint8Array;
  lifetime: KeyLifetime;
}

/** @throws SwitchhookError ERR_INVALID_ARGUMENT for a key of the wrong length */
export function keyed(suite: SrtpSuite, { keySalt, mki, lifetime }: SrtpKey): Keyed {
  const { keyLength, saltLength, rtpTagLength } = SUITES[suite];
  if (keySalt.length !== keyLength + saltLength) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `${suite} needs a key with salt of ${keyLength + saltLength} bytes, not ${keySalt.length}`,
    });
  }
  const key = keySalt.subarray(0, keyLength);
  const salt = keySalt.subarray(keyLength);
  const transform =
    rtpTagLength === 0 ? GcmTransform.derive(key, salt) : new CounterTransform(key, salt, rtpTagLength);
  return { transform, mki: mki ?? new Uint8Array(0), lifetime: new KeyLifetime(lifetime) };
}

export function sameKey(a: SrtpKey, b: SrtpKey): boolean {
  return equalBytes(a.keySalt, b.keySalt) && equalBytes(a.mki ?? NONE, b.mki ?? NONE);
}

const NONE = new Uint8Array(0);

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
