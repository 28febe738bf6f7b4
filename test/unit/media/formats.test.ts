import { describe, expect, it } from 'vitest';
import { audioFormats } from '../../../src/media/index.js';

const texts = (names?: string[]): string[] =>
  audioFormats(names).map(({ name, clockRate, fmtp }) => `${name}/${clockRate} ${fmtp ?? ''}`.trim());

describe('the formats to offer', () => {
  it('are the usual ones when none are named, each name once', () => {
    const names = audioFormats().map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(['PCMU', 'PCMA', 'G722', 'opus']);
    expect(new Set(names).size).toBe(names.length);
    expect(names).not.toContain('L16');
  });

  it('are those named, in that order, with all their rates', () => {
    expect(texts(['l16', 'PCMA'])).toEqual(['L16/16000', 'L16/8000', 'PCMA/8000']);
    expect(texts(['G7221'])).toHaveLength(5);
  });

  it('may be named with the sampling rate, which is not always that of the RTP clock', () => {
    expect(texts(['L16/8000'])).toEqual(['L16/8000']);
    expect(texts(['g7221/16000'])).toEqual(['G7221/16000 bitrate=32000', 'G7221/16000 bitrate=24000']);
    expect(texts(['opus/16000', 'opus/48000/2', 'G722/16000'])).toEqual([
      'opus/48000 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1',
      'opus/48000 useinbandfec=1',
      'G722/8000',
    ]);
  });

  it('must exist', () => {
    expect(() => audioFormats(['PCMU', 'MP3'])).toThrow("unknown codec 'MP3' (there are PCMU, PCMA,");
    expect(() => audioFormats(['PCMU/16000'])).toThrow("unknown codec 'PCMU/16000'");
    expect(() => audioFormats(['opus/44100'])).toThrow('unknown codec');
    expect(() => audioFormats([])).toThrow('no codec is enabled');
  });
});
