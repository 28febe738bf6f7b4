import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.js';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { levelDbov } from '../../../../src/dsp/level.js';
import type { MediaSession } from '../../../../src/media/index.js';
import { sineOf, sound } from '../../../support/headset-room.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

/** The fields of an RTP packet, with its header extension. */
function rtp(data: Buffer) {
  const extended = (data[0] & 0x10) !== 0;
  return {
    sequence: data.readUInt16BE(2),
    timestamp: data.readUInt32BE(4),
    ssrc: data.readUInt32BE(8),
    profile: extended ? data.readUInt16BE(12) : undefined,
    words: extended
      ? Array.from({ length: data.readUInt16BE(14) }, (_, i) => data.readUInt32BE(16 + 4 * i))
      : undefined,
    payload: data.subarray(extended ? 16 + 4 * data.readUInt16BE(14) : 12).toString('hex'),
  };
}

type Tap = ReturnType<WebphoneDesk['tap']>;
/** Without those that open the way through a NAT, which are too short for any. */
const packets = (tap: Tap) =>
  tap.filter((one) => !one.rtcp && one.data.length >= 12).map(({ data }) => rtp(data));

describe('the packets we send', () => {
  it('[param:rtp_src] [param:rtp_seq] [param:rtp_timestamp] begin with the numbers of the line', async () => {
    await atDesk({}, async (desk) => {
      const { webphone } = desk;
      for (const [name, value] of [
        ['rtp_src', 305_419_896],
        ['rtp_seq', 4000],
        ['rtp_timestamp', 160_000],
      ] as const)
        expect(webphone.API_SetLineParameter(2, name, value)).toBe(true);
      const tap = desk.tap();
      const call = await desk.talks(2);
      const [first] = packets(tap);
      expect(first).toMatchObject({ sequence: 4000, ssrc: 305_419_896 });
      expect(first.timestamp - 160_000).toBeLessThan(4000);
      call.hangup();
      await desk.run(500);
      tap.length = 0;
      await desk.talks(1);
      expect(packets(tap)[0].ssrc).not.toBe(305_419_896);
    });
  });

  it('[param:rtcp] are accompanied by reports, or by none', async () => {
    for (const on of [true, false]) {
      await atDesk({ rtcp: on }, async (desk) => {
        const tap = desk.tap();
        await desk.talks();
        await desk.run(12_000);
        expect(tap.some(({ rtcp }) => rtcp)).toBe(on);
        expect(packets(tap).length).toBeGreaterThan(500);
      });
    }
  });

  it('[param:rtpextraheader] [param:rtpextraheader_profile] [rtp-ext/0] [rtp-ext/2] carry the words of the settings, also when they change', async () => {
    await atDesk({ rtpextraheader: '1;4294967295', rtpextraheader_profile: 48862 }, async (desk) => {
      const { webphone } = desk;
      const tap = desk.tap();
      await desk.talks();
      await desk.run(200);
      const last = () => packets(tap).at(-1);
      expect(last()).toMatchObject({ profile: 48862, words: [1, 4_294_967_295] });
      webphone.API_SetParameter('rtpextraheader', '7');
      await desk.run(100);
      expect(last()).toMatchObject({ profile: 48862, words: [7] });
      // The functions go before, of this call or of all.
      expect(webphone.API_RTPHeaderExtension(-1, 5, '8;9')).toBe(true);
      await desk.run(100);
      expect(last()).toMatchObject({ profile: 5, words: [8, 9] });
      expect(webphone.API_RTPHeaderExtension(-1, 5, 'x')).toBe(false);
      // Profile 0 with nothing takes it away, with words it does not.
      expect(webphone.API_RTPHeaderExtension(-1, 0, '3')).toBe(true);
      await desk.run(100);
      expect(last()).toMatchObject({ profile: 0, words: [3] });
      expect(webphone.API_RTPHeaderExtension(-1, 0, '')).toBe(true);
      await desk.run(100);
      expect(last()?.words).toBeUndefined();
    });
  });

  it('[param:sendrtpeextraheaderonmute] [rtp-ext/0] repeat a change so often while muted, and are silent', async () => {
    for (const sendrtpeextraheaderonmute of [0, 3, 5]) {
      await atDesk({ sendrtpeextraheaderonmute }, async (desk) => {
        desk.microphone.hears = sineOf(1000);
        await desk.talks();
        await desk.run(500);
        expect(desk.webphone.API_Mute(-1, true, 0)).toBe(true);
        await desk.run(500);
        const tap = desk.tap();
        await desk.run(500);
        expect(packets(tap)).toEqual([]);
        desk.webphone.API_SetParameter('rtpextraheader', '77');
        await desk.run(500);
        const sent = packets(tap);
        expect(sent.map(({ words }) => words)).toEqual(Array(sendrtpeextraheaderonmute).fill([77]));
        // PCMA silence.
        for (const { payload } of sent) expect(payload).toMatch(/^(d5|55)+$/);
      });
    }
  });

  it('[param:sendrtponmuted] [API_Mute] are none while muted, or silence', async () => {
    for (const sendrtponmuted of [false, true]) {
      await atDesk({ sendrtponmuted }, async (desk) => {
        desk.microphone.hears = sineOf(1000);
        await desk.talks();
        await desk.run(300);
        desk.webphone.API_Mute(-1, true, 2);
        await desk.run(300);
        const tap = desk.tap();
        await desk.run(1000);
        const sent = packets(tap);
        expect(sent.length > 40).toBe(sendrtponmuted);
        for (const { payload } of sent) expect(payload).toMatch(/^(d5|55)+$/);
      });
    }
  });

  it('[API_RTPHeaderExtension] [rtp-ext/3] of the next call, of all, of none any more, of the current one', async () => {
    await atDesk({}, async (desk) => {
      const { webphone } = desk;
      const words = async (): Promise<unknown> => {
        const tap = desk.tap();
        await desk.run(200);
        return packets(tap).at(-1)?.words;
      };
      expect(webphone.API_RTPHeaderExtension(-3, 1, '30')).toBe(true);
      let call = await desk.talks();
      expect(await words()).toEqual([30]);
      call.hangup();
      await desk.run(500);
      call = await desk.talks();
      expect(await words()).toBeUndefined();
      expect(webphone.API_RTPHeaderExtension(-2, 1, '20')).toBe(true);
      expect(await words()).toEqual([20]);
      call.hangup();
      await desk.run(500);
      call = await desk.talks();
      expect(await words()).toEqual([20]);
      expect(webphone.API_RTPHeaderExtension(-1, 1, '10')).toBe(true);
      expect(await words()).toEqual([10]);
      expect(webphone.API_RTPHeaderExtension(0, 0, '')).toBe(true);
      expect(await words()).toBeUndefined();
      call.hangup();
      await desk.run(500);
      await desk.talks();
      expect(await words()).toBeUndefined();
    });
  });

  // RTPT in its place waits for ED-137.
  it('[param:rtpeextraheadernotify] [notify:RTPE] [rtp-ext/1] those of the peer are told when they change', async () => {
    for (const rtpeextraheadernotify of [0, 1]) {
      await atDesk({ rtpeextraheadernotify }, async (desk) => {
        const call = await desk.talks();
        const extension = (word: number): { profile: number; data: Uint8Array } => {
          const data = Buffer.alloc(8);
          data.writeUInt32BE(word, 0);
          data.writeUInt32BE(9, 4);
          return { profile: 258, data };
        };
        call.media?.setHeaderExtension(extension(5));
        await desk.run(1000);
        call.media?.setHeaderExtension(extension(6));
        await desk.run(1000);
        expect(desk.strings('RTPE')).toEqual(
          rtpeextraheadernotify === 1 ? ['RTPE,1,258,5;9', 'RTPE,1,258,6;9'] : [],
        );
      });
    }
  });
});

