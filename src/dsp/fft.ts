/** Fast Fourier transform of real signals, in place and without allocation: for noise suppression and tone detection. */

export class RealFft {
  readonly size: number;
  /** The spectrum: bins 0 to size/2. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly #half: number;
  readonly #reversed: Uint16Array;
  /** cos and sin of 2πk/size. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** @param size power of two, 4 to 32768 */
  constructor(size: number) {
    if (size < 4 || size > 32768 || (size & (size - 1)) !== 0)
      throw new RangeError(`no FFT of ${size} points`);
    this.size = size;
    this.#half = size / 2;
    this.re = new Float64Array(this.#half + 1);
    this.im = new Float64Array(this.#half + 1);
    this.#cos = Float64Array.from({ length: this.#half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: this.#half }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    const bits = Math.log2(this.#half);
    this.#reversed = Uint16Array.from({ length: this.#half }, (_, i) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit++) reversed |= ((i >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
  }

  /** Transforms {@link size} samples into {@link re} and {@link im}. */
  forward(x: Float64Array): void {
    const { re, im } = this;
    const half = this.#half;
    // Even samples as real, odd samples as imaginary part of a transform of half the length.
    for (let i = 0; i < half; i++) {
      const to = this.#reversed[i];
      re[to] = x[2 * i];
      im[to] = x[2 * i + 1];
    }
    this.#transform();
    const first = re[0];
    re[0] = first + im[0];
    re[half] = first - im[0];
    im[0] = 0;
    im[half] = 0;
    for (let k = 1; k <= half / 2; k++) {
      const other = half - k;
      const evenRe = (re[k] + re[other]) / 2;
      const evenIm = (im[k] - im[other]) / 2;
      const oddRe = (im[k] + im[other]) / 2;
      const oddIm = (re[other] - re[k]) / 2;
      const c = this.#cos[k];
      const s = this.#sin[k];
      const turnedRe = oddRe * c + oddIm * s;
      const turnedIm = oddIm * c - oddRe * s;
      re[k] = evenRe + turnedRe;
      im[k] = evenIm + turnedIm;
      re[other] = evenRe - turnedRe;
      im[other] = turnedIm - evenIm;
    }
  }

  /** Transforms {@link re} and {@link im} back into {@link size} samples; the spectrum is used up. */
  inverse(x: Float64Array): void {
    const { re, im } = this;
    const half = this.#half;
    const first = re[0];
    re[0] = (first + re[half]) / 2;
    im[0] = -(first - re[half]) / 2;
    for (let k = 1; k <= half / 2; k++) {
      const other = half - k;
      const evenRe = (re[k] + re[other]) / 2;
      const evenIm = (im[k] - im[other]) / 2;
      const turnedRe = (re[k] - re[other]) / 2;
      const turnedIm = (im[k] + im[other]) / 2;
      const c = this.#cos[k];
      const s = this.#sin[k];
      const oddRe = turnedRe * c - turnedIm * s;
      const oddIm = turnedRe * s + turnedIm * c;
      // Conjugated, so that the forward transform goes back.
      re[k] = evenRe - oddIm;
      im[k] = -(evenIm + oddRe);
      re[other] = evenRe + oddIm;
      im[other] = evenIm - oddRe;
    }
    for (let i = 0; i < half; i++) {
      const j = this.#reversed[i];
      if (j <= i) continue;
      let swap = re[i];
      re[i] = re[j];
      re[j] = swap;
      swap = im[i];
      im[i] = im[j];
      im[j] = swap;
    }
    this.#transform();
    const scale = 1 / half;
    for (let i = 0; i < half; i++) {
      x[2 * i] = re[i] * scale;
      x[2 * i + 1] = -im[i] * scale;
    }
  }

  /** Complex transform of half the length, decimation in time, input in reversed order. */
  #transform(): void {
    const { re, im } = this;
    const half = this.#half;
    const cos = this.#cos;
    const sin = this.#sin;
    for (let span = 1; span < half; span <<= 1) {
      // Angles of this stage: multiples of π/span, which is size/(2·span) steps of the table.
      const stride = half / span;
      for (let start = 0; start < half; start += span << 1) {
        for (let k = 0, angle = 0; k < span; k++, angle += stride) {
          const a = start + k;
          const b = a + span;
          const c = cos[angle];
          const s = sin[angle];
          const tr = re[b] * c + im[b] * s;
          const ti = im[b] * c - re[b] * s;
          re[b] = re[a] - tr;
          im[b] = im[a] - ti;
          re[a] += tr;
          im[a] += ti;
        }
      }
    }
  }
}
