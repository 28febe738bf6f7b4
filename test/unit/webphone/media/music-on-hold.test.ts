/** Music on hold by settings: what the other end hears. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { writeWav } from '../../../../src/media/index.js';
import { outcome } from '../../../support/outcome.js';
import { sines } from '../../../support/signals.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

const MUSIC_HZ = 700;
const LOUD = -35;

async function music(desk: WebphoneDesk, name: string): Promise<string> {
  const path = join(desk.folder, name);
  await writeWav(path, [sines(8000, 1000, { hz: MUSIC_HZ, levelDb: -10 })], 8000);
  return path;
}

type Given = Readonly<Record<string, string | number>>;

/** Whether the other end hears music: before, while we hold it, after that, and while it wants to hear only. */
const heard = ({ musiconhold = -1, ...settings }: Given): Promise<boolean[]> =>
  atDesk(settings, async (desk) => {
    const file = await music(desk, 'music.wav');
    if (settings.musiconholdfile) await copyFile(file, join(desk.folder, String(settings.musiconholdfile)));
    // The folder of the phone is there only now.
    desk.webphone.API_SetParameter('musiconhold', String(musiconhold));
    const call = await desk.talks();
    const listens = async (): Promise<boolean> => {
      await desk.runSlowly(300);
      return toneLevelDbov(await desk.hear(call, 300), MUSIC_HZ, 16_000) > LOUD;
    };
    const answers = [await listens()];
    desk.webphone.API_Hold(-1, true);
    answers.push(await listens());
    desk.webphone.API_Hold(-1, false);
    await desk.run(200);
    answers.push(await listens());
    const held = outcome(call.hold({ direction: 'recvonly' }));
    await desk.run(200);
    expect(held.text).toBe('done');
    answers.push(await listens());
    return answers;
  });

describe('music on hold', () => {
  it('[moh/0] [param:musiconhold] 1 plays to whom we hold, 2 to who listens only; else there is none', async () => {
    expect(await heard({})).toEqual([false, false, false, false]);
    expect(await heard({ musiconhold: 0 })).toEqual([false, false, false, false]);
    expect(await heard({ musiconhold: 1 })).toEqual([false, true, false, false]);
    expect(await heard({ musiconhold: 2 })).toEqual([false, false, false, true]);
    expect(await heard({ musiconhold: 1, musiconholdfile: 'other.wav' })).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('[moh/1] [param:musiconhold] only where the hold is a=sendonly', async () => {
    for (const [holdtype, plays] of [
      [-1, true],
      [2, true],
      [3, false],
      [4, false],
      [0, false],
    ] as const)
      expect([holdtype, (await heard({ musiconhold: 1, holdtype }))[1]]).toEqual([holdtype, plays]);
  });
});
