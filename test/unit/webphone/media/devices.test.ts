import { describe, expect, it } from 'vitest';
import { FakeAudioDevice } from '../../../../src/testing/fake-audio.js';
import { sineOf, sound, toneAtEnd } from '../../../support/headset-room.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

const LOUD = -30;
const QUIET = -60;

/** A canceller that can be told: it lets nothing through. */
const silencer = async () => ({
  process: (near: Int16Array) => void near.fill(0),
  delayMs: 0,
  close: () => {},
});

/** Whether the peer hears our microphone, and we the peer, at the end of a second. */
async function bothWays(desk: WebphoneDesk): Promise<[boolean, boolean]> {
  desk.microphone.hears = sineOf(1000);
  const call = await desk.talks();
  if (call.media) sound(call.media, 600);
  await desk.run(500);
  const heard = toneAtEnd(await desk.hear(call, 700), 1000, 200) > LOUD;
  const played = desk.speaker.played.length > 0 && toneAtEnd(desk.speaker.played, 600, 200) > LOUD;
  call.hangup();
  await desk.run(4000);
  return [heard, played];
}

describe('the devices of a call', () => {
  it('[param:useaudiodevicerecord] [param:useaudiodeviceplayback] [param:enableaudiostreams] are used as the settings have it', async () => {
    const cases: Array<[Record<string, number | boolean>, [boolean, boolean]]> = [
      [{}, [true, true]],
      [{ useaudiodevicerecord: false }, [false, true]],
      [{ useaudiodeviceplayback: false }, [true, false]],
      [{ enableaudiostreams: 0 }, [false, false]],
      [{ enableaudiostreams: 1 }, [false, true]],
      [{ enableaudiostreams: 2 }, [true, false]],
      [{ enableaudiostreams: 3 }, [true, true]],
    ];
    for (const [settings, expected] of cases) {
      await atDesk(settings, async (desk) => {
        expect(await bothWays(desk)).toEqual(expected);
        if (!expected[0]) expect(desk.microphone.opened).toBe(0);
        if (!expected[1]) expect(desk.speaker.opened).toBe(0);
      });
    }
  });

  it('[audio-devices/1] and can be taken away from a phone that runs, and given back', async () => {
    await atDesk({}, async (desk) => {
      desk.webphone.API_SetParameter('useaudiodevicerecord', false);
      expect(await bothWays(desk)).toEqual([false, true]);
      desk.webphone.API_SetParameter('useaudiodevicerecord', true);
      await desk.run(100);
      expect(await bothWays(desk)).toEqual([true, true]);
    });
  });

  it('[param:audiodevicein] [param:audiodeviceout] [param:audiodevicering] [audio-devices/3] are named, numbered or default', async () => {
    const settings = { audiodevicein: 'Desk mic', audiodeviceout: '2', audiodevicering: 'All' };
    await atDesk(settings, async (desk) => {
      desk.microphone.isDefault = false;
      desk.backend.plug(new FakeAudioDevice('other', 'input', { isDefault: true }));
      const incoming = await desk.called();
      await desk.run(1000);
      for (const { played } of [desk.speaker, desk.bell]) expect(Math.max(...played)).toBeGreaterThan(3000);
      incoming.hangup();
      await desk.run(4000);
      for (const device of [desk.speaker, desk.bell]) device.forget();
      const [heard] = await bothWays(desk);
      expect(heard).toBe(true);
      expect(Math.max(...desk.bell.played)).toBeGreaterThan(3000);
      expect(desk.speaker.played.length).toBe(0);
      desk.webphone.API_SetParameter('audiodeviceout', 'Default');
      desk.webphone.API_SetParameter('audiodevicein', '0');
      await desk.run(100);
      expect(await bothWays(desk)).toEqual([false, true]);
    });
  });

  it('[param:changeaudiodevimmmediate] [param:audiodeviceout] change at once, or when no call uses them', async () => {
    for (const changeaudiodevimmmediate of [0, 1]) {
      await atDesk({ changeaudiodevimmmediate }, async (desk) => {
        const call = await desk.talks();
        if (call.media) sound(call.media, 600);
        await desk.run(500);
        const chosen = desk.webphone.API_SetAudioDevice(1, 'Bell', 0);
        await desk.run(500);
        expect(await chosen).toBe(true);
        const onBell = desk.bell.played.length > 0;
        expect(onBell).toBe(changeaudiodevimmmediate === 1);
        call.hangup();
        await desk.run(4000);
        const next = await desk.talks();
        if (next.media) sound(next.media, 600);
        await desk.run(500);
        expect(toneAtEnd(desk.bell.played, 600, 200)).toBeGreaterThan(LOUD);
      });
    }
  });

  it('[param:volumein] [param:volumeout] [param:volumering] [audio-devices/4] have volumes from the start, each, and of a line', async () => {
    const levels = async (settings: Record<string, number>, line?: Record<string, number>) =>
      atDesk(settings, async (desk) => {
        desk.microphone.hears = sineOf(1000, 4000);
        const incoming = await desk.called();
        await desk.run(1000);
        const ring = Math.max(...desk.bell.played.subarray(3200));
        incoming.hangup();
        await desk.run(4000);
        for (const [name, value] of Object.entries(line ?? {}))
          expect(desk.webphone.API_SetLineParameter(1, name, value)).toBe(true);
        const call = await desk.talks(1);
        if (call.media) sound(call.media, 600);
        await desk.run(1000);
        const said = toneAtEnd(await desk.hear(call, 700), 1000, 200);
        return { ring, said, heard: toneAtEnd(desk.speaker.played, 600, 200) };
      });
    const usual = await levels({});
    const soft = await levels({ volumein: 25, volumeout: 25, volumering: 25 });
    expect(soft.said - usual.said).toBeCloseTo(-12, 0);
    expect(soft.heard - usual.heard).toBeCloseTo(-12, 0);
    expect(soft.ring / usual.ring).toBeCloseTo(0.25, 1);
    const silent = await levels({ volumein: 0, volumeout: 0, volumering: 0 });
    expect([silent.said < QUIET, silent.heard < QUIET, silent.ring]).toEqual([true, true, 0]);
    const lined = await levels({}, { volumein: 25, volumeout: 25 });
    expect(lined.said - usual.said).toBeCloseTo(-12, 0);
    expect(lined.heard - usual.heard).toBeCloseTo(-12, 0);
  });

  it('[param:stereomode] [param:focusaudio] play on two channels and make others softer, if asked to', async () => {
    for (const on of [false, true]) {
      await atDesk({ stereomode: on, focusaudio: on ? 2 : 1 }, async (desk) => {
        await desk.talks();
        await desk.run(200);
        expect(desk.speaker.options).toMatchObject({ stereo: on, communication: on });
      });
    }
  });

  it('[param:checkvolumesettings] are raised when they are too soft: never, the first time, each time', async () => {
    const raised: number[] = [];
    for (const checkvolumesettings of [0, 1, 2]) {
      await atDesk({ checkvolumesettings }, async (desk) => {
        for (let i = 0; i < 2; i++) {
          const call = await desk.talks();
          await desk.run(300);
          call.hangup();
          await desk.run(5000);
        }
        raised.push(desk.backend.raised.filter((id) => id === 'mic').length);
      });
    }
    expect(raised).toEqual([0, 1, 2]);
  });

  it('[param:aec] [param:aec2] [param:aectype] [audio-enh/2] [audio-enh/0] cancel echo, duck, or leave it, also within a call', async () => {
    const cases: Array<[Record<string, string | number>, string]> = [
      [{ aectype: 'auto' }, 'cancelling'],
      [{ aectype: 'auto', aec: 0 }, 'off'],
      [{ aectype: 'none', aec: 0, aec2: 0 }, 'off'],
      [{ aectype: 'none', aec: 3 }, 'off'],
      [{ aectype: 'auto', aec: 0, aec2: 2 }, 'cancelling'],
      [{ aectype: 'software,hardware,fast', aec: 0 }, 'cancelling'],
      [{ aectype: 'volume' }, 'ducking'],
    ];
    for (const [settings, expected] of cases) {
      const work = async (desk: WebphoneDesk): Promise<void> => {
        desk.microphone.hears = sineOf(1000);
        const call = await desk.talks();
        await desk.run(600);
        const echo = async (): Promise<string> => (await desk.headsets[0].stats()).echo;
        const heard = async (): Promise<boolean> => toneAtEnd(await desk.hear(call, 700), 1000, 200) > LOUD;
        expect([await echo(), await heard()]).toEqual([expected, expected !== 'cancelling']);
        desk.webphone.API_SetParameter('aectype', 'none');
        await desk.run(100);
        expect([await echo(), await heard()]).toEqual(['off', true]);
      };
      await atDesk(settings, work, { loadCanceller: silencer });
    }
  });

  it('[param:aec] [audio-enh/2] leaves a headset without cancellation, unless it is forced', async () => {
    for (const [aec, expected] of [
      [1, 'off'],
      [2, 'cancelling'],
    ] as const) {
      const work = async (desk: WebphoneDesk): Promise<void> => {
        desk.backend.plug(new FakeAudioDevice('usb', 'output', { name: 'USB headset' }));
        desk.webphone.API_SetParameter('audiodeviceout', 'USB headset');
        await desk.talks();
        await desk.run(600);
        expect((await desk.headsets[0].stats()).echo).toBe(expected);
      };
      await atDesk({ aectype: 'auto', aec }, work, { loadCanceller: silencer });
    }
  });
});

