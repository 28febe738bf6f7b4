/**
 * The resampler's inner loop in WebAssembly: a bank of FIR filters on 16-bit samples, eight taps at a time, with the
 * sums in 32 bit. One kernel per filter bank, shared by all streams of the thread that use the bank; nothing stays in
 * it between calls but the coefficients.
 */
import { FIR_GUARD_BITS, FIR_KERNEL } from './fir-kernel-wasm.js';

/** Taps are a multiple of this. */
export const FIR_TAP_STEP = 8;

const PAGE = 65_536;
/** Partial sums a filter is added up in. */
const LANES = 4;
/** Bits behind the point of the coefficients: no more than keep every sum within 32 bit. */
const MAX_FRACTION_BITS = 20;

type Fir = (
  window: number,
  coefficients: number,
  out: number,
  end: number,
  taps: number,
  phase: number,
  phaseStep: number,
  phases: number,
  advance: number,
  half: number,
  shift: number,
) => void;

/** What is used of WebAssembly: its types come with those of browsers only, which have no place here. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, object>>,
  ) => { exports: { fir: Fir } };
};

let compiled: object | undefined;

export class FirKernel {
  /** What is to be filtered, oldest sample first. */
  readonly window: Int16Array;
  /** What {@link run} gave. */
  readonly out: Int16Array;
  readonly #fir: Fir;
  readonly #outAt: number;
  readonly #coefficientsAt: number;
  readonly #tapBytes: number;
  readonly #phaseStep: number;
  readonly #phases: number;
  readonly #advance: number;
  readonly #shift: number;

  /**
   * @param coefficients `up` filters of `taps` each in the order of the window, each with a sum of 1
   */
  constructor(
    coefficients: Float64Array,
    taps: number,
    up: number,
    down: number,
    windowSamples: number,
    outSamples: number,
  ) {
    const coefficientBytes = coefficients.length * 2;
    this.#coefficientsAt = 0;
    const windowAt = coefficientBytes;
    this.#outAt = windowAt + windowSamples * 2;
    const bytes = this.#outAt + outSamples * 2;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    compiled ??= new WebAssembly.Module(Uint8Array.from(FIR_KERNEL));
    const instance = new WebAssembly.Instance(compiled, { host: { memory } });
    this.#fir = instance.exports.fir;
    const bits = fractionBits(coefficients, taps);
    this.#shift = bits - FIR_GUARD_BITS;
    quantize(coefficients, taps, bits, new Int16Array(memory.buffer, 0, coefficients.length));
    this.window = new Int16Array(memory.buffer, windowAt, windowSamples);
    this.out = new Int16Array(memory.buffer, this.#outAt, outSamples);
    this.#tapBytes = taps * 2;
    this.#phaseStep = (down % up) * this.#tapBytes;
    this.#phases = up * this.#tapBytes;
    this.#advance = Math.floor(down / up) * 2;
  }

  /**
   * Makes `count` samples in {@link out}.
   * @param first index in {@link window} of the oldest sample of the first output
   * @param phase filter of the first output; it grows by `down` modulo `up`
   */
  run(first: number, phase: number, count: number): void {
    if (count <= 0) return;
    this.#fir(
      this.window.byteOffset + first * 2,
      this.#coefficientsAt,
      this.#outAt,
      this.#outAt + count * 2,
      this.#tapBytes,
      phase * this.#tapBytes,
      this.#phaseStep,
      this.#phases,
      this.#advance,
      1 << (this.#shift - 1),
      this.#shift,
    );
  }
}

/** The most bits with which no coefficient, no partial and no whole sum can overflow, whatever the samples are. */
function fractionBits(coefficients: Float64Array, taps: number): number {
  let largest = 0;
  let largestLane = 0;
  let largestSum = 0;
  const lanes = new Float64Array(LANES);
  for (let at = 0; at < coefficients.length; at += taps) {
    lanes.fill(0);
    for (let i = 0; i < taps; i++) {
      const size = Math.abs(coefficients[at + i]);
      largest = Math.max(largest, size);
      lanes[(i >> 1) % LANES] += size;
    }
    largestLane = Math.max(largestLane, ...lanes);
    largestSum = Math.max(
      largestSum,
      lanes.reduce((sum, lane) => sum + lane, 0),
    );
  }
  // A percent of room for rounding. A sample is at most 2^15.
  const least =
    Math.max(largest * 2 ** -15, largestLane * 2 ** -16, largestSum * 2 ** -(16 + FIR_GUARD_BITS)) * 1.01;
  return Math.min(MAX_FRACTION_BITS, Math.floor(-Math.log2(least)));
}

/** Rounds to fixed point; what rounding adds to the sum of a filter goes into its largest tap. */
function quantize(coefficients: Float64Array, taps: number, bits: number, out: Int16Array): void {
  const one = 2 ** bits;
  for (let at = 0; at < coefficients.length; at += taps) {
    let rest = one;
    let largest = at;
    for (let i = at; i < at + taps; i++) {
      out[i] = Math.round(coefficients[i] * one);
      rest -= out[i];
      if (Math.abs(out[i]) > Math.abs(out[largest])) largest = i;
    }
    out[largest] += rest;
  }
}
