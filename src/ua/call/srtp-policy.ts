/**
 * SRTP of a call (RFC 4568): from what the application wants to what an offer or answer may contain, and from what
 * was agreed to what the media engine is told. Used by {@link CallMedia} only; keys pass through and are never logged.
 */
import { SwitchhookError } from '../../base/errors.js';
import { SRTP_SUITES } from '../../media/calls.js';
import type { SrtpSuite, StreamConfig } from '../../media/index.js';
import type { CryptoKey, LocalAudio, NegotiatedAudio, NegotiatedCrypto } from '../../sdp/index.js';

/**
 * - `off`: plain RTP; an offer that requires SRTP is refused with 488.
 * - `optional`: keys are offered over the plain profile (RFC 8643); a peer without SRTP gets plain RTP, one that refuses
 *   the offer gets a second one with the secure profile.
 * - `required`: secure profile only; without agreement there is no call (`ERR_MEDIA_SRTP`).
 */
export type SrtpMode = 'off' | 'optional' | 'required';

export interface SrtpPreferences {
  /** Default 'off'. */
  srtp?: SrtpMode;
  /**
   * Crypto-suites to offer, in order of preference, and to accept. Default: AES_CM_128_HMAC_SHA1_80 is offered, which
   * everybody has, and no more, so that the INVITE fits into a UDP datagram (RFC 3261 §18.1.1); all are accepted.
   */
  srtpSuites?: readonly string[];
  /** What to do when the peer's packets fail authentication for good (`ERR_MEDIA_SRTP_KEY`). Default 'report'. */
  srtpWrongKey?: 'report' | 'hangup';
  /**
   * Packets a key of ours may protect, at most 2^48: said in the SDP, and new keys are negotiated before it is over.
   * Default: 2^48, which the SDP need not say.
   */
  srtpKeyLifetime?: number;
}

/** RFC 3711 §9.2. */
const MAX_LIFETIME = 2 ** 48;
type SrtpKey = NonNullable<StreamConfig['srtp']>['send'];

const MODES: readonly string[] = ['off', 'optional', 'required'] satisfies SrtpMode[];
const OFFERED: readonly SrtpSuite[] = ['AES_CM_128_HMAC_SHA1_80'];

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function checkSrtp({ srtp = 'off', srtpSuites = OFFERED, srtpKeyLifetime }: SrtpPreferences): void {
  const fail = (what: string): never => {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what });
  };
  if (!MODES.includes(srtp)) fail(`SRTP "${srtp}" is not one of ${MODES.join(', ')}`);
  for (const suite of srtpSuites) {
    if (!supportedSuite(suite)) fail(`SRTP crypto-suite "${suite}" is not one of ${SRTP_SUITES.join(', ')}`);
  }
  if (srtpKeyLifetime !== undefined && !(srtpKeyLifetime >= 1 && srtpKeyLifetime <= MAX_LIFETIME))
    fail(`SRTP key lifetime ${srtpKeyLifetime} is not 1 to 2^48 packets`);
  if (srtpSuites.length === 0 && srtp !== 'off') fail('SRTP needs at least one crypto-suite');
}

/**
 * What an offer or answer of ours says about SRTP.
 * @param current what is agreed so far: a new offer keeps its profile and puts its suite first
 * @param secure offer the secure profile although SRTP is optional
 */
export function srtpWishes(
  { srtp = 'off', srtpSuites, srtpKeyLifetime: lifetime }: SrtpPreferences,
  role: 'offer' | 'answer',
  current: NegotiatedAudio | undefined,
  secure: boolean,
): Pick<LocalAudio, 'crypto' | 'protocol'> {
  if (srtp === 'off') return {};
  const required = srtp === 'required';
  if (role === 'answer') {
    const crypto = (srtpSuites ?? SRTP_SUITES).flatMap(spellings).map((suite) => ({ suite, lifetime }));
    return { crypto, protocol: required ? 'RTP/SAVP' : 'RTP/AVP' };
  }
  const inUse = current?.active ? current.crypto?.suite : undefined;
  const suites = new Set([...(inUse === undefined ? [] : [inUse]), ...(srtpSuites ?? OFFERED)]);
  return {
    crypto: [...suites].map((suite) => ({ suite, lifetime })),
    protocol: secureProfile(current) ?? (required || secure ? 'RTP/SAVP' : 'RTP/AVP'),
  };
}

/** The suite in the spelling of the media engine. */
export function suiteOf(crypto: NegotiatedCrypto | undefined): SrtpSuite | undefined {
  return crypto && supportedSuite(crypto.suite);
}

/** What the media engine needs to know; undefined for plain RTP. */
export function srtpConfig(crypto: NegotiatedCrypto | undefined): StreamConfig['srtp'] {
  const suite = suiteOf(crypto);
  if (!crypto || !suite) return undefined;
  return { suite, send: srtpKey(crypto.localKey), receive: crypto.remoteKeys.map(srtpKey) };
}

/** A profile once agreed on stays: a peer that offered the secure one may know no other. */
function secureProfile(current: NegotiatedAudio | undefined): LocalAudio['protocol'] {
  if (!current?.active) return undefined;
  const protocol = current.protocol.toUpperCase();
  return protocol === 'RTP/SAVP' || protocol === 'RTP/SAVPF' ? protocol : undefined;
}

function supportedSuite(name: string): SrtpSuite | undefined {
  return SRTP_SUITES.find((suite) => spellings(suite).includes(name));
}

/** RFC 6188 has AES_256_CM, older stacks AES_CM_256. */
function spellings(suite: string): string[] {
  const other = suite.startsWith('AES_256_CM')
    ? suite.replace('AES_256_CM', 'AES_CM_256')
    : suite.replace('AES_CM_256', 'AES_256_CM');
  return other === suite ? [suite] : [suite, other];
}

function srtpKey({ keySalt, lifetime, mki }: CryptoKey): SrtpKey {
  if (!mki) return { keySalt, lifetime };
  const bytes = new Uint8Array(mki.length);
  let { value } = mki;
  for (let i = mki.length - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return { keySalt, lifetime, mki: bytes };
}
