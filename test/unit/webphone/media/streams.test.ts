import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Codec, findCodec } from '../../../../src/codecs/index.js';
import { type MediaSession, writeWav } from '../../../../src/media/index.js';
import { noise, sineOf, sound, speak, toneAtEnd, voiceOf } from '../../../support/headset-room.js';
import { outcome } from '../../../support/outcome.js';
import { sines } from '../../../support/signals.js';
import { atDesk } from '../../../support/webphone-desk.js';

const LOUD = -35;
const QUIET = -55;
const off = { useaudiodevicerecord: false };

/** 16-bit samples as bytes. */
const bytes = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);

describe('what the program says', () => {
  it('[API_StreamSoundBuff] [param:audioinput_bitdepth] [param:audioinput_channels] [param:audioinput_samplerate] [stream-out/2] in the format of the settings', async () => {
    const tone = (rate: number): Int16Array => sines(rate, 1500, { hz: 1000, levelDb: -6 });
    const eight = Uint8Array.from(tone(8000), (sample) => (sample >> 8) + 128);
    const stereo = (pcm: Int16Array): Int16Array =>
      Int16Array.from({ length: 2 * pcm.length }, (_, i) => pcm[i >> 1]);
    const cases: Array<[Record<string, number>, Uint8Array]> = [
      [{}, bytes(tone(8000))],
      [{ audioinput_samplerate: 16_000 }, bytes(tone(16_000))],
      [{ audioinput_samplerate: 48_000, audioinput_channels: 2 }, bytes(stereo(tone(48_000)))],
      [{ audioinput_bitdepth: 8 }, eight],
    ];
    for (const [settings, buff] of cases) {
      await atDesk({ ...off, ...settings }, async (desk) => {
        const call = await desk.talks();
        expect(desk.webphone.API_StreamSoundBuff(1, -1, buff, 0)).toBe(true);
        expect(toneAtEnd(await desk.hear(call, 900), 1000, 400)).toBeGreaterThan(LOUD);
      });
    }
  });

  it('[param:streamsoundisrtp] [stream-out/1] as samples or RTP packets, queued and transcoded', async () => {
    for (const streamsoundisrtp of [-1, 1]) {
      await atDesk({ ...off, streamsoundisrtp }, async (desk) => {
        // PCMU, while the call has PCMA: what the engine sends in another call.
        const source = await desk.engine.openSession({ address: '10.0.9.1', label: 'source' });
        const packets: Buffer[] = [];
        desk.network.conditions.drop = (data, to) => {
          if (to.address === '10.0.9.2' && data[1] < 200) packets.push(Buffer.from(data));
          return to.address === '10.0.9.2';
        };
        const pcmu = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
        await source.configure({
          remote: { address: '10.0.9.2', port: 4000 },
          direction: 'sendonly',
          send: pcmu,
          receive: [pcmu],
        });
        sound(source, 1000);
        await desk.run(1000);
        await source.close();
        const call = await desk.talks();
        for (const packet of packets.slice(0, 45))
          expect(desk.webphone.API_StreamSoundBuff(1, -1, packet, 0)).toBe(true);
        expect(toneAtEnd(await desk.hear(call, 800), 1000, 400)).toBeGreaterThan(LOUD);
        // What is queued can be dropped.
        expect(desk.webphone.API_StreamSoundBuff(0, -1, new Uint8Array(0), 0)).toBe(true);
        await desk.run(200);
        expect(toneAtEnd(await desk.hear(call, 400), 1000, 200)).toBeLessThan(QUIET);
      });
    }
    await atDesk({ ...off, streamsoundisrtp: 1 }, async (desk) => {
      await desk.talks();
      expect(desk.webphone.API_StreamSoundBuff(1, -1, new Uint8Array(320), 0)).toBe(false);
    });
  });

  it('[API_StreamSoundStream] [stream-out/1] from a stream, however its buffers are cut, longer than what can wait', async () => {
    // 70 s on two sides; 60 s may wait in the call.
    const side = (hz: number, at: number): number => 8000 * Math.sin((2 * Math.PI * hz * at) / 8000);
    let taken = 0;
    function* cut(): Iterable<Uint8Array> {
      const second = Int16Array.from({ length: 16_000 }, (_, i) =>
        Math.round(side(i & 1 ? 1500 : 1000, i >> 1)),
      );
      const whole = Buffer.concat(Array.from({ length: 70 }, () => bytes(second)));
      for (; taken < whole.length; taken += 333) yield whole.subarray(taken, taken + 333);
    }
    await atDesk({ ...off, audioinput_channels: 2, audioinput_samplerate: 8000 }, async (desk) => {
      const call = await desk.talks();
      expect(desk.webphone.API_StreamSoundStream(1, -1, Readable.from(cut()))).toBe(true);
      await desk.runSlowly(500);
      const heard = await desk.hear(call, 600);
      // Both sides are in it, and nothing between them that a slip of a byte or a side would make.
      for (const hz of [1000, 1500]) expect(toneAtEnd(heard, hz, 300)).toBeGreaterThan(LOUD);
      for (const hz of [500, 2500]) expect(toneAtEnd(heard, hz, 300)).toBeLessThan(QUIET + 10);
      expect(taken).toBeLessThan(20 * 32_000);
      expect(desk.strings('ERROR')).toEqual([]);
    });
    // GSM comes in packets of an odd number of bytes.
    const gsm = findCodec('GSM', 8000) as Codec;
    const encoder = gsm.createEncoder();
    const tone = sines(8000, 1500, { hz: 1000, levelDb: -6 });
    const packets = Array.from({ length: 70 }, (_, n) => {
      const packet = Buffer.alloc(12 + 33);
      packet.writeUInt16BE(0x8003, 0);
      packet.writeUInt16BE(n, 2);
      packet.writeUInt32BE(160 * n, 4);
      encoder.encode(tone, 160 * n, packet, 12);
      return packet;
    });
    for (const streamsoundisrtp of [-1, 1]) {
      await atDesk({ ...off, streamsoundisrtp }, async (desk) => {
        const call = await desk.talks();
        expect(desk.webphone.API_StreamSoundStream(1, -1, packets)).toBe(true);
        await desk.runSlowly(200);
        expect(toneAtEnd(await desk.hear(call, 700), 1000, 400)).toBeGreaterThan(LOUD);
      });
    }
  });

  it('[param:realtimeplayback] [stream-out/1] what is fed as it is said is sent whole; what has piled up is not', async () => {
    await atDesk({ ...off, realtimeplayback: 1 }, async (desk) => {
      const call = await desk.talks();
      const tone = bytes(sines(8000, 400, { hz: 1000, levelDb: -6 }));
      // Five packets of 20 ms at once, as a network brings them.
      for (let at = 0; at < 5; at++)
        desk.webphone.API_StreamSoundBuff(1, -1, tone.subarray(320 * at, 320 * (at + 1)), 0);
      const heard = await desk.hear(call, 400);
      const loud = heard.filter((sample) => Math.abs(sample) > 2000).length / (heard.length / 400);
      expect(loud).toBeGreaterThan(60);
    });
  });

  it('[API_PlaySound] [stream-out/0] [notify:PLAYREADY] [param:singleaudiostream] files, here or to the peer, again and again, one or several', async () => {
    for (const singleaudiostream of [0, 3]) {
      await atDesk({ ...off, singleaudiostream }, async (desk) => {
        const { webphone, folder } = desk;
        for (const [name, hz] of [
          ['a.wav', 700],
          ['b.wav', 1500],
        ] as const)
          await writeWav(join(folder, name), [sines(8000, 400, { hz, levelDb: -10 })], 8000);
        const call = await desk.talks();
        const play = (file: string, loop: number, remote: boolean, ring = false) =>
          webphone.API_PlaySound(1, join(folder, file), loop, true, !remote, remote, -1, '', ring);
        expect(await play('a.wav', 1, true)).toBe(true);
        expect(await play('b.wav', 1, true)).toBe(true);
        await desk.runSlowly(1500);
        const heard = await desk.hear(call, 600);
        expect(toneAtEnd(heard, 1500, 300)).toBeGreaterThan(LOUD);
        // 0 plays both; else the later one takes the place of the earlier.
        if (singleaudiostream === 0) expect(toneAtEnd(heard, 700, 300)).toBeGreaterThan(LOUD);
        else expect(toneAtEnd(heard, 700, 300)).toBeLessThan(QUIET);
        expect(desk.strings('PLAYREADY')).toEqual([]);
        expect(await webphone.API_PlaySound(0, '', 0, true, true, true, -1, '', false)).toBe(true);
        await desk.run(300);
        expect(toneAtEnd(await desk.hear(call, 400), 1500, 200)).toBeLessThan(QUIET);
        expect(await play('a.wav', 0, true)).toBe(true);
        await desk.runSlowly(1200);
        expect(desk.strings('PLAYREADY')).toHaveLength(1);
        const local = play('b.wav', 0, false);
        const rung = desk.bell.played.length;
        await desk.runSlowly(1000);
        expect(await local).toBe(true);
        expect(Math.max(...desk.speaker.played)).toBeGreaterThan(3000);
        const ring = play('b.wav', 0, false, true);
        await desk.runSlowly(1000);
        expect(await ring).toBe(true);
        expect(desk.bell.played.length).toBeGreaterThan(rung);
      });
    }
    await atDesk(off, async (desk) => {
      const file = join(desk.folder, 'c.wav');
      await writeWav(file, [sines(8000, 1500, { hz: 700, levelDb: -10 })], 8000);
      const play = (device: string) =>
        desk.webphone.API_PlaySound(1, file, 0, false, true, false, -1, device, false);
      // In step with the caller: over when it is over.
      const played = outcome(play('Default'));
      await desk.runSlowly(1000);
      expect(played.text).toBe('pending');
      await desk.runSlowly(1500);
      expect(played.text).toBe('done');
      expect(await play('another speaker')).toBe(false);
    });
  });
});

