import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Codec, findCodec } from '../../../../src/codecs/index.js';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { type MediaSession, parseWav, readWav } from '../../../../src/media/index.js';
import { startFtpServer } from '../../../support/ftp-server.js';
import { sineOf, sound } from '../../../support/headset-room.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

const LOUD = -30;

type Given = Record<string, string | number>;

const account = { serveraddress: '10.0.0.2', register: 0, username: 'anna', password: 'x' };

/** A call of so long in which we say 1000 Hz and hear 600 Hz. */
async function talk(desk: WebphoneDesk, ms = 1000): Promise<void> {
  desk.microphone.hears = sineOf(1000);
  const call = await desk.talks();
  sound(call.media as MediaSession, 600);
  await desk.runSlowly(ms);
}

/** Time passes, for the disk as well, until the last VREC is the one. */
async function until(desk: WebphoneDesk, pattern: RegExp): Promise<void> {
  const last = async (): Promise<string> => {
    await desk.runSlowly(100);
    return desk.strings('VREC').at(-1) ?? '';
  };
  await expect.poll(last, { timeout: 8000 }).toMatch(pattern);
}

/** Hangs up once the disk has what it needs, so that nothing is cut off before it began. */
async function over(desk: WebphoneDesk): Promise<void> {
  const begun = async (): Promise<boolean> => {
    await desk.runSlowly(100);
    return (
      desk.webphone.API_GetLastRecFileName() !== '' ||
      desk.strings('VREC').some((one) => one.startsWith('VREC,-1,'))
    );
  };
  await expect.poll(begun, { timeout: 8000 }).toBe(true);
  desk.webphone.API_Hangup(-2);
  await until(desk, /^VREC,-1,/);
}

const filesOf = (desk: WebphoneDesk, pattern: RegExp): string[] =>
  readdirSync(desk.folder)
    .filter((name) => pattern.test(name))
    .sort();

function heard(samples: Int16Array, hz: number, rate: number): boolean {
  return toneLevelDbov(samples.subarray(samples.length >> 1), hz, rate) > LOUD;
}

/** Which of the tones of a call are there, in Hz. */
const pitches = (samples: Int16Array, rate: number): number[] =>
  [600, 1000].filter((hz) => heard(samples, hz, rate));

/** Of each channel of a wave file. */
function tonesOf(bytes: Buffer): number[][] {
  const { channels, sampleRate } = parseWav(bytes);
  return channels.map((samples) => pitches(samples, sampleRate));
}

/** Where RIFF has them. */
const waveHeader = (bytes: Buffer) => ({
  channels: bytes.readUInt16LE(22),
  rate: bytes.readUInt32LE(24),
  bits: bytes.readUInt16LE(34),
});

function gsmSamples(bytes: Buffer): Int16Array {
  const decoder = (findCodec('GSM', 8000) as Codec).createDecoder();
  const samples = new Int16Array((bytes.length / 33) * 160);
  for (let frame = 0; frame * 33 < bytes.length; frame++)
    decoder.decode(bytes, frame * 33, (frame + 1) * 33, samples, frame * 160);
  return samples;
}

