import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../../../src/exchange/index.js';
import { MediaEngine, writeWav } from '../../../src/media/index.js';
import { type Notification, Webphone } from '../../../src/webphone/index.js';

/** Over loopback, with real audio: what plays, records, streams and measures. */
let exchange: Exchange;
let engine: MediaEngine;
let webphone: Webphone;
let folder: string;
let told: Notification[];

beforeAll(async () => {
  engine = await MediaEngine.start({ workers: 'in-process' });
  exchange = await new Exchange({
    users: { alice: 'secret' },
    authenticateCalls: false,
    engine,
    prompt: join(import.meta.dirname, '..', '..', '..', 'assets', 'speech.wav'),
  }).start();
});
afterAll(async () => {
  await exchange.close();
  await engine.close();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-media-'));
  told = [];
  webphone = new Webphone({
    startsipstack: 0,
    settings: {
      serveraddress: exchange.address,
      username: 'alice',
      password: 'secret',
      register: 0,
      useaudiodevicerecord: false,
      useaudiodeviceplayback: false,
    },
    workFolder: folder,
    phone: { engine },
  });
  webphone.notifications.subscribe((one) => told.push(one));
  webphone.API_Start();
});
afterEach(async () => {
  await webphone.close();
  rmSync(folder, { recursive: true, force: true });
});

const strings = (kind: string): string[] => told.filter((one) => one.kind === kind).map(String);
const until = (kind: string, text = /./): Promise<void> =>
  expect.poll(() => strings(kind).some((one) => text.test(one)), { timeout: 10_000 }).toBe(true);

async function connected(peer: string): Promise<void> {
  const before = strings('STATUS').filter((text) => /,CallConnect,/.test(text)).length;
  webphone.API_Call(-1, peer);
  await expect
    .poll(() => strings('STATUS').filter((text) => /,CallConnect,/.test(text)).length, { timeout: 10_000 })
    .toBe(before + 1);
}

