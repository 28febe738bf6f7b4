import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pcma, pcmu } from '../../../src/codecs/g711/codec.js';
import {
  ALAW_TO_LINEAR,
  LINEAR_TO_ALAW,
  LINEAR_TO_ULAW,
  ULAW_TO_LINEAR,
} from '../../../src/codecs/g711/g711.js';
import { allCodecs, findCodec } from '../../../src/codecs/registry.js';
import { hasShared, sharedPath } from '../../support/shared.js';

function words(name: string): Int16Array {
  const bytes = readFileSync(sharedPath('vectors', 'g711', name));
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

describe.skipIf(!hasShared)('G.711 against the ITU-T STL vectors', () => {
  it.each([
    ['ulaw', ULAW_TO_LINEAR, LINEAR_TO_ULAW],
    ['alaw', ALAW_TO_LINEAR, LINEAR_TO_ALAW],
  ] as const)('%s tables are those of the standard', (law, decode, encode) => {
    expect(decode).toEqual(words(`${law}-decode-256.s16le`));
    const expected = readFileSync(sharedPath('vectors', 'g711', `${law}-encode-65536.stl.u8`));
    let different = 0;
    for (let sample = -32768; sample < 32768; sample++) {
      if (encode[sample & 0xffff] !== expected[sample + 32768]) different++;
    }
    expect(different).toBe(0);
  });

  it.each([
    ['u', LINEAR_TO_ULAW, ULAW_TO_LINEAR],
    ['a', LINEAR_TO_ALAW, ALAW_TO_LINEAR],
  ] as const)('the %s sweep decodes as published', (law, _encode, decode) => {
    const codes = words(`sweep-r.${law}`);
    const samples = words(`sweep-r.re${law}`);
    expect(codes.map((code) => decode[code & 0xff])).toEqual(samples);
  });
});

describe('PCMU and PCMA', () => {
  it.each([pcmu, pcma])('$info.name keeps a tone within the quantisation error', (codec) => {
    const pcm = Int16Array.from({ length: 160 }, (_, i) => Math.round(8000 * Math.sin(i / 5)));
    const bytes = new Uint8Array(160);
    const encoder = codec.createEncoder();
    expect(encoder.encode(pcm, 0, bytes, 0)).toBe(80);
    expect(encoder.encode(pcm, 80, bytes, 80)).toBe(80);
    const out = new Int16Array(160);
    expect(codec.createDecoder().decode(bytes, 0, 160, out, 0)).toBe(160);
    for (let i = 0; i < 160; i++) expect(Math.abs(out[i] - pcm[i])).toBeLessThanOrEqual(260);
  });

  it.each([pcmu, pcma])('$info.name re-encodes every code to itself', (codec) => {
    const table = codec === pcmu ? ULAW_TO_LINEAR : ALAW_TO_LINEAR;
    const encode = codec === pcmu ? LINEAR_TO_ULAW : LINEAR_TO_ALAW;
    for (let code = 0; code < 256; code++) {
      const again = encode[table[code] & 0xffff];
      // µ-law has two zeros.
      if (codec === pcmu && code === 0x7f) expect(again).toBe(0xff);
      else expect(again).toBe(code);
    }
  });

  it('never writes beyond the buffer it was given', () => {
    const out = new Int16Array(100);
    expect(pcmu.createDecoder().decode(new Uint8Array(500), 0, 500, out, 40)).toBe(60);
    expect(pcmu.createDecoder().decode(new Uint8Array(5), 3, 3, out, 0)).toBe(0);
  });
});

describe('codec registry', () => {
  it('finds codecs by name and clock rate, whatever the case', () => {
    expect(findCodec('pcmu', 8000)).toBe(pcmu);
    expect(findCodec('PCMA', 8000)).toBe(pcma);
    expect(findCodec('PCMA', 16000)).toBeUndefined();
    expect(allCodecs()[0]).toBe(pcmu);
  });
});
