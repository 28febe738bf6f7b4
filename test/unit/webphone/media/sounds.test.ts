import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { writeWav } from '../../../../src/media/index.js';
import { outcome } from '../../../support/outcome.js';
import { sines } from '../../../support/signals.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

const LOUD = -35;
/** Of the ringing tone and of the tone for refused calls. */
const RINGBACK_HZ = 425;

type Given = Record<string, number | boolean>;

/** How long a tone was heard, in ms. */
function heardMs(pcm: Int16Array, hz: number): number {
  let ms = 0;
  for (let at = 0; at + 320 <= pcm.length; at += 320) {
    if (toneLevelDbov(pcm.subarray(at, at + 320), hz, 16_000) > LOUD) ms += 20;
  }
  return ms;
}

async function file(desk: WebphoneDesk, name: string, hz: number): Promise<string> {
  const path = join(desk.folder, name);
  await writeWav(path, [sines(8000, 1000, { hz, levelDb: -10 })], 8000);
  return path;
}

/** The first call is connected; a second one comes. */
async function second(desk: WebphoneDesk): Promise<void> {
  await desk.talks();
  await desk.run(500);
  desk.speaker.forget();
  desk.bell.forget();
  const call = await desk.called();
  await desk.run(1000);
  call.hangup();
  await desk.run(200);
}

