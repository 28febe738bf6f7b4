/** Cross-correlation of whole signals by FFT, for the audio comparison. */

/**
 * `out[k] = Σ a[i] · b[i + k - (a.length - 1)]`: index `a.length - 1` is the shift 0, higher ones mean that `b` is late.
 */
export function crossCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const length = a.length + b.length - 1;
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, length)));
  // Two real signals in one complex transform: `a` reversed in the real part, `b` in the imaginary part.
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let i = 0; i < a.length; i++) re[a.length - 1 - i] = a[i];
  for (let i = 0; i < b.length; i++) im[i] = b[i];
  transform(re, im);
  // With Z = A + iB, the product is A·B = (Z(k)² - conj(Z(-k))²) / 4i.
  const productRe = new Float64Array(size);
  const productIm = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const m = (size - k) % size;
    const squareRe = re[k] * re[k] - im[k] * im[k] - (re[m] * re[m] - im[m] * im[m]);
    const squareIm = 2 * re[k] * im[k] + 2 * re[m] * im[m];
    productRe[k] = squareIm / 4;
    // Conjugated, so that the same transform goes back.
    productIm[k] = squareRe / 4;
  }
  transform(productRe, productIm);
  const out = new Float64Array(length);
  for (let k = 0; k < length; k++) out[k] = productRe[k] / size;
  return out;
}

/** In-place radix-2 FFT; the length is a power of two. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j], re[i]];
    [im[i], im[j]] = [im[j], im[i]];
  }
  for (let half = 1; half < size; half *= 2) {
    const cos = new Float64Array(half);
    const sin = new Float64Array(half);
    for (let k = 0; k < half; k++) {
      cos[k] = Math.cos((Math.PI * k) / half);
      sin[k] = -Math.sin((Math.PI * k) / half);
    }
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const i = start + k;
        const j = i + half;
        const x = re[j] * cos[k] - im[j] * sin[k];
        const y = re[j] * sin[k] + im[j] * cos[k];
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
}
