/**
 * Bursts and gaps of loss (RFC 3611 §4.7.2, algorithm of its appendix): a burst is a period in which fewer than
 * {@link GMIN} packets in a row arrive between two losses, a gap is what lies between bursts. The jitter buffer counts
 * into it, packet by packet; pure and allocation-free.
 */

/** RFC 3611 §4.7.2: the recommended value. */
export const GMIN = 16;

export interface BurstMetrics {
  /** Share of packets lost or late within bursts, 0–1. */
  burstDensity: number;
  /** The same within gaps. */
  gapDensity: number;
  /** Mean length of a burst, in packets; 0 without any. */
  burstPackets: number;
  /** Mean length of a gap, in packets; all that was expected without any burst. */
  gapPackets: number;
  /** Mean length of losses in a row over that of random loss (G.107 §7.5); 1 = random. */
  ratio: number;
}

export class BurstMeter {
  /** Packets received since the last one that was lost. */
  #run = 0;
  /** Packets lost in this burst. */
  #lost = 0;
  /** Transitions between: 1 received in a gap, 2 received in a burst, 3 lost in a burst, 4 lost in a gap. */
  #c11 = 0;
  #c13 = 0;
  #c14 = 0;
  #c22 = 0;
  #c23 = 0;
  #c33 = 0;

  received(): void {
    this.#run++;
  }

  /** @param packets lost one after the other, or discarded as late */
  lost(packets: number): void {
    for (let i = 0; i < packets; i++) this.#loseOne();
  }

  metrics(): BurstMetrics {
    const c11 = this.#c11 + this.#run;
    const { c31, c32 } = { c31: this.#c13, c32: this.#c23 };
    const total = c11 + this.#c14 + this.#c13 + this.#c22 + this.#c23 + c31 + c32 + this.#c33;
    const p32 = c32 === 0 ? 0 : c32 / (c31 + c32 + this.#c33);
    const received = this.#c22 + this.#c23;
    const p23 = received < 1 ? 1 : 1 - this.#c22 / received;
    const bursts = this.#c13;
    const inGaps = c11 + this.#c14;
    const gapPackets = bursts === 0 ? total : (c11 + this.#c14 + this.#c13) / bursts;
    return {
      burstDensity: bursts === 0 ? 0 : p23 / (p23 + p32),
      gapDensity: inGaps === 0 ? 0 : this.#c14 / inGaps,
      burstPackets: bursts === 0 ? 0 : total / bursts - gapPackets,
      gapPackets,
      ratio: this.#ratio(total),
    };
  }

  #ratio(total: number): number {
    const lost = this.#c13 + this.#c14 + this.#c23 + this.#c33;
    const runs = lost - this.#c33;
    return runs <= 0 ? 1 : Math.max(1, (lost / runs) * (1 - lost / total));
  }

  #loseOne(): void {
    if (this.#run >= GMIN) {
      if (this.#lost === 1) this.#c14++;
      else this.#c13++;
      this.#lost = 1;
      this.#c11 += this.#run;
    } else {
      this.#lost++;
      if (this.#run === 0) this.#c33++;
      else {
        this.#c23++;
        this.#c22 += this.#run - 1;
      }
    }
    this.#run = 0;
  }
}