describe('ringing', () => {
  it('[server-use/1] rings, beeps and pop-ups are silenced by the settings of a server', async () => {
    /** What is made of a call that comes alone, and of one that comes during another: loud samples. */
    const noise = (settings: Given): Promise<[number, number]> =>
      atDesk(settings, async (desk) => {
        const loud = (): number =>
          [...desk.bell.played, ...desk.speaker.played].filter((sample) => Math.abs(sample) > 100).length;
        const call = await desk.called();
        await desk.run(2000);
        call.hangup();
        await desk.run(500);
        const alone = loud();
        await second(desk);
        // There is no window: what the user would have to look at would come as POPUP.
        expect(desk.strings('POPUP')).toEqual([]);
        return [alone, loud()];
      });
    const usual = await noise({});
    expect(Math.min(...usual)).toBeGreaterThan(1000);
    expect(
      await noise({
        hasincomingcallpopup: 0,
        playring: 0,
        ringincall: 0,
        beeponincoming: 0,
        beeptype: 0,
        systembeeptype: 0,
      }),
    ).toEqual([0, 0]);
  });

  it('[param:playring] for nobody, for incoming calls, or for both', async () => {
    const rings: boolean[][] = [];
    for (const playring of [0, 1, 2]) {
      await atDesk({ playring }, async (desk) => {
        const out = await desk.calls();
        await desk.run(900);
        const back = heardMs(desk.speaker.played, RINGBACK_HZ) > 300;
        out.hangup();
        await desk.run(4000);
        const incoming = await desk.called();
        await desk.run(1000);
        incoming.hangup();
        rings.push([desk.bell.played.some((sample) => Math.abs(sample) > 3000), back]);
      });
    }
    expect(rings).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('[param:ringtone] [param:ringtoneout] with files, one for both directions or one each; a missing one gives way to the built-in', async () => {
    await atDesk({}, async (desk) => {
      await file(desk, 'in.wav', 700);
      await file(desk, 'out.wav', 1300);
      const { webphone } = desk;
      const ring = async (): Promise<[number, number]> => {
        desk.bell.forget();
        desk.speaker.forget();
        const incoming = await desk.called();
        await desk.runSlowly(1500);
        incoming.hangup();
        await desk.run(500);
        const outgoing = await desk.calls();
        await desk.runSlowly(1500);
        outgoing.hangup();
        await desk.run(4000);
        const pitch = (pcm: Int16Array): number => [700, 1300].find((hz) => heardMs(pcm, hz) > 500) ?? 0;
        return [pitch(desk.bell.played), pitch(desk.speaker.played)];
      };
      webphone.API_SetParameter('ringtone', 'in.wav');
      expect(await ring()).toEqual([700, 700]);
      webphone.API_SetParameter('ringtoneout', join(desk.folder, 'out.wav'));
      expect(await ring()).toEqual([700, 1300]);
      webphone.API_SetParameter('ringtoneout', 'nowhere.wav');
      expect(await ring()).toEqual([700, 0]);
      expect(heardMs(desk.speaker.played, RINGBACK_HZ)).toBeGreaterThan(500);
    });
  });

  it('[param:nostopring] goes on beside the early media of the peer, or gives way to it', async () => {
    for (const nostopring of [0, 1]) {
      await atDesk({ nostopring, earlymedia: 5 }, async (desk) => {
        const call = await desk.calls();
        await desk.run(300);
        const early = outcome(call.progress());
        await desk.run(300);
        expect(early.text).toBe('done');
        call.media?.play({ tone: { segments: [{ frequencies: [1000], durationMs: 1000 }] } }, { loop: true });
        await desk.run(300);
        desk.speaker.forget();
        // A period of the ringing tone is five seconds.
        await desk.run(5500);
        expect(heardMs(desk.speaker.played, 1000)).toBeGreaterThan(4000);
        if (nostopring === 1) expect(heardMs(desk.speaker.played, RINGBACK_HZ)).toBeGreaterThan(800);
        else expect(heardMs(desk.speaker.played, RINGBACK_HZ)).toBe(0);
      });
    }
  });

  it('[param:sdearlymedia] 0 keeps early media from the speaker, which rings on until the answer', async () => {
    for (const sdearlymedia of [undefined, 1, 0]) {
      await atDesk({ earlymedia: 5, ...(sdearlymedia !== undefined && { sdearlymedia }) }, async (desk) => {
        const play = { tone: { segments: [{ frequencies: [1000], durationMs: 1000 }] } };
        const call = await desk.calls();
        const early = outcome(call.progress());
        await desk.run(600);
        expect(early.text).toBe('done');
        call.media?.play(play, { loop: true });
        await desk.run(300);
        desk.speaker.forget();
        await desk.run(5500);
        const quiet = sdearlymedia === 0;
        const [peer, ringing] = [1000, RINGBACK_HZ].map((hz) => heardMs(desk.speaker.played, hz));
        expect([peer > 4000, ringing > 800]).toEqual([!quiet, quiet]);
        if (quiet) expect(peer).toBe(0);
        // It is there all the same, for recordings and streams.
        expect((await desk.sessions[0].stats()).received.packets).toBeGreaterThan(200);
        const answered = outcome(call.answer());
        await desk.run(500);
        expect(answered.text).toBe('done');
        desk.speaker.forget();
        await desk.run(1000);
        expect(heardMs(desk.speaker.played, 1000)).toBeGreaterThan(800);
        expect(heardMs(desk.speaker.played, RINGBACK_HZ)).toBe(0);
      });
    }
  });

  it('[param:ringincall] [param:useaudiodeviceplayback] a second call beeps, rings, or is not heard', async () => {
    const heard: Array<{ beep: number; bell: boolean }> = [];
    for (const settings of [
      {} as Given,
      { ringincall: 0 },
      { ringincall: 1 },
      { ringincall: 2 },
      { useaudiodeviceplayback: false },
    ]) {
      await atDesk({ beeponincoming: 0, ...settings }, async (desk) => {
        await second(desk);
        heard.push({
          beep: heardMs(desk.speaker.played, 800),
          bell: desk.bell.played.some((sample) => Math.abs(sample) > 3000),
        });
      });
    }
    expect(heard.map(({ bell }) => bell)).toEqual([false, false, false, true, false]);
    expect(heard.map(({ beep }) => beep > 100)).toEqual([true, false, true, false, false]);
  });

  it('[param:beeponincoming] beeps for a call though it rings as well: never, during a call, always', async () => {
    const beeps: boolean[][] = [];
    for (const beeponincoming of [0, 1, 2]) {
      await atDesk({ beeponincoming, ringincall: 0, playring: 0 }, async (desk) => {
        const first = await desk.called();
        await desk.run(800);
        first.hangup();
        const alone = heardMs(desk.speaker.played, 800) > 100;
        await desk.run(500);
        await second(desk);
        beeps.push([alone, heardMs(desk.speaker.played, 800) > 100]);
      });
    }
    expect(beeps).toEqual([
      [false, false],
      [false, true],
      [true, true],
    ]);
  });

  it('[param:beeptype] [param:beepfrequency] [param:systembeeptype] beeps at a pitch, for so long, or not at all', async () => {
    const beep = async (settings: Record<string, number>, hz = 800): Promise<number> =>
      atDesk({ ringincall: 1, ...settings }, async (desk) => {
        await second(desk);
        return heardMs(desk.speaker.played, hz);
      });
    expect(Math.abs((await beep({})) - 200)).toBeLessThanOrEqual(40);
    expect(await beep({ beeptype: 0 })).toBe(0);
    expect(await beep({ beeptype: 3, systembeeptype: 0 })).toBe(0);
    expect(await beep({ beepfrequency: 1500 })).toBe(0);
    expect(await beep({ beepfrequency: 1500 }, 1500)).toBeGreaterThan(150);
    expect(Math.abs((await beep({ systembeeptype: 600 })) - 600)).toBeLessThanOrEqual(40);
  });

  it('[param:beepconnect] beeps when a call stands: of those that answered by themselves, incoming, outgoing, all', async () => {
    const table: boolean[][] = [];
    for (const beepconnect of [0, 1, 2, 3, 4]) {
      await atDesk({ beepconnect, playring: 0 }, async (desk) => {
        const row: boolean[] = [];
        const beeped = (): boolean => heardMs(desk.speaker.played, 800) > 100;
        for (const automatic of [true, false]) {
          desk.speaker.forget();
          desk.webphone.API_SetParameter('autoaccept', automatic);
          const call = await desk.called();
          if (!automatic) desk.webphone.API_Accept(-1);
          await desk.run(800);
          expect(call.state).toBe('connected');
          row.push(beeped());
          call.hangup();
          await desk.run(4000);
        }
        desk.speaker.forget();
        await desk.talks();
        await desk.run(600);
        row.push(beeped());
        table.push(row);
      });
    }
    expect(table).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
      [false, false, true],
      [true, true, true],
    ]);
  });

  it('[param:playdisc] a tone when a call is refused, or also at the end of one; not after an announcement', async () => {
    const table: boolean[][] = [];
    for (const playdisc of [0, 1, 2, 3]) {
      await atDesk({ playdisc, playring: 0, earlymedia: 5 }, async (desk) => {
        const row: boolean[] = [];
        const busy = (): boolean => heardMs(desk.speaker.played, RINGBACK_HZ) > 400;
        for (const announced of [false, true]) {
          desk.speaker.forget();
          const call = await desk.calls();
          if (announced) {
            void call.progress();
            await desk.run(300);
            call.media?.play({ tone: 'milliwatt' });
            await desk.run(500);
          }
          desk.speaker.forget();
          call.reject(486);
          await desk.run(5000);
          row.push(busy());
        }
        const call = await desk.talks();
        desk.speaker.forget();
        call.hangup();
        await desk.run(5000);
        row.push(busy());
        table.push(row);
      });
    }
    expect(table).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });
});
