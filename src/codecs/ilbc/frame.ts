/**
 * The bitstream of iLBC (RFC 3951 §3.8, table 3.2): a frame's parameters, and their bits sorted into three classes of
 * sensitivity. Encoder and decoder share one `FrameParameters` each; nothing is validated here but the empty indicator.
 */
import { type IlbcMode, LSF_SPLITS, STAGES } from './mode.js';

const LSF_BITS = [
  [6, 0, 0],
  [7, 0, 0],
  [7, 0, 0],
];
const POSITION_BITS = [1, 0, 0];
const SCALE_BITS = [6, 0, 0];
const SAMPLE_BITS = [0, 1, 2];
const CLASSES = 3;

/** Codebook indices of the first sub-block's later stages skip sections that are not searched (§3.6.4.1). */
const SKIP_FROM = 44;
const FIRST_SKIPPED = 64;
const SECOND_SKIPPED = 128;
const FILTERED_FROM = 108;

export class FrameParameters {
  /** All parameters in the order of the bitstream. */
  readonly values: Int32Array;
  /** Where each kind of parameter begins in `values`. */
  readonly lsf = 0;
  readonly start: number;
  readonly position: number;
  readonly scale: number;
  readonly samples: number;
  readonly extraIndex: number;
  readonly extraGain: number;
  readonly index: number;
  readonly gain: number;
  readonly #mode: IlbcMode;
  /** Bits of each parameter in each class, class by class. */
  readonly #widths: Uint8Array;

  constructor(mode: IlbcMode) {
    this.#mode = mode;
    const widths: (readonly number[])[] = [];
    for (let i = 0; i < mode.lsfSets; i++) widths.push(...LSF_BITS);
    this.start = widths.push(mode.startBits) - 1;
    this.position = widths.push(POSITION_BITS) - 1;
    this.scale = widths.push(SCALE_BITS) - 1;
    this.samples = widths.length;
    for (let i = 0; i < mode.stateSamples; i++) widths.push(SAMPLE_BITS);
    this.extraIndex = widths.length;
    this.extraGain = widths.push(...mode.extraIndexBits);
    this.index = widths.push(...mode.extraGainBits);
    this.gain = widths.push(...mode.indexBits);
    widths.push(...mode.gainBits);
    this.values = new Int32Array(widths.length);
    this.#widths = new Uint8Array(CLASSES * widths.length);
    widths.forEach((bits, i) => {
      bits.forEach((width, j) => {
        this.#widths[j * widths.length + i] = width;
      });
    });
  }

  /** Index of a set of line spectral frequencies' first split. */
  lsfSet(set: number): number {
    return this.lsf + set * LSF_SPLITS;
  }

  pack(out: Uint8Array, outOffset: number): void {
    const { values } = this;
    this.#closeGaps();
    const count = values.length;
    let bits = 0;
    let held = 0;
    for (let c = 0; c < CLASSES; c++) {
      for (let i = 0; i < count; i++) {
        const width = this.#widths[c * count + i];
        if (width === 0) continue;
        bits = (bits << width) | ((values[i] >> this.#lowerBits(c, i)) & ((1 << width) - 1));
        held += width;
        while (held >= 8) {
          held -= 8;
          out[outOffset++] = bits >> held;
        }
        bits &= (1 << held) - 1;
      }
    }
    // The last bit, 0, says that the frame is not empty.
    out[outOffset] = bits << (8 - held);
  }

  /** @returns false for a frame that says it is empty, or whose start state lies nowhere */
  unpack(data: Uint8Array, start: number): boolean {
    const values = this.values.fill(0);
    const count = values.length;
    let at = start;
    let bits = 0;
    let held = 0;
    for (let c = 0; c < CLASSES; c++) {
      for (let i = 0; i < count; i++) {
        const width = this.#widths[c * count + i];
        if (width === 0) continue;
        if (held < width) {
          bits = ((bits << 8) | data[at++]) & 0xffff;
          held += 8;
        }
        held -= width;
        values[i] = (values[i] << width) | ((bits >> held) & ((1 << width) - 1));
      }
    }
    this.#openGaps();
    const empty = data[start + this.#mode.frameBytes - 1] & 1;
    return empty === 0 && values[this.start] >= 1 && values[this.start] < this.#mode.subblocks;
  }

  /** Bits of parameter `i` in the classes after `c`. */
  #lowerBits(c: number, i: number): number {
    let sum = 0;
    for (let later = c + 1; later < CLASSES; later++) sum += this.#widths[later * this.values.length + i];
    return sum;
  }

  #closeGaps(): void {
    for (let i = this.index + 1; i < this.index + STAGES; i++) {
      const value = this.values[i];
      if (value >= SECOND_SKIPPED + FILTERED_FROM) this.values[i] = value - SECOND_SKIPPED;
      else if (value >= FILTERED_FROM) this.values[i] = value - FIRST_SKIPPED;
    }
  }

  #openGaps(): void {
    for (let i = this.index + 1; i < this.index + STAGES; i++) {
      const value = this.values[i];
      if (value >= FILTERED_FROM) this.values[i] = value + SECOND_SKIPPED;
      else if (value >= SKIP_FROM) this.values[i] = value + FIRST_SKIPPED;
    }
  }
}