describe('frames that could not be sent in their time', () => {
  /** What is on the wire around a stall of the media clock. */
  async function stalled(settings: Record<string, number>, stallMs: number, times = 1) {
    let lateMs = 0;
    const mediaClock = (clock: Clock): Clock => ({
      now: () => clock.now() + lateMs,
      wallTime: () => clock.wallTime() + lateMs,
      after: (ms, fn) => clock.after(ms, fn),
    });
    return atDesk(
      settings,
      async (desk) => {
        desk.microphone.hears = sineOf(437);
        await desk.talks();
        await desk.run(500);
        const tap = desk.tap();
        await desk.run(200);
        for (let i = 0; i < times; i++) {
          lateMs += stallMs;
          await desk.run(200);
        }
        const sent = packets(tap);
        const steps = sent.slice(1).map(({ timestamp }, i) => ((timestamp - sent[i].timestamp) >>> 0) / 160);
        const again = sent.slice(1).filter(({ payload }, i) => payload === sent[i].payload).length;
        const sequential = sent
          .slice(1)
          .every(({ sequence }, i) => sequence === ((sent[i].sequence + 1) & 0xffff));
        return { jumps: steps.filter((step) => step !== 1), again, sequential, count: sent.length };
      },
      { mediaClock },
    );
  }

  it('[param:fixrtpskew] [jitter/2] are jumped over when they are more than the grade lets pass', async () => {
    const usual = await stalled({}, 200);
    expect(usual.jumps).toHaveLength(1);
    expect(usual.jumps[0]).toBeGreaterThanOrEqual(9);
    expect([usual.again, usual.sequential]).toEqual([0, true]);
    expect((await stalled({ fixrtpskew: 5 }, 200)).jumps).toEqual([]);
    expect((await stalled({ fixrtpskew: 0 }, 400, 4)).jumps).toEqual([]);
    expect((await stalled({ fixrtpskew: 1 }, 200)).jumps).toHaveLength(1);
  });

  it('[param:fixrtpskewbehind] [jitter/2] or the last packet is sent again for a few of them', async () => {
    const repeated = await stalled({ fixrtpskewbehind: 20 }, 200);
    expect(repeated.jumps).toEqual([]);
    expect(repeated.again).toBeGreaterThanOrEqual(8);
    expect(repeated.sequential).toBe(true);
    expect((await stalled({ fixrtpskewbehind: 4 }, 200)).jumps).toHaveLength(1);
    expect((await stalled({ fixrtpskewbehind: 0 }, 200)).again).toBe(0);
  });
});

