/** How well a call is protected, in one word. Pure. */
import type { CallEncryption } from './call-types.js';

/**
 * `unknown`: no media yet; `no`: plain RTP; `weak`: SRTP whose keys travelled in the open, or with a short tag; `yes`:
 * SRTP, signalled over TLS; `strong`: the same with 256-bit keys.
 */
export type EncryptionLevel = 'unknown' | 'no' | 'weak' | 'yes' | 'strong';

const ORDER: readonly EncryptionLevel[] = ['unknown', 'no', 'weak', 'yes', 'strong'];

export function encryptionLevel({ srtp, signalling }: CallEncryption, agreed: boolean): EncryptionLevel {
  if (!agreed) return 'unknown';
  if (srtp === undefined) return 'no';
  const hidden = signalling === 'tls' || signalling === 'wss';
  if (!hidden || srtp.endsWith('_32')) return 'weak';
  return srtp.includes('256') ? 'strong' : 'yes';
}

export function isAtLeast(level: EncryptionLevel, wanted: EncryptionLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(wanted);
}
