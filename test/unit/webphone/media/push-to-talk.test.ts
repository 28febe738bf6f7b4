/** Push to talk by the functions of the API: what the peer hears while the key is up, and while it is down. */
import { expect, it } from 'vitest';
import { sineOf, toneAtEnd } from '../../../support/headset-room.js';
import { atDesk } from '../../../support/webphone-desk.js';

const LOUD = -35;
const QUIET = -55;

it('[ptt/0] [API_Mute] [API_IsMuted] a muted microphone is heard while the key is down', async () => {
  await atDesk({ defmute: 2 }, async (desk) => {
    desk.microphone.hears = sineOf(1000);
    const call = await desk.talks();
    const level = async (): Promise<number> => toneAtEnd(await desk.hear(call, 800), 1000, 300);
    desk.webphone.API_Mute(-1, true, 2);
    expect(await level()).toBeLessThan(QUIET);
    for (let n = 0; n < 2; n++) {
      desk.webphone.API_Mute(-1, false, 2);
      expect(await level()).toBeGreaterThan(LOUD);
      desk.webphone.API_Mute(-1, true, 2);
      expect(await level()).toBeLessThan(QUIET);
    }
  });
});

it('[ptt/0] [API_Hold] [API_IsOnHold] a call on hold is off it while the key is down', async () => {
  await atDesk({}, async (desk) => {
    desk.microphone.hears = sineOf(1000);
    const call = await desk.talks();
    const level = async (): Promise<number> => toneAtEnd(await desk.hear(call, 800), 1000, 300);
    for (let n = 0; n < 2; n++) {
      expect(desk.webphone.API_Hold(-1, true)).toBe(true);
      await desk.run(300);
      expect(call.held.remote).toBe(true);
      expect(await level()).toBeLessThan(QUIET);
      expect(desk.webphone.API_Hold(-1, false)).toBe(true);
      await desk.run(300);
      expect(call.held.remote).toBe(false);
      expect(await level()).toBeGreaterThan(LOUD);
    }
  });
});

it('[API_ED137PTT] the key of a radio is refused while there is no ED-137', async () => {
  await atDesk({}, async (desk) => {
    await desk.talks();
    expect(desk.webphone.API_ED137PTT(-1, 1)).toBe(false);
    expect(desk.strings('WARNING').join()).toContain('ED-137');
  });
});
