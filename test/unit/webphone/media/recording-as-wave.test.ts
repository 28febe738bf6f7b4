/** Recordings where the package that makes MP3 and Ogg Vorbis is not installed. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { type MediaSession, readWav } from '../../../../src/media/index.js';
import { sineOf, sound } from '../../../support/headset-room.js';
import { atDesk } from '../../../support/webphone-desk.js';

vi.mock('wasm-media-encoders', () => {
  throw new Error("Cannot find package 'wasm-media-encoders'");
});

it.each([
  [2, '.ogg'],
  [3, '.mp3'],
])(
  '[recording/5] [notify:VREC] voicerecformat %i: a wave file takes the place of %s, and it is said so',
  async (voicerecformat, wanted) => {
    await atDesk({ voicerecording: 1, voicerecformat }, async (desk) => {
      desk.microphone.hears = sineOf(1000);
      const call = await desk.talks();
      sound(call.media as MediaSession, 600);
      await desk.runSlowly(1000);
      desk.webphone.API_Hangup(-2);
      const last = async (): Promise<string> => {
        await desk.runSlowly(100);
        return desk.strings('VREC').at(-1) ?? '';
      };
      await expect.poll(last, { timeout: 8000 }).toMatch(/^VREC,-1,/);
      const files = readdirSync(desk.folder).filter((name) => /^\d{14}_peer/.test(name));
      expect(files).toEqual([expect.stringMatching(/\.wav$/)]);
      expect(files.join()).not.toContain(wanted);
      const path = join(desk.folder, files[0]);
      expect(desk.strings('VREC')).toEqual([
        'VREC,1,1,,,,AUTO',
        `VREC,1,2,1,${path},,AUTO`,
        `VREC,-1,3,1,${path},saved as wav,AUTO`,
      ]);
      const { channels, sampleRate } = await readWav(path);
      expect([channels.length, sampleRate]).toEqual([2, 8000]);
      for (const [side, hz] of [600, 1000].entries())
        expect(toneLevelDbov(channels[side].subarray(channels[side].length >> 1), hz, 8000)).toBeGreaterThan(
          -30,
        );
    });
  },
);
