/**
 * SRTP and SRTCP of one session (RFC 3711), keyed by what the SDP negotiated (RFC 4568). Made by the media engine and
 * given to {@link RtpSession.protect}; told of new keys by {@link Srtp.rekey}. Everything happens in place; a packet
 * that fails changes no state.
 */
import { NOT_AUTHENTIC, type PacketProtection } from '../protection.js';
import { SrtpReceiver } from './receiver.js';
import { SrtpSender } from './sender.js';
import type { SrtpSuite } from './suite-names.js';
import { type SrtpKey, sameKey } from './suites.js';

export interface SrtpOptions {
  suite: SrtpSuite;
  /** Protects what we send. */
  send: SrtpKey;
  /** Of the peer; several only with MKIs, all of one length. */
  receive: ReadonlyArray<SrtpKey>;
}

export class Srtp implements PacketProtection {
  #sender: SrtpSender;
  #receiver: SrtpReceiver;
  /** The peer's keys before the last change: what is on its way under them still counts. */
  #former: SrtpReceiver | undefined;

  /** @throws SwitchhookError ERR_INVALID_ARGUMENT for a key of the wrong length or keys that MKIs cannot tell apart */
  constructor({ suite, send, receive }: SrtpOptions) {
    this.#sender = new SrtpSender(suite, send);
    this.#receiver = new SrtpReceiver(suite, receive);
  }

  get suite(): SrtpSuite {
    return this.#sender.suite;
  }

  get expiring(): boolean {
    return this.#sender.expiring;
  }

  get overhead(): number {
    return this.#sender.overhead;
  }

  /**
   * Takes the outcome of another exchange, each direction by itself: under the same key it goes on, roll-over counter
   * and replay window kept; a new key means a new context with ROC 0 (RFC 4568 §7.1.4). The peer's former keys are
   * taken until the first RTP packet under the new ones (RFC 3264 §8: both must be understood for a while).
   * @returns whether anything has changed
   * @throws as the constructor; nothing has changed then
   */
  rekey({ suite, send, receive }: SrtpOptions): boolean {
    const sender = this.#sender;
    const receiver = this.#receiver;
    const sendKept = sender.suite === suite && sameKey(sender.key, send);
    const receiveKept =
      receiver.suite === suite &&
      receiver.keys.length === receive.length &&
      receiver.keys.every((key, i) => sameKey(key, receive[i]));
    const nextReceiver = receiveKept ? receiver : new SrtpReceiver(suite, receive);
    if (!sendKept) this.#sender = new SrtpSender(suite, send);
    if (receiveKept) return !sendKept;
    this.#former = receiver;
    this.#receiver = nextReceiver;
    return true;
  }

  protectRtp(data: Uint8Array, start: number, length: number): number {
    return this.#sender.protectRtp(data, start, length);
  }

  protectRtcp(data: Uint8Array, start: number, length: number): number {
    return this.#sender.protectRtcp(data, start, length);
  }

  unprotectRtp(data: Uint8Array, start: number, length: number): number {
    const opened = this.#receiver.unprotectRtp(data, start, length);
    if (this.#former === undefined) return opened;
    if (opened === NOT_AUTHENTIC) return this.#former.unprotectRtp(data, start, length);
    this.#former = undefined;
    return opened;
  }

  unprotectRtcp(data: Uint8Array, start: number, length: number): number {
    const receiver = this.#receiver;
    const opened = receiver.unprotectRtcp(data, start, length);
    if (opened >= 0) this.#sender.rtcpTagLength = receiver.rtcpTagLength;
    if (this.#former === undefined || opened !== NOT_AUTHENTIC) return opened;
    return this.#former.unprotectRtcp(data, start, length);
  }
}
