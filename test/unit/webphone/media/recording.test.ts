import { existsSync, readdirSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../../src/base/errors.js';
import { toneLevelDbov } from '../../../../src/dsp/goertzel.js';
import { type MediaSession, readWav } from '../../../../src/media/index.js';
import { sineOf, sound } from '../../../support/headset-room.js';
import { atDesk, type WebphoneDesk } from '../../../support/webphone-desk.js';

const LOUD = -30;

type Given = Record<string, string | number>;

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

async function over(desk: WebphoneDesk): Promise<void> {
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
        'VREC,1,1,,,,SETTINGS',
        `VREC,1,2,1,${path},,SETTINGS`,
        `VREC,-1,3,1,${path},,SETTINGS`,
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

  it('[param:voicerecformat] [param:voicerecsamplerate] [recording/0] in two channels, files for each side, or mixed, at a rate', async () => {
    const record = async (
      given: Given,
    ): Promise<Array<{ name: string; channels: Int16Array[]; rate: number }>> =>
      atDesk({ voicerecording: 1, voicerecfilename: 2, ...given }, async (desk) => {
        await talk(desk);
        await over(desk);
        return Promise.all(
          filesOf(desk, /\.wav$/).map(async (name) => {
            const { channels, sampleRate } = await readWav(join(desk.folder, name));
            return { name, channels: [...channels], rate: sampleRate };
          }),
        );
      });
    const [received, sent] = await record({ voicerecformat: 4, voicerecsamplerate: 16 });
    expect([received.name, sent.name]).toEqual([
      expect.stringMatching(/-received\.wav$/),
      expect.stringMatching(/-sent\.wav$/),
    ]);
    expect([received.channels.length, received.rate]).toEqual([1, 16_000]);
    expect([heard(received.channels[0], 600, 16_000), heard(sent.channels[0], 1000, 16_000)]).toEqual([
      true,
      true,
    ]);
    const [mixed] = await record({ voicerecformat: 5, voicerecsamplerate: 48 });
    expect([mixed.channels.length, mixed.rate]).toEqual([1, 48_000]);
    expect([600, 1000].map((hz) => heard(mixed.channels[0], hz, 48_000))).toEqual([true, true]);
    await atDesk({ voicerecording: 1, voicerecformat: 1 }, async (desk) => {
      await talk(desk);
      await over(desk);
      expect(filesOf(desk, /\.gsm$/)).toHaveLength(2);
    });
  });

  it('[param:voicerecfilename] [param:voicerecfilenameprefix] [recording/1] under the names asked for', async () => {
    const names: string[] = [];
    const account = { serveraddress: '10.0.0.2', register: 0, username: 'anna', password: 'x' };
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
      expect(desk.strings('VREC').some((one) => one.startsWith('VREC,-1'))).toBe(false);
      await over(desk);
      const { channels } = await readWav(join(desk.folder, filesOf(desk, /\.wav$/)[0]));
      expect(channels[0].length / 8).toBeLessThan(1000);
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

  it('[recording/5] a wave file takes the place of a format that cannot be made, and it is said so', async () => {
    await atDesk({ voicerecording: 1, voicerecformat: 3 }, async (desk) => {
      const openSession = desk.engine.openSession.bind(desk.engine);
      desk.engine.openSession = async (options) => {
        const session = await openSession(options);
        const record = session.record.bind(session);
        session.record = (path, how) =>
          path.endsWith('.mp3')
            ? Promise.reject(new SwitchhookError('ERR_MEDIA_CODEC', { codec: 'mp3', why: 'no encoder' }))
            : record(path, how);
        return session;
      };
      await talk(desk);
      await over(desk);
      const [name] = filesOf(desk, /\.wav$/);
      expect(desk.strings('VREC').at(-1)).toBe(
        `VREC,-1,3,1,${join(desk.folder, name)},saved as wav,SETTINGS`,
      );
      const { channels } = await readWav(join(desk.folder, name));
      expect(heard(channels[0], 600, 8000)).toBe(true);
      expect(existsSync(join(desk.folder, basename(name, '.wav').concat('.mp3')))).toBe(false);
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
