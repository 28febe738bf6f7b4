/** AES counter mode with HMAC-SHA1 (RFC 3711 §4.1.1 and §4.2.1, RFC 6188): the transform of the AES_CM suites. */
import { AesCounter } from './aes-counter.js';
import { HmacSha1 } from './hmac-sha1.js';
import { deriveKey, KeyLabel } from './key-derivation.js';
import { equalTags, RTCP_CLEAR, type RtcpPlace, type RtpPlace, type SrtpTransform } from './transform.js';

const SALT_LENGTH = 14;
const AUTHENTICATION_KEY_LENGTH = 20;
/** SRTCP has the long tag in all suites (RFC 4568 §6.2) … */
const RTCP_TAG_LENGTH = 10;
const NO_TRAILER = -1;

export class CounterTransform implements SrtpTransform {
  readonly rtcpTagLengths: readonly number[];
  readonly tagFollowsCiphertext = false;
  readonly #rtpCipher: AesCounter;
  readonly #rtcpCipher: AesCounter;
  readonly #rtpMac: HmacSha1;
  readonly #rtcpMac: HmacSha1;

  constructor(
    masterKey: Uint8Array,
    masterSalt: Uint8Array,
    readonly rtpTagLength: number,
  ) {
    // … but baresip and linphone give it that of their RTP packets.
    this.rtcpTagLengths =
      rtpTagLength === RTCP_TAG_LENGTH ? [RTCP_TAG_LENGTH] : [RTCP_TAG_LENGTH, rtpTagLength];
    const derive = (label: number, length: number) => deriveKey(masterKey, masterSalt, label, length);
    const keyLength = masterKey.length;
    this.#rtpCipher = new AesCounter(
      derive(KeyLabel.rtpEncryption, keyLength),
      derive(KeyLabel.rtpSalt, SALT_LENGTH),
      true,
    );
    this.#rtcpCipher = new AesCounter(
      derive(KeyLabel.rtcpEncryption, keyLength),
      derive(KeyLabel.rtcpSalt, SALT_LENGTH),
    );
    this.#rtpMac = new HmacSha1(derive(KeyLabel.rtpAuthentication, AUTHENTICATION_KEY_LENGTH));
    this.#rtcpMac = new HmacSha1(derive(KeyLabel.rtcpAuthentication, AUTHENTICATION_KEY_LENGTH));
  }

  sealRtp(data: Uint8Array, p: RtpPlace): void {
    this.#rtpCipher.apply(data, p.payload, p.end, p.ssrc, p.roc, p.sequence);
    this.#rtpMac.compute(data, p.start, p.end, p.roc);
    writeTag(data, p.tagAt, this.#rtpMac.digest, this.rtpTagLength);
  }

  openRtp(data: Uint8Array, p: RtpPlace): boolean {
    this.#rtpMac.compute(data, p.start, p.end, p.roc);
    if (!equalTags(this.#rtpMac.digest, data, p.tagAt, this.rtpTagLength)) return false;
    this.#rtpCipher.apply(data, p.payload, p.end, p.ssrc, p.roc, p.sequence);
    return true;
  }

  sealRtcp(data: Uint8Array, p: RtcpPlace): void {
    this.#rtcpCipher.apply(data, p.start + RTCP_CLEAR, p.end, p.ssrc, p.index >>> 16, p.index & 0xffff);
    this.#rtcpMac.compute(data, p.start, p.indexAt + 4, NO_TRAILER);
    writeTag(data, p.tagAt, this.#rtcpMac.digest, p.tagLength);
  }

  openRtcp(data: Uint8Array, p: RtcpPlace): boolean {
    this.#rtcpMac.compute(data, p.start, p.indexAt + 4, NO_TRAILER);
    if (!equalTags(this.#rtcpMac.digest, data, p.tagAt, p.tagLength)) return false;
    if (!p.encrypted) return true;
    this.#rtcpCipher.apply(data, p.start + RTCP_CLEAR, p.end, p.ssrc, p.index >>> 16, p.index & 0xffff);
    return true;
  }
}

function writeTag(data: Uint8Array, offset: number, digest: Uint8Array, length: number): void {
  for (let i = 0; i < length; i++) data[offset + i] = digest[i];
}