describe('API_PlaySound', () => {
  it('[API_PlaySound] [stream-out/0] plays on a chosen device, to the peer and there at once, and what a web server has', async () => {
    await atDesk(off, async (desk) => {
      const path = join(desk.folder, 'tone.wav');
      await writeWav(path, [sines(8000, 600, { hz: 700, levelDb: -10 })], 8000);
      const server = createServer((request, response) => {
        if (request.url === '/tone.wav') response.end(readFileSync(path));
        else response.writeHead(404).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const call = await desk.talks();
      const play = async (file: string, remote: boolean, device: string): Promise<boolean> => {
        const played = desk.webphone.API_PlaySound(1, file, 1, true, true, remote, -1, device, false);
        await desk.runSlowly(800);
        return played;
      };
      const rings = (): number => toneAtEnd(desk.bell.played, 700, 200);
      await desk.run(1000);
      desk.speaker.forget();
      try {
        expect(await play('tone.wav', false, 'Bell')).toBe(true);
        expect(rings()).toBeGreaterThan(LOUD);
        expect(desk.speaker.played.some((sample) => Math.abs(sample) > 1000)).toBe(false);
        await desk.webphone.API_PlaySound(0);
        desk.bell.forget();
        expect(await play('tone.wav', true, 'Bell')).toBe(true);
        expect(toneAtEnd(await desk.hear(call, 600), 700, 300)).toBeGreaterThan(LOUD);
        expect(rings()).toBeGreaterThan(LOUD);
        await desk.webphone.API_PlaySound(0);
        await desk.runSlowly(300);
        expect(await play(`${url}/tone.wav`, true, '')).toBe(true);
        expect(toneAtEnd(await desk.hear(call, 600), 700, 300)).toBeGreaterThan(LOUD);
        expect(await play(`${url}/none.wav`, true, '')).toBe(false);
        expect(desk.strings('ERROR').at(-1)).toContain('404');
        expect(await play('tone.wav', false, 'Nowhere')).toBe(false);
        expect(desk.strings('ERROR').at(-1)).toContain('Nowhere');
      } finally {
        server.close();
      }
    });
  });
});

describe('what the program hears', () => {
  it('[param:sendmedia_mode] [param:sendmediain_to] [param:sendmediaout_to] [param:sendmedia_to_ip] [param:sendmedia_atype] [param:sendmedia_line] [param:sendmedia_dir] [param:sendmedia_mtype] [param:sendmedia_marks] [stream-in/0] over UDP to ports of its own, from the settings alone', async () => {
    const got: Buffer[] = [];
    const socket = createSocket('udp4');
    socket.on('message', (data) => got.push(Buffer.from(data)));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const packets = async (settings: Record<string, number | string>): Promise<Buffer[]> => {
      got.length = 0;
      await atDesk({ sendmedia_to_ip: '127.0.0.1', sendmediain_to: port, ...settings }, async (desk) => {
        desk.microphone.hears = sineOf(1000);
        const call = await desk.talks();
        sound(call.media as MediaSession, 600);
        await desk.runSlowly(600);
        desk.webphone.API_Hangup(-2);
        await desk.runSlowly(200);
      });
      return [...got];
    };
    try {
      const plain = await packets({});
      expect(plain.length).toBeGreaterThan(15);
      expect(new Set(plain.map(({ length }) => length))).toEqual(new Set([320]));
      expect(await packets({ sendmedia_mode: 0 })).toEqual([]);
      expect(await packets({ sendmedia_mode: 2 })).toEqual([]);
      const lengths: number[] = [];
      for (const sendmedia_atype of [1, 2, 3, 4, 5, 6])
        lengths.push((await packets({ sendmedia_atype }))[3].length);
      expect(lengths).toEqual([172, 320, 640, 160, 640, 640]);
      const marked = await packets({ sendmedia_marks: 1, sendmedia_line: 1 });
      expect([marked[0], marked.at(-1)].map(String).sort()).toEqual(['BOF', 'EOF']);
      expect(marked[3].toString('latin1', 0, 2)).toBe('1,');
      const both = await packets({
        sendmediaout_to: port,
        sendmedia_mtype: 3,
        sendmedia_dir: 3,
        sendmedia_line: 3,
      });
      expect(new Set(both.map((data) => data.subarray(0, 3).join()))).toEqual(new Set(['1,1,1', '1,2,1']));
      const sent = await packets({ sendmediaout_to: port, sendmedia_dir: 2, sendmedia_mtype: 3 });
      expect(sent.length).toBeGreaterThan(15);
      expect(await packets({ sendmedia_mtype: 2 })).toEqual([]);
    } finally {
      socket.close();
    }
  });
});

describe('what the program hears of a conference', () => {
  const LINE = /^\d,/;
  /** What comes to two ports while two calls are in conference, and after one of them has left it. */
  async function conference(settings: Record<string, number | string>) {
    const open = async (): Promise<{ got: Buffer[]; port: number; close(): void }> => {
      const got: Buffer[] = [];
      const socket = createSocket('udp4');
      socket.on('message', (data) => got.push(Buffer.from(data)));
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      return { got, port: socket.address().port, close: () => socket.close() };
    };
    const [received, sent] = [await open(), await open()];
    /** Levels of the tones in what came for a line: of the first peer, the second, and the microphone. */
    const levels = (packets: readonly Buffer[], line: number): boolean[] => {
      const audio = packets.filter((data) => String(data.subarray(0, 2)) === `${line},`);
      const data = Buffer.concat(audio.map((packet) => packet.subarray(2)));
      const pcm = Int16Array.from({ length: data.length / 2 }, (_, i) => data.readInt16LE(2 * i));
      return [700, 1500, 1000].map((hz) => toneAtEnd(pcm, hz, 400) > LOUD);
    };
    const lines = (packets: readonly Buffer[]): number[] =>
      [...new Set(packets.map((data) => Number.parseInt(String(data.subarray(0, 1)), 10)))].sort();
    try {
      return await atDesk(
        {
          sendmediain_to: received.port,
          sendmediaout_to: sent.port,
          sendmedia_line: 1,
          sendmedia_atype: 3,
          ...settings,
        },
        async (desk) => {
          desk.microphone.hears = sineOf(1000);
          for (const [line, hz] of [
            [1, 700],
            [2, 1500],
          ])
            sound((await desk.talks(line)).media as MediaSession, hz);
          expect(desk.webphone.API_Conf()).toBe(true);
          await desk.runSlowly(400);
          const queued = async (): Promise<number[]> => {
            const numbers: number[] = [];
            for (;;) {
              const data = Buffer.from(await desk.webphone.API_GetMedia(0));
              if (!LINE.test(data.toString('latin1', 0, 2))) return numbers;
              numbers.push(data[0] - 48);
            }
          };
          await queued();
          const listen = async () => {
            received.got.length = sent.got.length = 0;
            await desk.runSlowly(800);
            const [heard, said] = [[...received.got], [...sent.got]];
            return {
              lines: [lines(heard), lines(said)],
              /** Packets a second. */
              rate: Math.round(heard.length / 8) * 10,
              heard: [levels(heard, 1), levels(heard, 2)],
              said: [levels(said, 1), levels(said, 2)],
              queued: [...new Set(await queued())].sort(),
            };
          };
          const together = await listen();
          expect(desk.webphone.API_ConfEx(2, '', false)).toBe(true);
          await desk.runSlowly(400);
          return { together, apart: await listen() };
        },
      );
    } finally {
      received.close();
      sent.close();
    }
  }

  it('[param:sendmedia_conf] [stream-in/1] one stream of all, mixed, marked as its first line, unless each is wanted', async () => {
    for (const settings of [{}, { sendmedia_conf: 0 }, { sendmedia_conf: 'DEF' }] as Array<
      Record<string, string>
    >) {
      const { together, apart } = await conference(settings);
      expect(together).toMatchObject({ lines: [[1], [1]], rate: 50, queued: [1] });
      // What both say; and what the first is sent, the microphone and the second.
      expect(together.heard[0]).toEqual([true, true, false]);
      expect(together.said[0]).toEqual([false, true, true]);
      expect(apart).toMatchObject({
        lines: [
          [1, 2],
          [1, 2],
        ],
        rate: 100,
        queued: [1, 2],
      });
      expect(apart.heard).toEqual([
        [true, false, false],
        [false, true, false],
      ]);
    }
    const { together } = await conference({ sendmedia_conf: 1 });
    expect(together).toMatchObject({
      lines: [
        [1, 2],
        [1, 2],
      ],
      rate: 100,
      queued: [1, 2],
    });
    expect(together.heard).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
    expect(together.said).toEqual([
      [false, true, true],
      [true, false, true],
    ]);
  });
});

describe('the queue of API_GetMedia', () => {
  it('[stream-in/2] [API_GetMediaEnd] holds 900 packets, begins anew when nobody takes them, and ends when told to', async () => {
    await atDesk({}, async (desk) => {
      const call = await desk.talks();
      sound(call.media as MediaSession, 600);
      const { webphone } = desk;
      /** How many can be had at once, while no time passes in the calls. */
      const take = async (): Promise<number> => {
        let count = 0;
        while ((await webphone.API_GetMedia(0)).length > 0) count++;
        return count;
      };
      await take();
      await desk.runSlowly(17_000);
      const waiting = await take();
      expect(waiting).toBeGreaterThan(700);
      expect(waiting).toBeLessThanOrEqual(900);
      await desk.runSlowly(20_000);
      expect(await take()).toBeLessThan(waiting / 2);
      await desk.runSlowly(1000);
      expect(webphone.API_GetMediaEnd()).toBe(true);
      await desk.runSlowly(1000);
      expect(await take()).toBe(0);
      await desk.runSlowly(1000);
      expect(await take()).toBeGreaterThan(40);
    });
  });
});

describe('the queue nobody takes from', () => {
  it('[stream-in/2] [API_GetMedia] comes to rest after a while, and is filled again for who comes', async () => {
    await atDesk({}, async (desk) => {
      const call = await desk.talks();
      const streams: number[] = [];
      const session = call.media as MediaSession;
      let running = 0;
      for (const one of desk.sessions) {
        const open = one.stream.bind(one);
        one.stream = async (options) => {
          const stream = await open(options);
          running++;
          const close = (): void => {
            running--;
            stream.close();
          };
          return { close };
        };
      }
      sound(session, 600);
      await desk.webphone.API_GetMedia(0);
      for (let n = 0; n < 7; n++) {
        await desk.runSlowly(10_000);
        streams.push(running);
      }
      expect([streams[0], streams.at(-1)]).toEqual([1, 0]);
      expect((await desk.webphone.API_GetMedia(0)).length).toBe(0);
      await desk.runSlowly(500);
      expect((await desk.webphone.API_GetMedia(0)).length).toBeGreaterThan(100);
    });
  });
});

describe('reports of the audio', () => {
  it('[param:rtpstat] [notify:RTPSTAT] come after so many seconds, by themselves, or not', async () => {
    const counts: number[] = [];
    for (const rtpstat of [0, -1, 2]) {
      await atDesk({ rtpstat }, async (desk) => {
        await desk.talks();
        await desk.run(15_000);
        counts.push(desk.strings('RTPSTAT').length);
      });
    }
    expect(counts[0]).toBe(0);
    expect(counts[1]).toBeGreaterThanOrEqual(2);
    expect(counts[1]).toBeLessThanOrEqual(4);
    expect(counts[2]).toBe(7);
  });

  it('[param:vadstat_ival] [param:vadbyline] [notify:VAD] [vad/0] [vad/1] tell who speaks, of all and of each line, as often as asked and when it changes', async () => {
    for (const vadbyline of [0, 1]) {
      await atDesk({ vadstat: 3, vadstat_ival: 1000, vadbyline }, async (desk) => {
        const call = await desk.talks();
        await desk.run(2500);
        const global = () => desk.strings('VAD').filter((text) => text.startsWith('VAD,local_vad'));
        expect(global().at(-1)).toMatch(/local_speaking: no .*remote_speaking: no$/);
        const quiet = global().length;
        // The same is not told again.
        await desk.run(5000);
        expect(global().length).toBe(quiet);
        desk.microphone.hears = voiceOf(1000);
        await desk.run(1200);
        expect(global().at(-1)).toMatch(
          /local_avg: [1-9]\d* local_max: [1-9]\d* local_speaking: yes .*remote_speaking: no$/,
        );
        speak(call.media as MediaSession, 600);
        await desk.run(1200);
        expect(global().at(-1)).toMatch(
          /local_speaking: yes remote_vad: ON remote_avg: [1-9]\d* remote_max: [1-9]\d* remote_speaking: yes$/,
        );
        const lines = desk.strings('VAD').filter((text) => text.startsWith('VAD,line: 1 remote_vad'));
        expect(lines.length > 0).toBe(vadbyline === 1);
        if (vadbyline === 1) expect(lines.at(-1)).toMatch(/remote_speaking: yes$/);
        const polled = desk.webphone.API_VAD(1);
        await desk.run(10);
        expect(await polled).toMatch(/^VAD,line: 1 remote_vad: ON .*remote_speaking: yes$/);
        // Who has asked is told nothing by itself any more.
        desk.microphone.hears = sineOf(0);
        const before = desk.strings('VAD').length;
        await desk.run(5000);
        expect(desk.strings('VAD')).toHaveLength(before);
      });
    }
  });

  it('[param:vadbyline] [notify:VAD] [vad/0] tell lines apart', async () => {
    await atDesk({ vadstat: 3, vadstat_ival: 500, vadbyline: 1, automute: 0, autohold: 0 }, async (desk) => {
      const first = await desk.talks();
      await desk.talks(2);
      speak(first.media as MediaSession, 600);
      await desk.run(1200);
      const last = (line: number): string | undefined =>
        desk
          .strings('VAD')
          .filter((text) => text.startsWith(`VAD,line: ${line} `))
          .at(-1);
      expect(last(1)).toMatch(/remote_avg: [1-9]\d* remote_max: [1-9]\d* remote_speaking: yes$/);
      expect(last(2)).toMatch(/remote_speaking: no$/);
    });
  });

  it('[param:vadstat] [param:vadstat_ival] [notify:VAD] [vad/1] come after the period, with vadstat 4 at once when somebody begins or ends to speak', async () => {
    /** When something was told after the microphone began and ceased to hear somebody, ms. */
    const delays = (settings: Record<string, number>): Promise<Array<[string, number]>> =>
      atDesk(settings, async (desk) => {
        await desk.talks();
        await desk.run(9000);
        const told: Array<[string, number]> = [];
        let from = desk.world.clock.now();
        desk.webphone.notifications.on('VAD', (one) => {
          const says = /local_speaking: (\w+)/.exec(String(one))?.[1] ?? '';
          if (told.at(-1)?.[0] !== says) told.push([says, desk.world.clock.now() - from]);
        });
        desk.microphone.hears = voiceOf(1000);
        await desk.run(2500);
        from = desk.world.clock.now();
        desk.microphone.hears = noise;
        await desk.run(10_000);
        return told;
      });
    const quick = await delays({ vadstat: 4, vadstat_ival: 60_000 });
    expect(quick.map(([says]) => says)).toEqual(['yes', 'no']);
    for (const [, ms] of quick) expect(ms).toBeLessThan(700);
    // Every three seconds by default.
    const slow = await delays({ vadstat: 3 });
    expect(slow.at(-1)?.[0]).toBe('no');
    expect(slow.at(-1)?.[1]).toBeLessThanOrEqual(3300);
    expect(await delays({ vadstat: 3, vadstat_ival: 60_000 })).toEqual([]);
    expect(await delays({ vadstat: 1 })).toEqual([]);
  });
});
