/**
 * What SRTP remembers of one SSRC in one direction: roll-over counter, SRTCP index, replay windows (RFC 3711 §3.2.1),
 * and the bounded collection of those of one master key. Pure.
 */
import { ReplayWindow } from './replay-window.js';

export const MAX_ROC = 0xffff_ffff;
const HALF_SEQUENCE = 0x8000;
/** Sources remembered per direction; a peer that changes SSRC more often loses the oldest. */
const MAX_STREAMS = 8;

export class Stream {
  roc = 0;
  /** Highest sequence number, -1 before the first (s_l of RFC 3711 §3.3.1). */
  sequence = -1;
  /** SRTCP index of the next packet sent. */
  rtcpIndex = 0;
  readonly rtp = new ReplayWindow();
  readonly rtcp = new ReplayWindow();

  /** The roll-over counter a packet most likely has (RFC 3711 Appendix A); -1 when it would precede the first. */
  guessRoc(sequence: number): number {
    if (this.sequence < 0) return 0;
    if (this.sequence < HALF_SEQUENCE)
      return sequence - this.sequence > HALF_SEQUENCE ? this.roc - 1 : this.roc;
    return this.sequence - HALF_SEQUENCE > sequence ? this.roc + 1 : this.roc;
  }

  advance(roc: number, sequence: number): void {
    if (this.sequence >= 0 && (roc < this.roc || (roc === this.roc && sequence <= this.sequence))) return;
    this.roc = roc;
    this.sequence = sequence;
  }
}

/** The streams of one master key by SSRC. */
export class Streams {
  readonly #bySsrc = new Map<number, Stream>();

  get(ssrc: number): Stream | undefined {
    return this.#bySsrc.get(ssrc);
  }

  add(ssrc: number, stream: Stream): Stream {
    if (this.#bySsrc.size >= MAX_STREAMS) {
      for (const oldest of this.#bySsrc.keys()) {
        this.#bySsrc.delete(oldest);
        break;
      }
    }
    this.#bySsrc.set(ssrc, stream);
    return stream;
  }
}