describe('audio through the functions', () => {
  it('[API_PlaySound] [API_StreamSoundBuff] [API_StreamSoundStream] [notify:PLAYREADY] play to the peer and say when it is out', async () => {
    const samples = new Int16Array(4000).fill(1000);
    await writeWav(join(folder, 'tone.wav'), [samples], 8000);
    await connected('echo');
    expect(await webphone.API_PlaySound(1, 'tone.wav', 0, false, true, true, -1, '', false)).toBe(true);
    await until('PLAYREADY', /^PLAYREADY,1,\[/);
    told.length = 0;
    const bytes = new Uint8Array(samples.buffer);
    expect(webphone.API_StreamSoundBuff(1, -1, bytes, 0)).toBe(true);
    await until('PLAYREADY');
    told.length = 0;
    expect(webphone.API_StreamSoundStream(1, -1, Readable.from([bytes, bytes]))).toBe(true);
    await until('PLAYREADY');
    expect(webphone.API_StreamSoundBuff(0, -1, bytes, 0)).toBe(true);
    expect(await webphone.API_PlaySound(0, '', 0, false, false, false, -1, '', false)).toBe(true);
    expect(await webphone.API_PlaySound(1, '', 0, false, true, true, -1, '', false)).toBe(false);
    expect(webphone.API_StreamSoundStream(1, -1, { not: 'a stream' } as never)).toBe(false);
  });

  it('[API_VoiceRecord] [API_GetLastRecFileName] [API_RecFiles_Del] [notify:VREC] record calls into files', async () => {
    expect(webphone.API_VoiceRecord(0)).toBe(false);
    await connected('tone');
    expect(webphone.API_VoiceRecord()).toBe(true);
    await until('VREC', /^VREC,1,1,/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(webphone.API_VoiceRecord(0)).toBe(true);
    await until('VREC', /^VREC,-1,3,1,/);
    expect(strings('VREC')[0]).toBe('VREC,1,1,,,,USER');
    const file = webphone.API_GetLastRecFileName('1');
    expect(existsSync(file)).toBe(true);
    expect(file).toMatch(/_tone\.wav$/);
    expect(await webphone.API_RecFiles_Del()).toBe(true);
    expect(existsSync(file)).toBe(false);
    expect(webphone.API_GetLastRecFileName()).toBe('');
    expect(webphone.API_VoiceRecord(2)).toBe(false);
  });

  it('[API_GetMedia] [API_GetMediaEnd] [stream-in/0] give the packets of a call', async () => {
    await connected('tone');
    const packets: number[] = [];
    for (let i = 0; i < 20; i++) packets.push((await webphone.API_GetMedia(500)).length);
    expect(packets.filter((length) => length >= 320).length).toBeGreaterThan(10);
    expect(webphone.API_GetMediaEnd()).toBe(true);
  });

  it('[API_RTPStat] [API_VAD] [notify:RTPSTAT] [notify:VAD] [vad/0] [rtp-stats/0] measure what is sent and heard', async () => {
    webphone.API_SetParameter('rtpstat', 1);
    webphone.API_SetParameter('vadstat', 3);
    webphone.API_SetParameter('vadstat_ival', 500);
    // A tone is speech at first and noise in the long run; a voice is speech again after each pause.
    await connected('prompt');
    await until(
      'VAD',
      /^VAD,local_vad: ON local_avg: \d+ local_max: \d+ local_speaking: no remote_vad: ON .*remote_speaking: yes$/,
    );
    await expect
      .poll(() => webphone.API_VAD(1), { timeout: 10_000 })
      .toMatch(/^VAD,line: 1 remote_vad: ON .*remote_speaking: yes$/);
    await until('RTPSTAT', /^RTPSTAT,[1-5],\d+,[1-9]\d*,\d+,\d+$/);
    expect(await webphone.API_RTPStat()).toMatch(/^RTPSTAT,\d,\d+,\d+,\d+,\d+$/);
    told.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect([...strings('RTPSTAT'), ...strings('VAD')]).toEqual([]);
  });

  it('[API_Conf] [API_ConfEx] [notify:GROUP] [conf-multi/1] mix calls, add and remove lines, and end', async () => {
    expect(webphone.API_Conf()).toBe(false);
    await connected('tone');
    await connected('echo');
    expect(webphone.API_Conf()).toBe(true);
    await until('GROUP', /^GROUP,1,tone \| echo$|^GROUP,1,echo \| tone$/);
    expect(webphone.API_Conf('echo')).toBe(true);
    await until('GROUP', /^GROUP,3,.*\|.*\|/);
    expect(webphone.API_ConfEx(3, '', false)).toBe(true);
    expect(webphone.API_ConfEx(3, '')).toBe(true);
    expect(webphone.API_ConfEx(-2)).toBe(true);
    expect(webphone.API_GetCurrentConnectedCallCount()).toBe(3);
    expect(webphone.API_ConfEx(2, '', false)).toBe(false);
  });

  it('[API_IsOnline] [API_IsEncrypted] [API_GetAddress] [API_GetMySIPURI] [API_GetProfileStatusText] [param:profilestatustext] [API_CheckConnection] tell of the network', async () => {
    expect(webphone.API_IsOnline()).toBe(true);
    await connected('echo');
    expect(webphone.API_IsEncrypted()).toBe(0);
    expect(webphone.API_GetAddress()).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(webphone.API_GetMySIPURI()).toBe(`alice@${exchange.address}`);
    expect(webphone.API_GetMySIPURI(true)).toBe(
      `alice@${exchange.address},alice@${webphone.API_GetAddress()}`,
    );
    webphone.API_SetParameter('profilestatustext', 'busy bee');
    expect(webphone.API_GetProfileStatusText('alice')).toBe('busy bee');
    expect(webphone.API_GetProfileStatusText('nobody')).toBe('');
    expect(webphone.API_CheckConnection()).toBeUndefined();
  });
});