/** Takes uploads on the loopback address. */
async function uploads(work: (url: string, got: IncomingHttpHeaders[]) => Promise<void>): Promise<void> {
  const got: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      got.push(request.headers);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/FILENAME`, got);
  } finally {
    server.close();
  }
}

describe('recordings by the settings', () => {
  it('[param:voicerecording] [notify:VREC] [recording/4] of every call, with stages, kind, path and source told', async () => {
    await atDesk({ voicerecording: 1 }, async (desk) => {
      await talk(desk);
      await over(desk);
      const [file] = filesOf(desk, /^\d{14}_peer\.wav$/);
      const path = join(desk.folder, file);
      expect(desk.strings('VREC')).toEqual([
        'VREC,1,1,,,,AUTO',
        `VREC,1,2,1,${path},,AUTO`,
        `VREC,-1,3,1,${path},,AUTO`,
      ]);
      const { channels, sampleRate } = await readWav(path);
      expect([channels.length, sampleRate]).toEqual([2, 8000]);
      expect([heard(channels[0], 600, 8000), heard(channels[0], 1000, 8000)]).toEqual([true, false]);
      expect([heard(channels[1], 1000, 8000), heard(channels[1], 600, 8000)]).toEqual([true, false]);
    });
    await atDesk({ voicerecording: 0 }, async (desk) => {
      await talk(desk, 200);
      expect(desk.strings('VREC')).toEqual([]);
      expect(desk.webphone.API_VoiceRecord(2, 2, '', -1)).toBe(false);
    });
  });

  // Kind 5 waits for SIPREC; which server kind 4 would be is not said anywhere, and it is not sent.
  it('[param:voicerecording] [notify:VREC] [recording/4] uploads are told by kind, with the address, and why they failed', async () => {
    const ftp = await startFtpServer();
    const full = await startFtpServer({ STOR: '552 no space' });
    const recorded = (given: Given, mode?: number): Promise<string[]> =>
      atDesk({ voicerecfilename: 4, ...account, ...given }, async (desk) => {
        await talk(desk, 300);
        if (mode !== undefined) expect(desk.webphone.API_VoiceRecord(mode, 2, '', -1)).toBe(true);
        await desk.runSlowly(200);
        await over(desk);
        return desk.strings('VREC').map((text) => text.replaceAll(/\d{14}/g, 'TIME'));
      });
    try {
      expect(
        await recorded({ voicerecording: 2, voicerecftp_addr: `ftp://bert:pass@${ftp.address}/x/FILENAME` }),
      ).toEqual([
        'VREC,1,1,,,,AUTO',
        `VREC,1,2,2,ftp://${ftp.address}/x/FILENAME,,AUTO`,
        `VREC,-1,3,2,ftp://${ftp.address}/x/TIME_anna_peer.wav,,AUTO`,
      ]);
      expect(parseWav([...ftp.files.values()][0]).channels).toHaveLength(2);
      expect(await recorded({ voicerecftp_addr: `ftp://${full.address}/FILENAME` }, 3)).toEqual([
        'VREC,1,1,,,,USER',
        `VREC,1,2,2,ftp://${full.address}/FILENAME,,USER`,
        expect.stringMatching(/^VREC,-1,4,2,ftp:\/\/127\.0\.0\.1:\d+\/FILENAME,[^,]*552 no space[^,]*,USER$/),
      ]);
      await uploads(async (url, got) => {
        expect(await recorded({ voicerecording: 3, http_addr: url })).toEqual([
          'VREC,1,1,,,,AUTO',
          `VREC,1,2,3,${url},,AUTO`,
          `VREC,-1,3,3,${url.replace('FILENAME', 'TIME_anna_peer.wav')},,AUTO`,
        ]);
        expect(got).toHaveLength(1);
      });
    } finally {
      ftp.close();
      full.close();
    }
  });

  it('[param:voicerecformat] [recording/0] as wave, GSM, Vorbis or MP3, in one file or two', async () => {
    const record = (voicerecformat: number): Promise<Array<{ name: string; bytes: Buffer }>> =>
      atDesk({ voicerecording: 1, voicerecformat }, async (desk) => {
        await talk(desk);
        await over(desk);
        const names = filesOf(desk, /\.(wav|gsm|ogg|mp3)$/);
        return names.map((name) => ({
          name: name.replace(/^\d{14}_peer/, ''),
          bytes: readFileSync(join(desk.folder, name)),
        }));
      });
    const both = ['-received', '-sent'];
    const [stereo] = await record(0);
    expect(stereo.name).toBe('.wav');
    expect(waveHeader(stereo.bytes)).toEqual({ channels: 2, rate: 8000, bits: 16 });
    expect(tonesOf(stereo.bytes)).toEqual([[600], [1000]]);

    const gsm = await record(1);
    expect(gsm.map(({ name }) => name)).toEqual(both.map((side) => `${side}.gsm`));
    for (const { bytes } of gsm) {
      // Frames of 20 ms in 33 bytes, which begin with the signature of RFC 3551 §4.5.8.
      expect(bytes.length % 33).toBe(0);
      for (let at = 0; at < bytes.length; at += 33) expect(bytes[at] >> 4).toBe(0xd);
    }
    expect(gsm.map(({ bytes }) => pitches(gsmSamples(bytes), 8000))).toEqual([[600], [1000]]);

    const [vorbis] = await record(2);
    expect(vorbis.name).toBe('.ogg');
    expect(vorbis.bytes.toString('latin1', 28, 35)).toBe('\x01vorbis');
    expect([vorbis.bytes[39], vorbis.bytes.readUInt32LE(40)]).toEqual([2, 8000]);

    const [mp3] = await record(3);
    expect(mp3.name).toBe('.mp3');
    // Layer III of MPEG 2.5, 8 kHz, not mono: ISO/IEC 11172-3 §2.4.1.3.
    expect(mp3.bytes.readUInt16BE(0) & 0xfffe).toBe(0xffe2);
    expect([(mp3.bytes[2] >> 2) & 3, mp3.bytes[3] >> 6 === 3]).toEqual([2, false]);

    const two = await record(4);
    expect(two.map(({ name }) => name)).toEqual(both.map((side) => `${side}.wav`));
    expect(two.map(({ bytes }) => waveHeader(bytes))).toEqual(
      both.map(() => ({ channels: 1, rate: 8000, bits: 16 })),
    );
    expect(two.map(({ bytes }) => tonesOf(bytes))).toEqual([[[600]], [[1000]]]);

    const [mixed] = await record(5);
    expect(mixed.name).toBe('.wav');
    expect(waveHeader(mixed.bytes)).toEqual({ channels: 1, rate: 8000, bits: 16 });
    expect(tonesOf(mixed.bytes)).toEqual([[600, 1000]]);
  });

  it('[param:voicerecsamplerate] [recording/0] at the rate of the call, or at another', async () => {
    for (const [given, rate] of [
      [{ codec: 'PCMA' }, 8000],
      [{ codec: 'G722' }, 16_000],
      [{ codec: 'G722', voicerecsamplerate: 8 }, 8000],
      [{ codec: 'PCMA', voicerecsamplerate: 16 }, 16_000],
      [{ codec: 'PCMA', voicerecsamplerate: 24 }, 24_000],
      [{ codec: 'PCMA', voicerecsamplerate: 32 }, 32_000],
      [{ codec: 'PCMA', voicerecsamplerate: 48 }, 48_000],
    ] as Array<[Given, number]>) {
      await atDesk(
        { voicerecording: 1, ...given },
        async (desk) => {
          await talk(desk);
          await over(desk);
          const bytes = readFileSync(join(desk.folder, filesOf(desk, /\.wav$/)[0]));
          expect(waveHeader(bytes)).toEqual({ channels: 2, rate, bits: 16 });
          expect(tonesOf(bytes)).toEqual([[600], [1000]]);
        },
        { peer: { media: { codecs: ['G722', 'PCMA'] } } },
      );
    }
  });

  it('[param:voicerecfilename] [param:voicerecfilenameprefix] [recording/1] under the names asked for', async () => {
    const names: string[] = [];
    for (const voicerecfilename of [0, 1, 2, 3, 4]) {
      await atDesk(
        { voicerecording: 1, voicerecfilename, voicerecfilenameprefix: 'rec-', ...account },
        async (desk) => {
          await talk(desk, 200);
          await over(desk);
          const [name] = filesOf(desk, /\.wav$/);
          names.push(name.replace(/\d{14}/, 'TIME').replace(/(?<=-|_)[0-9a-z]{20,}/, 'ID'));
        },
      );
    }
    expect(names).toEqual([
      'rec-TIME_peer.wav',
      'rec-TIME_ID.wav',
      'rec-ID.wav',
      'rec-TIME_anna.wav',
      'rec-TIME_anna_peer.wav',
    ]);
  });

  it('[param:voicerecording] are kept here when there is nowhere to upload them to', async () => {
    for (const [voicerecording, files] of [
      [2, 0],
      [3, 1],
    ]) {
      await atDesk({ voicerecording }, async (desk) => {
        await talk(desk);
        desk.webphone.API_Hangup(-2);
        await desk.runSlowly(1000);
        expect(filesOf(desk, /\.wav$/)).toHaveLength(files);
        expect(desk.strings('WARNING')).toEqual([expect.stringContaining('set http_addr or ftp_addr')]);
      });
    }
  });

  it('[param:voicerecording] [param:http_addr] [recording/2] [API_VoiceRecord] go to a file, to a server, or to both; as soon as asked or at the end', async () => {
    await uploads(async (url, got) => {
      for (const [mode, local] of [
        [1, 1],
        [2, 0],
        [3, 1],
      ] as const) {
        await atDesk({ http_addr: url }, async (desk) => {
          await talk(desk, 200);
          expect(desk.webphone.API_VoiceRecord(mode, 2, '', -1)).toBe(true);
          await desk.runSlowly(400);
          expect(desk.webphone.API_VoiceRecord(0, 2, '', -2)).toBe(true);
          await until(desk, mode === 1 ? /^VREC,-1,3,1,/ : /^VREC,-1,3,3,http:/);
          expect(filesOf(desk, /\.wav$/)).toHaveLength(local);
          expect(desk.strings('VREC')[0]).toBe('VREC,1,1,,,,USER');
        });
      }
      expect(got).toHaveLength(2);
      expect(got[0]).toMatchObject({ 'x-called': 'peer', 'x-type': 'fileupload' });
    });
    await atDesk({ voicerecording: 0 }, async (desk) => {
      await talk(desk, 200);
      expect(desk.webphone.API_VoiceRecord(4, 2, '', -1)).toBe(true);
      await desk.runSlowly(500);
      expect(desk.webphone.API_VoiceRecord(0, 0, '', -1)).toBe(true);
      await desk.runSlowly(1000);
      expect(desk.strings('VREC')).toEqual(['VREC,1,1,,,,USER']); // nothing is saved yet
      await over(desk);
      const { channels } = await readWav(join(desk.folder, filesOf(desk, /\.wav$/)[0]));
      expect(channels[0].length / 8).toBeLessThan(1000);
    });
    // Begun again before the end, it goes on in the same file.
    await atDesk({}, async (desk) => {
      await talk(desk, 200);
      desk.webphone.API_VoiceRecord(1, 2, '', -1);
      await desk.runSlowly(500);
      desk.webphone.API_VoiceRecord(0, 0, '', -1);
      await desk.runSlowly(1000);
      expect(desk.webphone.API_VoiceRecord(1, 2, '', -1)).toBe(true);
      await desk.runSlowly(1000);
      await over(desk);
      const files = filesOf(desk, /\.wav$/);
      expect(files).toHaveLength(1);
      const { channels } = await readWav(join(desk.folder, files[0]));
      expect(channels[0].length / 8).toBeGreaterThan(1200);
      expect(channels[0].length / 8).toBeLessThan(2300);
    });
  });

  it('[recording/2] [API_VoiceRecord] on all lines they are of calls to come as well, until they are to be no more', async () => {
    await atDesk({}, async (desk) => {
      expect(desk.webphone.API_VoiceRecord(1, 2, '', -1)).toBe(false);
      expect(desk.webphone.API_VoiceRecord(2, 2, '', -2)).toBe(false); // there is nowhere to upload it to
      expect(desk.webphone.API_VoiceRecord(1, 2, 'CALLID', -2)).toBe(true);
      const ids: string[] = [];
      for (let count = 1; count <= 2; count++) {
        await talk(desk, 300);
        ids.push(desk.came[count - 1].id.replace(/[^\w.@+-]/g, '_'));
        await over(desk);
        expect(filesOf(desk, /\.wav$/)).toEqual(ids.map((id) => `${id}.wav`).sort());
      }
      expect(desk.webphone.API_VoiceRecord(0)).toBe(true);
      await talk(desk, 500);
      expect(filesOf(desk, /\.wav$/)).toHaveLength(2);
      expect(desk.webphone.API_VoiceRecord(0)).toBe(false);
    });
  });

  it('[param:voicerecftp_addr] [recording/3] an address as the name goes before, an ending decides the format', async () => {
    await uploads(async (url, got) => {
      await atDesk({ voicerecftp_addr: 'ftp://127.0.0.1:1/FILENAME' }, async (desk) => {
        await talk(desk, 200);
        expect(desk.webphone.API_VoiceRecord(2, 2, url, -1)).toBe(true);
        await desk.runSlowly(300);
        await over(desk);
        expect(desk.strings('VREC').at(-1)).toContain(',3,3,http://127.0.0.1');
        expect(got).toHaveLength(1);
      });
    });
    await atDesk({ voicerecformat: 5 }, async (desk) => {
      await talk(desk, 200);
      expect(desk.webphone.API_VoiceRecord(1, 2, 'USER-talk.gsm', -1)).toBe(true);
      await desk.runSlowly(300);
      await over(desk);
      expect(filesOf(desk, /-talk.*\.gsm$/)).toHaveLength(2);
      expect(filesOf(desk, /\.wav$/)).toEqual([]);
    });
  });

  it('[param:voicerecordingbuff] ends after so many minutes', async () => {
    await atDesk({ voicerecording: 1, voicerecordingbuff: 1 }, async (desk) => {
      await talk(desk, 500);
      await desk.run(58_000);
      expect(desk.strings('VREC').some((one) => one.startsWith('VREC,-1'))).toBe(false);
      await desk.run(2500);
      await until(desk, /^VREC,-1,3,1,/);
      expect(desk.came[0].state).toBe('connected');
    });
  });

  it('[param:syncvoicerec] a silent side is silence, noise, or waited for', async () => {
    const levels: Array<[number, number]> = [];
    for (const syncvoicerec of [0, 1, 2]) {
      await atDesk({ voicerecording: 1, syncvoicerec }, async (desk) => {
        desk.microphone.hears = sineOf(1000);
        const call = await desk.talks();
        await desk.runSlowly(1000);
        sound(call.media as MediaSession, 600);
        await desk.runSlowly(1000);
        await over(desk);
        const { channels } = await readWav(join(desk.folder, filesOf(desk, /\.wav$/)[0]));
        levels.push([channels[0].length / 8, new Set(channels[0].subarray(1600, 4800)).size]);
      });
    }
    const [none, noise, both] = levels;
    // The silence of A-law is one value.
    expect([none[1], noise[1] > 10]).toEqual([1, true]);
    expect(none[0] - both[0]).toBeGreaterThan(700);
    expect(both[1]).toBeGreaterThan(10);
  });
});
