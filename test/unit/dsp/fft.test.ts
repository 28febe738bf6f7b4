import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/random.js';
import { RealFft } from '../../../src/dsp/fft.js';

describe('real FFT', () => {
  it.each([4, 8, 16, 64, 256])('%i points: as the definition says, and back', (size) => {
    const random = new SeededRandom(size);
    const x = Float64Array.from({ length: size }, () => random.float() - 0.5);
    const fft = new RealFft(size);
    fft.forward(x);
    for (let k = 0; k <= size / 2; k++) {
      let re = 0;
      let im = 0;
      for (let n = 0; n < size; n++) {
        re += x[n] * Math.cos((2 * Math.PI * k * n) / size);
        im -= x[n] * Math.sin((2 * Math.PI * k * n) / size);
      }
      expect(fft.re[k]).toBeCloseTo(re, 10);
      expect(fft.im[k]).toBeCloseTo(im, 10);
    }
    const back = new Float64Array(size);
    fft.inverse(back);
    for (let n = 0; n < size; n++) expect(back[n]).toBeCloseTo(x[n], 12);
  });

  it('refuses other lengths', () => {
    for (const size of [0, 2, 3, 100, 65536]) expect(() => new RealFft(size)).toThrow(RangeError);
  });
});
