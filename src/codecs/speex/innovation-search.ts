/**
 * The search for innovation vectors in a Speex encoder: one after the other, keeping the few best ways so far, because a
 * vector rings on into the ones after it.
 */
import type { BitWriter } from './bits.js';
import type { InnovationShape } from './submodes.js';

/** Ways that are followed. */
const SURVIVORS = 3;
const MOST_SAMPLES = 40;
const MOST_VECTORS = 256;
const MOST_PLACES = 8;

export class InnovationSearch {
  /** Filtered beginnings of the vectors, and half their energies. */
  readonly #filtered = new Float64Array(MOST_VECTORS * 8);
  readonly #halfEnergies = new Float64Array(MOST_VECTORS);
  readonly #products = new Float64Array(MOST_VECTORS);
  /** Targets, chosen vectors and errors of the ways, those at hand and those being made. */
  #targets = ways(MOST_SAMPLES);
  #freshTargets = ways(MOST_SAMPLES);
  #chosen = indices();
  #freshChosen = indices();
  #errors = new Float64Array(SURVIVORS);
  #freshErrors = new Float64Array(SURVIVORS);
  readonly #parents = new Int32Array(SURVIVORS);
  readonly #picks = new Int32Array(SURVIVORS);

  /**
   * @param target weighted, in units of the innovation's level; what is left of it afterwards
   * @param out receives the innovation, in the same units
   */
  search(
    bits: BitWriter,
    shape: InnovationShape,
    target: Float64Array,
    response: Float64Array,
    out: Float64Array,
  ): void {
    const { length } = shape;
    const places = MOST_SAMPLES / length;
    this.#filterVectors(shape, response);
    this.#targets[0].set(target);
    this.#errors[0] = 0;
    let count = 1;
    for (let place = 0; place < places; place++) {
      count = this.#pick(shape, place, count);
      for (let way = 0; way < count; way++) this.#extend(shape, response, place, way);
      this.#turnOver();
    }
    const vectors = 1 << shape.bits;
    for (let place = 0; place < places; place++) {
      const pick = this.#chosen[0][place];
      bits.write(pick, shape.bits + (shape.signed ? 1 : 0));
      const negative = pick >= vectors;
      const at = (pick - (negative ? vectors : 0)) * length;
      const sign = negative ? -1 : 1;
      for (let i = 0; i < length; i++) out[place * length + i] = sign * shape.vectors[at + i];
    }
    target.set(this.#targets[0]);
  }

  /** What was made is at hand now. */
  #turnOver(): void {
    const targets = this.#targets;
    this.#targets = this.#freshTargets;
    this.#freshTargets = targets;
    const chosen = this.#chosen;
    this.#chosen = this.#freshChosen;
    this.#freshChosen = chosen;
    const errors = this.#errors;
    this.#errors = this.#freshErrors;
    this.#freshErrors = errors;
  }

  #filterVectors(shape: InnovationShape, response: Float64Array): void {
    const { vectors, length } = shape;
    const filtered = this.#filtered;
    for (let v = 0, at = 0; at < vectors.length; v++, at += length) {
      let energy = 0;
      for (let n = 0; n < length; n++) {
        let sum = 0;
        for (let k = 0; k <= n; k++) sum += vectors[at + k] * response[n - k];
        filtered[at + n] = sum;
        energy += sum * sum;
      }
      this.#halfEnergies[v] = 0.5 * energy;
    }
  }

  /** Finds the best continuations of the ways so far. @returns how many there are */
  #pick(shape: InnovationShape, place: number, count: number): number {
    const { length, signed } = shape;
    const from = place * length;
    const vectors = 1 << shape.bits;
    const errors = this.#freshErrors;
    const products = this.#products;
    const halfEnergies = this.#halfEnergies;
    errors.fill(Number.POSITIVE_INFINITY);
    for (let way = 0; way < count; way++) {
      const target = this.#targets[way];
      let base = this.#errors[way];
      for (let i = from; i < from + length; i++) base += 0.5 * target[i] * target[i];
      correlate(target, from, this.#filtered, length, vectors, products);
      let limit = errors[SURVIVORS - 1] - base;
      for (let v = 0; v < vectors; v++) {
        const product = products[v];
        const merit = signed ? Math.abs(product) : product;
        const error = halfEnergies[v] - merit;
        if (error >= limit) continue;
        this.#insert(base + error, way, product === merit ? v : v + vectors);
        limit = errors[SURVIVORS - 1] - base;
      }
    }
    return errors[SURVIVORS - 1] === Number.POSITIVE_INFINITY ? 1 : SURVIVORS;
  }

  #insert(error: number, parent: number, pick: number): void {
    let rank = SURVIVORS - 1;
    for (; rank > 0 && error < this.#freshErrors[rank - 1]; rank--) {
      this.#freshErrors[rank] = this.#freshErrors[rank - 1];
      this.#parents[rank] = this.#parents[rank - 1];
      this.#picks[rank] = this.#picks[rank - 1];
    }
    this.#freshErrors[rank] = error;
    this.#parents[rank] = parent;
    this.#picks[rank] = pick;
  }

  /** Makes a way of a parent and the vector that was picked: subtracts what that contributes from there on. */
  #extend(shape: InnovationShape, response: Float64Array, place: number, way: number): void {
    const { length } = shape;
    const from = place * length;
    const vectors = 1 << shape.bits;
    const target = this.#freshTargets[way];
    target.set(this.#targets[this.#parents[way]]);
    this.#freshChosen[way].set(this.#chosen[this.#parents[way]]);
    const pick = this.#picks[way];
    this.#freshChosen[way][place] = pick;
    const negative = pick >= vectors;
    const at = (pick - (negative ? vectors : 0)) * length;
    const sign = negative ? -1 : 1;
    for (let k = 0; k < length; k++) {
      const sample = sign * shape.vectors[at + k];
      for (let n = from + k; n < MOST_SAMPLES; n++) target[n] -= sample * response[n - from - k];
    }
  }
}

/** The scalar products of a stretch of the target with all vectors; unrolled for the lengths that matter. */
function correlate(
  target: Float64Array,
  from: number,
  filtered: Float64Array,
  length: number,
  vectors: number,
  products: Float64Array,
): void {
  const t0 = target[from];
  const t1 = target[from + 1];
  const t2 = target[from + 2];
  const t3 = target[from + 3];
  const t4 = target[from + 4];
  if (length === 5) {
    for (let v = 0, at = 0; v < vectors; v++, at += 5)
      products[v] =
        t0 * filtered[at] +
        t1 * filtered[at + 1] +
        t2 * filtered[at + 2] +
        t3 * filtered[at + 3] +
        t4 * filtered[at + 4];
  } else if (length === 8) {
    const t5 = target[from + 5];
    const t6 = target[from + 6];
    const t7 = target[from + 7];
    for (let v = 0, at = 0; v < vectors; v++, at += 8)
      products[v] =
        t0 * filtered[at] +
        t1 * filtered[at + 1] +
        t2 * filtered[at + 2] +
        t3 * filtered[at + 3] +
        t4 * filtered[at + 4] +
        t5 * filtered[at + 5] +
        t6 * filtered[at + 6] +
        t7 * filtered[at + 7];
  } else
    for (let v = 0, at = 0; v < vectors; v++) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += target[from + i] * filtered[at++];
      products[v] = sum;
    }
}

function ways(length: number): Float64Array[] {
  return Array.from({ length: SURVIVORS }, () => new Float64Array(length));
}

function indices(): Int32Array[] {
  return Array.from({ length: SURVIVORS }, () => new Int32Array(MOST_PLACES));
}
