import { describe, expect, it } from 'vitest';
import { allCodecInfos, codecInfosNamed, offeredCodecInfos } from '../../../src/codecs/catalogue.js';
import { allCodecs } from '../../../src/codecs/registry.js';

describe('the catalogue of codecs', () => {
  it('says of every codec what the codec says of itself, in the same order', () => {
    expect(allCodecInfos()).toEqual(allCodecs().map(({ info }) => info));
  });

  it('offers the usual ones first', () => {
    expect(allCodecInfos().slice(0, offeredCodecInfos().length)).toEqual(offeredCodecInfos());
  });

  it('knows the forms of Opus by the rate of the sound inside', () => {
    expect(codecInfosNamed('OPUS', 16_000)[0]).toMatchObject({ sampleRate: 16_000, clockRate: 48_000 });
    expect(codecInfosNamed('opus', 44_100)).toEqual([]);
    expect(codecInfosNamed('g722', 16_000)[0]?.clockRate).toBe(8000);
    expect(codecInfosNamed('nothing')).toEqual([]);
  });
});
