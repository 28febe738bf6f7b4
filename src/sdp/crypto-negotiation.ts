/**
 * Agreement on SRTP by security descriptions (RFC 4568 §5.1, §7.1), required or optional (RFC 8643), and the keeping
 * of our master keys over the exchanges of a session. Used by the offer/answer engine; encrypts nothing itself.
 */
import { SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';
import { hasAttribute } from './attributes.js';
import type { LocalAudio, LocalCrypto, NegotiatedCrypto } from './audio-session.js';
import { CRYPTO_SUITES, type CryptoAttribute, type CryptoKey, cryptoAttributes } from './crypto-attribute.js';
import type { MediaDescription } from './description.js';

/** "RTP/AVP", "RTP/AVPF" (RFC 4585) and their secure forms; the audio protocols this engine can negotiate. */
export function isRtpProtocol(protocol: string): boolean {
  return /^RTP\/S?AVPF?$/i.test(protocol);
}

export function isSecureProtocol(protocol: string): boolean {
  return /^RTP\/SAVPF?$/i.test(protocol);
}

/** True when we refuse to talk without SRTP. */
export function requiresSrtp(local: LocalAudio): boolean {
  return local.protocol !== undefined && isSecureProtocol(local.protocol);
}

/** Our master keys: the same over re-offers, new ones when our address or port changes (RFC 4568 §7.1.4). */
export class LocalKeys {
  readonly #random: Random;
  readonly #made = new Map<string, CryptoKey>();
  #transport = '';

  constructor(random: Random) {
    this.#random = random;
  }

  clone(): LocalKeys {
    const copy = new LocalKeys(this.#random);
    copy.#transport = this.#transport;
    for (const [suite, key] of this.#made) copy.#made.set(suite, key);
    return copy;
  }

  /**
   * Next time there are new keys: SRTP was given up, and its roll-over counters are gone, while a keystream must not be
   * used twice (RFC 3711 §9.1); or the life of the keys is over.
   */
  forget(): void {
    this.#made.clear();
  }

  /** One attribute per suite of `local`, tagged from 1. */
  attributes(local: LocalAudio): CryptoAttribute[] {
    return (local.crypto ?? []).map((crypto, i) => this.attribute(local, crypto, i + 1));
  }

  attribute(local: LocalAudio, crypto: LocalCrypto, tag: number): CryptoAttribute {
    const { suite, keys, lifetime, sessionParameters = [] } = crypto;
    return { tag, suite, keys: keys?.length ? keys : [this.#key(local, suite, lifetime)], sessionParameters };
  }

  #key(local: LocalAudio, suite: string, lifetime: number | undefined): CryptoKey {
    const transport = `${local.address} ${local.port}`;
    if (transport !== this.#transport) {
      this.#made.clear();
      this.#transport = transport;
    }
    let key = this.#made.get(suite);
    if (!key) {
      const lengths = CRYPTO_SUITES.get(suite);
      if (!lengths)
        throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `unknown crypto-suite ${suite}` });
      key = { keySalt: this.#random.bytes(lengths.keyLength + lengths.saltLength), lifetime };
      this.#made.set(suite, key);
    }
    return key;
  }
}

/** What the answer says about SRTP: the line to put into it, or none for plain RTP. */
export interface CryptoAnswer {
  attribute?: CryptoAttribute;
  negotiated?: NegotiatedCrypto;
}

/**
 * The answerer's choice (RFC 4568 §5.1.2): the first offered line that is valid and of a suite of ours.
 * @throws SwitchhookError `ERR_MEDIA_SRTP` when one side requires SRTP and there is no such line
 */
export function answerCrypto(offer: MediaDescription, local: LocalAudio, keys: LocalKeys): CryptoAnswer {
  for (const offered of cryptoAttributes(offer)) {
    if (!supportedParameters(offered)) continue;
    for (const crypto of local.crypto ?? []) {
      if (crypto.suite !== offered.suite) continue;
      const attribute = keys.attribute(local, crypto, offered.tag);
      // RFC 4568 §7.1.2: the keys of the answer must differ from those of the offer.
      if (sharesKey(attribute, offered)) continue;
      return { attribute, negotiated: negotiated(attribute, offered) };
    }
  }
  if (isSecureProtocol(offer.protocol))
    refuse('the peer requires it, and no crypto line of its offer suits us');
  if (requiresSrtp(local)) refuse('we require it, and no crypto line of the offer suits us');
  return {};
}

/**
 * The offerer's reading of the answer (RFC 4568 §5.1.3; RFC 8643 §3.3).
 * @param sent the lines of our offer
 * @returns undefined for plain RTP
 * @throws SwitchhookError `ERR_MEDIA_SRTP`
 */
export function acceptedCrypto(
  answer: MediaDescription,
  sent: readonly CryptoAttribute[],
  required: boolean,
): NegotiatedCrypto | undefined {
  for (const accepted of cryptoAttributes(answer)) {
    const ours = sent.find(({ tag, suite }) => tag === accepted.tag && suite === accepted.suite);
    if (ours && supportedParameters(accepted) && !sharesKey(ours, accepted))
      return negotiated(ours, accepted);
  }
  if (required) refuse('we require it, and the answer accepts none of our crypto lines');
  if (isSecureProtocol(answer.protocol)) refuse('the answer is secure without a crypto line of our offer');
  if (sent.length > 0 && hasAttribute(answer, 'crypto'))
    refuse('the crypto line of the answer does not fit our offer');
  return undefined;
}

function negotiated(ours: CryptoAttribute, theirs: CryptoAttribute): NegotiatedCrypto {
  return {
    suite: ours.suite,
    tag: theirs.tag,
    localKey: ours.keys[0],
    remoteKey: theirs.keys[0],
    remoteKeys: theirs.keys,
  };
}

/**
 * RFC 4568 §6.3: a parameter that changes the packets (KDR, UNENCRYPTED_…, FEC_…) and is not supported makes the line
 * unusable; the window size is a hint, and an unknown one with a leading "-" may be ignored (§6.3.7).
 */
function supportedParameters({ sessionParameters }: CryptoAttribute): boolean {
  return sessionParameters.every((parameter) => /^(?:WSH=\d+$|KDR=0$|-)/.test(parameter));
}

function sharesKey(a: CryptoAttribute, b: CryptoAttribute): boolean {
  return a.keys.some((one) => b.keys.some((other) => equalBytes(one.keySalt, other.keySalt)));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function refuse(why: string): never {
  throw new SwitchhookError('ERR_MEDIA_SRTP', { why });
}