describe('a microphone that gives nothing', () => {
  const warnings = (
    settings: Record<string, number>,
    act: (desk: WebphoneDesk) => void = () => {},
  ): Promise<number> =>
    atDesk(settings, async (desk) => {
      await desk.talks();
      act(desk);
      await desk.run(20_000);
      return desk.strings('WARNING').filter((one) => one.includes('no sound from the microphone')).length;
    });

  it('[param:enablenomicvoicewarning] is told of once a call, unless it is muted or nobody wants to know', async () => {
    expect(await warnings({})).toBe(1);
    expect(await warnings({ enablenomicvoicewarning: 0 })).toBe(0);
    expect(await warnings({}, (desk) => void (desk.microphone.hears = sineOf(500)))).toBe(0);
    expect(await warnings({}, ({ webphone }) => void webphone.API_Mute(-2, true))).toBe(0);
    expect(await warnings({ useaudiodevicerecord: 0 })).toBe(0);
  });
});

describe('a call without a microphone', () => {
  /** Packets in half a second: in the first two seconds, and later; and while a file plays. */
  const sent = async (desk: WebphoneDesk): Promise<boolean[]> => {
    const call = await desk.talks();
    const early = await desk.packets(call, 500);
    await desk.run(3000);
    const late = await desk.packets(call, 500);
    sound(desk.sessions[0], 800);
    const playing = await desk.packets(call, 500);
    return [early, late, playing].map((count) => count > 15);
  };

  it('[param:sendrtpondisabled] sends silence always, at the beginning, or nothing when it is switched off', async () => {
    const rows: boolean[][] = [];
    for (const sendrtpondisabled of [0, 1, 2, 3])
      rows.push(await atDesk({ useaudiodevicerecord: false, sendrtpondisabled }, sent));
    expect(rows).toEqual([
      [false, false, true],
      [true, false, true],
      [true, true, true],
      [true, true, true],
    ]);
  });

  it('[param:sendrtponfailed] likewise when there is none; and sends again once one is plugged in', async () => {
    const rows: boolean[][] = [];
    for (const sendrtponfailed of [0, 1, 2, 3])
      rows.push(await atDesk({ sendrtponfailed }, sent, { withoutMicrophone: true }));
    expect(rows.map(([, ...rest]) => rest)).toEqual([
      [false, true],
      [false, true],
      [true, true],
      [true, true],
    ]);
    await atDesk(
      { sendrtponfailed: 0 },
      async (desk) => {
        const call = await desk.talks();
        await desk.run(1000);
        expect(await desk.packets(call, 500)).toBe(0);
        desk.backend.plug(desk.microphone);
        await desk.run(500);
        expect(await desk.packets(call, 500)).toBeGreaterThan(20);
      },
      { withoutMicrophone: true },
    );
  });
});
