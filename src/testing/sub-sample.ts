/**
 * Shifts by parts of a sample, for the audio comparison: a resampler on the way moves a signal by a fraction, which at
 * 8 kHz costs high voices more correlation than a codec does.
 */

/** Samples to each side that make one in between. */
const REACH = 16;
/** Fractions tried around the one the neighbouring samples hint at. */
const STEPS = [0, -0.125, 0.125];

export interface Shifted {
  samples: Float64Array;
  product: number;
  energy: number;
}

/**
 * The stretch of `signal` that begins at `from`, moved by the part of a sample with which it resembles `reference` most.
 * @param reference as long as the stretch
 */
export function alignWithinSample(reference: Int16Array, signal: Int16Array, from: number): Shifted {
  const whole = shifted(reference, signal, from, 0);
  const earlier = productAt(reference, signal, from - 1);
  const later = productAt(reference, signal, from + 1);
  const curvature = earlier - 2 * whole.product + later;
  if (whole.energy === 0 || curvature >= 0) return whole;
  // The vertex of the parabola through three neighbours.
  const hint = Math.max(-0.5, Math.min(0.5, (0.5 * (earlier - later)) / curvature));
  let best = whole;
  for (const step of STEPS) {
    const other = shifted(reference, signal, from, hint + step);
    if (other.product / Math.sqrt(other.energy) > best.product / Math.sqrt(best.energy)) best = other;
  }
  return best;
}

function shifted(reference: Int16Array, signal: Int16Array, from: number, fraction: number): Shifted {
  const kernel = kernelFor(fraction);
  const reach = (kernel.length - 1) / 2;
  const samples = new Float64Array(reference.length);
  let product = 0;
  let energy = 0;
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) sum += kernel[k] * (signal[from + i + k - reach] ?? 0);
    samples[i] = sum;
    product += sum * reference[i];
    energy += sum * sum;
  }
  return { samples, product, energy };
}

function productAt(reference: Int16Array, signal: Int16Array, from: number): number {
  let product = 0;
  for (let i = 0; i < reference.length; i++) product += reference[i] * (signal[from + i] ?? 0);
  return product;
}

/** A windowed sinc that reads the signal `fraction` of a sample later; nothing to do for 0. */
function kernelFor(fraction: number): Float64Array {
  if (fraction === 0) return Float64Array.of(1);
  return Float64Array.from({ length: 2 * REACH + 1 }, (_, k) => {
    const x = k - REACH - fraction;
    const window = Math.abs(x) > REACH ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * x) / REACH);
    return (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
}
