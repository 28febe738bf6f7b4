import { describe, expect, it } from 'vitest';
import { findCodec } from '../../../src/codecs/registry.js';

describe('a codec with large tables', () => {
  it.each([
    ['G729', 8000, 80],
    ['iLBC', 8000, 240],
    ['speex', 16_000, 320],
    ['G7221', 32_000, 640],
  ])('%s is known before it is loaded, and works from then on', async (name, clockRate, frameSamples) => {
    const codec = findCodec(name, clockRate);
    expect(codec?.info.frameSamples).toBe(frameSamples);
    expect(() => codec?.createEncoder()).toThrow(
      `the codec ${name} cannot be loaded: it is used before it is loaded`,
    );
    await Promise.all([codec?.load?.(), codec?.load?.()]);
    expect(codec?.load).toBeUndefined();
    const bytes = new Uint8Array(200);
    const length = codec?.createEncoder().encode(new Int16Array(frameSamples), 0, bytes, 0) ?? 0;
    expect(codec?.samplesIn(bytes, 0, length)).toBe(frameSamples);
    const out = new Int16Array(frameSamples);
    expect(codec?.createDecoder().decode(bytes, 0, length, out, 0)).toBe(frameSamples);
  });

  it('has its forms by their parameters, loaded or not', () => {
    expect(findCodec('iLBC', 8000, { mode: '20' })?.info.frameSamples).toBe(160);
    expect(findCodec('iLBC', 8000, {})?.info.frameSamples).toBe(240);
    expect(findCodec('G7221', 16_000, { bitrate: '24000' })?.info.maxFrameBytes).toBe(60);
  });
});
