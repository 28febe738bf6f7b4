import { describe, expect, it } from 'vitest';
import { differences, vectorWords } from '../support/codecs.js';
import {
  ANNEX_A_DECODER,
  ANNEX_A_ENCODER,
  ANNEX_B_DECODER,
  ANNEX_B_ENCODER,
  decodeSerial,
  serialFrames,
  wrongFrames,
} from '../support/g729-vectors.js';
import { hasShared } from '../support/shared.js';

describe.skipIf(!hasShared)('G.729 against the whole of the ITU-T vectors', () => {
  it.each([
    ...ANNEX_A_ENCODER.map(([input, output]) => [input, output, 'no']),
    ...ANNEX_B_ENCODER.map(([input, output]) => [input, output, 'yes']),
  ])('encodes %s to %s bit for bit (annexb=%s)', (input, output, annexb) => {
    expect(wrongFrames(vectorWords('g729', input), serialFrames(output), annexb)).toBe(0);
  });

  it.each([...ANNEX_A_DECODER, ...ANNEX_B_DECODER])('decodes %s to %s sample for sample', (input, output) => {
    expect(differences(decodeSerial(serialFrames(input)), vectorWords('g729', output))).toBe(0);
  });
});
