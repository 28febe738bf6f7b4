/** The settings of a strict phone that are about audio. */
import { describe, expect, it } from 'vitest';
import { atDesk } from '../../../support/webphone-desk.js';

describe('a phone that keeps to itself', () => {
  it('[security-strict/9] ends no call for silence', async () => {
    for (const [mediatimeout, inCall] of [
      [10, 0],
      [0, 2],
    ]) {
      await atDesk({ mediatimeout }, async (desk) => {
        await desk.talks();
        await desk.run(1000);
        desk.network.conditions.drop = () => true;
        await desk.run(30_000);
        expect(desk.webphone.API_IsInCall()).toBe(inCall);
      });
    }
  });

  it('[security-strict/9] leaves other programs as loud as they are', async () => {
    // 0 is automatic, which is yes on Windows alone.
    for (const focusaudio of process.platform === 'win32' ? [1] : [0, 1]) {
      await atDesk({ focusaudio }, async (desk) => {
        await desk.talks();
        expect(desk.speaker.options?.communication ?? false).toBe(false);
        expect(desk.microphone.options?.communication ?? false).toBe(false);
      });
    }
  });
});
