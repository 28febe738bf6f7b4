/**
 * Comfort noise by RFC 3389: a level and reflection coefficients describe the background; the receiver makes noise of
 * that level and colour. Used by the media graph for discontinuous transmission; not a codec of its own.
 */

/** Model order sent; a receiver takes any (RFC 3389 §3). */
const SEND_ORDER = 8;
const MAX_ORDER = 20;
const MAX_LEVEL = 127;
/** Reserved index (RFC 3389 §3.2). */
const RESERVED_INDEX = 255;

/** k = 258 (N - 127) / 32768, RFC 3389 §3.2. */
function coefficientOf(index: number): number {
  return index === RESERVED_INDEX ? 0 : (258 * (index - 127)) / 32768;
}

function indexOf(coefficient: number): number {
  return Math.max(0, Math.min(254, Math.round((coefficient * 32768) / 258) + 127));
}

/** Describes background noise. Feed it the frames that are not sent; it averages over about the last 200 ms. */
export class ComfortNoiseEncoder {
  static readonly maxBytes = SEND_ORDER + 1;
  readonly #autocorrelation = new Float64Array(SEND_ORDER + 1);
  readonly #predictor = new Float64Array(SEND_ORDER + 1);
  readonly #previous = new Float64Array(SEND_ORDER + 1);
  #frames = 0;

  reset(): void {
    this.#autocorrelation.fill(0);
    this.#frames = 0;
  }

  analyse(pcm: Int16Array, offset: number, count: number): void {
    if (count <= SEND_ORDER) return;
    const share = this.#frames++ < 10 ? 1 / this.#frames : 0.1;
    const end = offset + count;
    for (let lag = 0; lag <= SEND_ORDER; lag++) {
      let sum = 0;
      for (let i = offset + lag; i < end; i++) sum += pcm[i] * pcm[i - lag];
      this.#autocorrelation[lag] += (sum / count - this.#autocorrelation[lag]) * share;
    }
  }

  /** Level of the background in dBov. */
  get level(): number {
    const power = this.#autocorrelation[0] / (32768 * 32768);
    return power <= 0 ? -MAX_LEVEL : Math.max(-MAX_LEVEL, Math.min(0, 10 * Math.log10(power)));
  }

  /** Writes the payload. @returns its length */
  write(out: Uint8Array, offset: number): number {
    out[offset] = Math.round(-this.level);
    const r = this.#autocorrelation;
    const a = this.#predictor;
    const old = this.#previous;
    // A little white noise keeps the recursion stable for pure tones and silence.
    let error = r[0] * 1.0001 + 1;
    a.fill(0);
    // Levinson-Durbin; A(z) = 1 + Σ a_i z^-i, so that a low-pass noise has a negative first coefficient.
    for (let m = 1; m <= SEND_ORDER; m++) {
      let sum = r[m];
      for (let i = 1; i < m; i++) sum += a[i] * r[m - i];
      const k = Math.max(-0.99, Math.min(0.99, -sum / error));
      old.set(a);
      for (let i = 1; i < m; i++) a[i] = old[i] + k * old[m - i];
      a[m] = k;
      error *= 1 - k * k;
      out[offset + m] = indexOf(k);
    }
    return SEND_ORDER + 1;
  }
}

/** Makes noise as the last payload described it; silent before the first one. */
export class ComfortNoiseDecoder {
  readonly #reflection = new Float64Array(MAX_ORDER);
  /** What the lattice moves towards, so that updates do not click. */
  readonly #target = new Float64Array(MAX_ORDER);
  readonly #backward = new Float64Array(MAX_ORDER + 1);
  #order = 0;
  #gain = 0;
  #targetGain = 0;
  #seed = 0x2545f491;

  /** Takes a payload; bytes beyond the highest order used are ignored (RFC 3389 §3). */
  update(data: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    const order = Math.min(MAX_ORDER, end - start - 1);
    let residual = 1;
    for (let i = 0; i < MAX_ORDER; i++) {
      const k = i < order ? coefficientOf(data[start + 1 + i]) : 0;
      this.#target[i] = k;
      residual *= 1 - k * k;
    }
    this.#order = Math.max(this.#order, order);
    const level = data[start] & 0x7f;
    // Uniform noise in ±1 has a mean square of 1/3.
    this.#targetGain = level === MAX_LEVEL ? 0 : 32768 * 10 ** (-level / 20) * Math.sqrt(3 * residual);
  }

  reset(): void {
    this.#backward.fill(0);
    this.#gain = 0;
    this.#targetGain = 0;
    this.#order = 0;
  }

  generate(out: Int16Array, offset: number, count: number): void {
    const k = this.#reflection;
    const b = this.#backward;
    for (let i = 0; i < this.#order; i++)
      k[i] = this.#gain === 0 ? this.#target[i] : (k[i] + this.#target[i]) / 2;
    this.#gain = this.#gain === 0 ? this.#targetGain : (this.#gain + this.#targetGain) / 2;
    for (let n = 0; n < count; n++) {
      this.#seed ^= this.#seed << 13;
      this.#seed ^= this.#seed >>> 17;
      this.#seed ^= this.#seed << 5;
      let forward = (this.#seed / 0x80000000) * this.#gain;
      // All-pole lattice: stable as long as every |k| < 1, also between two updates.
      for (let m = this.#order - 1; m >= 0; m--) {
        forward -= k[m] * b[m];
        b[m + 1] = b[m] + k[m] * forward;
      }
      b[0] = forward;
      out[offset + n] = Math.max(-32768, Math.min(32767, Math.round(forward)));
    }
  }
}