describe('packets received', () => {
  it('[param:allowfirstdrop] before we are ready are dropped, or played', async () => {
    const heard: number[] = [];
    for (const allowfirstdrop of [1, 0]) {
      await atDesk({ allowfirstdrop, jittersize: 6 }, async (desk) => {
        const call = await desk.calls();
        // The other side is quicker with its audio than with its answer.
        const hold = desk.world.network.lose;
        let held = true;
        desk.world.network.lose = (packet) =>
          (held && packet.text.startsWith('SIP/2.0 200') && packet.from.host === '10.0.0.2') || hold(packet);
        void call.answer().catch(() => {});
        await desk.run(20);
        call.media?.play({ tone: { segments: [{ frequencies: [1000], durationMs: 300 }], repeat: 1 } });
        await desk.run(320);
        held = false;
        await desk.run(3000);
        expect(desk.strings('STATUS').some((text) => text.includes(',CallConnect,'))).toBe(true);
        const pcm = desk.speaker.played;
        let ms = 0;
        for (let at = 0; at + 320 <= pcm.length; at += 320)
          if (toneLevelDbov(pcm.subarray(at, at + 320), 1000, 16_000) > -35) ms += 20;
        heard.push(ms);
      });
    }
    expect(heard[0]).toBeLessThan(60);
    expect(heard[1]).toBeGreaterThan(220);
  });

  it('[param:plc] that are lost are made up, or leave holes', async () => {
    const holes: number[] = [];
    for (const plc of [true, false]) {
      let count = 0;
      const drop = (): boolean => ++count % 10 === 0;
      await atDesk(
        { plc },
        async (desk) => {
          const call = await desk.talks();
          sound(call.media as MediaSession, 1000);
          await desk.run(1000);
          desk.speaker.forget();
          await desk.run(3000);
          const pcm = desk.speaker.played;
          let silent = 0;
          for (let at = 0; at + 160 <= pcm.length; at += 160)
            if (levelDbov(pcm.subarray(at, at + 160)) < -50) silent++;
          holes.push(silent);
        },
        { network: { drop } },
      );
    }
    expect(holes[0]).toBe(0);
    expect(holes[1]).toBeGreaterThan(4);
  });
});

describe('the log', () => {
  it('[logs/2] has what matters at 1, and RTP above 5', async () => {
    const logOf = (loglevel: number): Promise<string> =>
      atDesk({ loglevel, logpolling: 1, logtoconsole: 0, canlogtofile: 0 }, async (desk) => {
        desk.microphone.hears = sineOf(437);
        await desk.talks();
        await desk.run(2500);
        return desk.webphone.API_GetLogs();
      });
    const [little, signalling, everything] = [await logOf(1), await logOf(5), await logOf(6)];
    expect(little.length).toBeLessThan(signalling.length / 10);
    expect(signalling).not.toContain('RTP of line');
    expect(everything).toMatch(/RTP of line 1: PCMA, sent \d+ to 10\.0\.0\.2:\d+, received \d+, lost 0/);
  });
});
