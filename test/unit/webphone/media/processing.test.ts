import { describe, expect, it } from 'vitest';
import { levelDbov } from '../../../../src/dsp/level.js';
import type { MediaSession } from '../../../../src/media/index.js';
import { sineOf } from '../../../support/headset-room.js';
import { atDesk } from '../../../support/webphone-desk.js';

/** An amplitude so small that gain control raises it. */
const SOFT = 600;

/** Levels of a soft tone from our microphone at the peer, and of the peer's at our ear, in dBov. */
async function levels(settings: Record<string, number>, samples: Int16Array): Promise<[number, number]> {
  return atDesk(settings, async (desk) => {
    desk.microphone.hears = (n) => samples[n % samples.length];
    const call = await desk.talks();
    (call.media as MediaSession).play({ samples, sampleRate: 16_000 }, { loop: true });
    await desk.run(4000);
    const heard = await desk.hear(call, 1000);
    return [levelDbov(heard), levelDbov(Int16Array.from(desk.speaker.played.slice(-16_000)))];
  });
}

/** A steady hiss, the same every time. */
function hiss(): Int16Array {
  let state = 1;
  return Int16Array.from({ length: 16_000 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return ((state >> 8) % 2000) - 1000;
  });
}

describe('gain control and noise suppression', () => {
  it('[param:agc] [audio-enh/3] [audio-enh/0] 1 raises what the microphone hears, 2 what comes from the peer as well', async () => {
    const tone = sineOf(1000, SOFT);
    const soft = Int16Array.from({ length: 16_000 }, (_, i) => tone(i, 16_000));
    const [off, microphone, both] = [
      await levels({ agc: 0 }, soft),
      await levels({ agc: 1 }, soft),
      await levels({ agc: 2 }, soft),
    ];
    expect(microphone[0] - off[0]).toBeGreaterThan(6);
    expect(Math.abs(microphone[1] - off[1])).toBeLessThan(1);
    expect(both[0] - off[0]).toBeGreaterThan(6);
    expect(both[1] - off[1]).toBeGreaterThan(6);
  });

  it('[param:denoise] [audio-enh/3] [audio-enh/0] 1 softens the noise at the microphone, 2 that of the peer as well', async () => {
    const noise = hiss();
    const [off, microphone, both] = [
      await levels({ denoise: 0, agc: 0 }, noise),
      await levels({ denoise: 1, agc: 0 }, noise),
      await levels({ denoise: 2, agc: 0 }, noise),
    ];
    expect(off[0] - microphone[0]).toBeGreaterThan(6);
    expect(Math.abs(microphone[1] - off[1])).toBeLessThan(1);
    expect(off[0] - both[0]).toBeGreaterThan(6);
    expect(off[1] - both[1]).toBeGreaterThan(6);
  });
});
