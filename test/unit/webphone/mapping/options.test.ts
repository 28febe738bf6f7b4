/** Settings that shape options whose effect is tested below: that they do, and that the phone has them. */
import { describe, expect, it } from 'vitest';
import type { PolicyOptions } from '../../../../src/phone/index.js';
import { callPolicies, holdOptions } from '../../../../src/webphone/mapping/call-options.js';
import { codecSettings } from '../../../../src/webphone/mapping/codec-options.js';
import { mediaOptions } from '../../../../src/webphone/mapping/media-options.js';
import { networkOptions } from '../../../../src/webphone/mapping/network-options.js';
import { phoneOptions } from '../../../../src/webphone/mapping/phone-options.js';
import { recordingPlan } from '../../../../src/webphone/mapping/recording-options.js';
import { inputFormat, streamPlan } from '../../../../src/webphone/mapping/stream-options.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { type Given, inWorld } from '../../../support/settings-world.js';

function of(given: Given, line = 0): Settings {
  const settings = new Settings();
  for (const [name, value] of Object.entries(given)) {
    const result = settings.set(name, value, line ? { line } : {});
    if (!result.ok) throw new Error(result.error);
  }
  return settings;
}

describe('policies', () => {
  const ROWS: ReadonlyArray<readonly [string, Given, PolicyOptions]> = [
    ['enableautoaccept', { enableautoaccept: 2 }, { answering: { automatic: 'caller' } }],
    ['autoaccept', { autoaccept: 'true' }, { answering: { automatic: 'all' } }],
    ['autoacceptheader', { autoacceptheader: 'X-Auto' }, { answering: { match: 'X-Auto' } }],
    ['autoacceptdelay', { autoacceptdelay: 2000 }, { answering: { delayMs: 2000 } }],
    ['deferincomingcall', { deferincomingcall: 1 }, { answering: { defer: true } }],
    ['autoignore', { autoignore: 1 }, { answering: { incoming: 'ignore' } }],
    ['rejectonbusy', { rejectonbusy: true }, { answering: { rejectWhenBusy: true } }],
    ['disccode', { disccode: 488 }, { answering: { rejectStatus: 488 } }],
    ['hideautocall', { hideautocall: 1 }, { answering: { hideAutomatic: true } }],
    ['bargeinheader', { bargeinheader: 'X-Barge' }, { bargeIn: { match: 'X-Barge' } }],
    ['blacklist', { blacklist: 'eve, 10.0.0.66' }, { filter: { block: ['eve', '10.0.0.66'] } }],
    ['whitelist', { whitelist: 'bob' }, { filter: { allow: ['bob'] } }],
    ['blockmode', { blockmode: 2 }, { filter: { mode: 'reject' } }],
    ['blockrejectcode', { blockrejectcode: 606 }, { filter: { rejectStatus: 606 } }],
    ['rejectcallto', { rejectcallto: 1 }, { filter: { callsFor: 'us' } }],
    ['rejectcallsfromunknown', { rejectcallsfromunknown: 1 }, { filter: { refuseUnknownSources: true } }],
    ['callforwardalways', { callforwardalways: '77' }, { forwarding: { always: '77' } }],
    ['callforwardonbusy', { callforwardonbusy: '78' }, { forwarding: { busy: '78' } }],
    ['callforwardonnoanswer', { callforwardonnoanswer: '79' }, { forwarding: { noAnswer: '79' } }],
    [
      'callforwardonnoanswertimeout',
      { callforwardonnoanswertimeout: 20 },
      { forwarding: { noAnswerMs: 20_000 } },
    ],
    ['callforwardcode', { callforwardcode: 301 }, { forwarding: { status: 301 } }],
    ['maxsimcalls', { maxsimcalls: 0 }, { limits: { maxCalls: 0 } }],
    ['disablesamecall', { disablesamecall: 2 }, { limits: { sameNumber: 'outgoing' } }],
    ['mustconnect', { mustconnect: 1 }, { limits: { needsRegistration: true } }],
    ['musiconhold', { musiconhold: 1 }, { music: { when: 'localHold' } }],
    ['musiconholdfile', { musiconholdfile: 'a.wav' }, { music: { file: 'a.wav' } }],
    ['setserverfromtarget', { setserverfromtarget: 2 }, { numbers: { directRoute: 'target' } }],
    [
      'autohold',
      { autohold: 3 },
      { otherLines: { hold: { incoming: true, outgoing: true, select: false } } },
    ],
    [
      'automute',
      { automute: 5 },
      { otherLines: { mute: { incoming: false, outgoing: true, select: true } } },
    ],
    ['redialonfail', { redialonfail: 0 }, { redial: { onFail: 'never' } }],
    ['allowrecall', { allowrecall: 2 }, { redial: { onFail: 'unreachable' } }],
    ['autoredial', { autoredial: 5 }, { redial: { afterDrop: 'always' } }],
    ['codecretry', { codecretry: false }, { redial: { otherCodecs: false } }],
    ['callretryonreject', { callretryonreject: 0 }, { redial: { plain: false } }],
  ];
  it.each(ROWS)('[param:%s] %o reach the phone', async (_name, given, wanted) => {
    await inWorld(given, async (world) => {
      expect(world.phone().policies).toMatchObject(wanted);
    });
  });

  it('[param:holdtype] leaves no music where the peer does not listen', () => {
    expect(phoneOptions(of({ musiconhold: 1, holdtype: 4 })).policies?.music?.when).toBe('never');
  });

  it('[param:maxlines] [param:maxlineex] [param:strictlines] say how many lines there are', async () => {
    await inWorld({ maxlines: 2, maxlineex: 8, strictlines: 6 }, async (world) => {
      const phone = world.phone();
      expect(phone.lines.count).toBe(2);
      expect(phone.lines.strict).toBe(true);
    });
  });
});

describe('the media session', () => {
  const ROWS: ReadonlyArray<readonly [string, Given, object]> = [
    ['jittersize', { jittersize: 5 }, { jitter: { minMs: 100, maxMs: 2000 } }],
    ['maxjitterpackets', { maxjitterpackets: 4 }, { jitter: { maxMs: 80 } }],
    ['audioqueuemaxsize', { audioqueuemaxsize: 5 }, { jitter: { maxMs: 100 } }],
    ['agc', { agc: 2 }, { processing: { sent: { agc: true }, received: { agc: true } } }],
    ['denoise', { denoise: 1 }, { processing: { sent: { noiseSuppression: 'light' } } }],
    ['vad', { vad: 4 }, { processing: { sent: { vad: true }, received: { vad: true } } }],
    ['forcevad', { forcevad: 3 }, { processing: { sent: { vad: true } } }],
    ['vadstat', { vadstat: 3 }, { processing: { sent: { vad: true } } }],
    ['strictssrc', { strictssrc: 2 }, { strictSource: 'ssrc' }],
    ['mediatimeout', { mediatimeout: 20 }, { watchdog: { timeoutMs: 20_000, startTimeoutMs: 10_000 } }],
    ['mediatimeout_notify', { mediatimeout_notify: 30 }, { watchdog: { silenceMs: 30_000 } }],
  ];
  it.each(ROWS)('[param:%s] %o are what it is opened with', async (_name, given, wanted) => {
    await inWorld(given, async (world) => {
      await world.dial();
      const [session] = world.engine.open;
      expect(session.options).toMatchObject(wanted);
    });
  });

  it('[param:usesdpip] of a line keeps to the address of the description', async () => {
    await inWorld({}, async (world) => {
      world.settings.set('usesdpip', 1, { line: 1 });
      await world.dial();
      const [session] = world.engine.open;
      expect(session.options.strictSource).toBe('address');
    });
  });

  const OPUS: ReadonlyArray<readonly [string, Given, object]> = [
    ['opus_cfg_bitrate', { opus_cfg_bitrate: 20_000 }, { bitrate: 20_000 }],
    ['opus_cfg_autobiw', { opus_cfg_autobiw: 2 }, { bitrate: 'auto', fixedBandwidth: false }],
    ['opus_cfg_bw', { opus_cfg_bw: 1103 }, { bandwidth: 'wide' }],
    ['opus_cfg_loss', { opus_cfg_loss: 10 }, { packetLoss: 10 }],
    ['opus_cfg_vbr', { opus_cfg_vbr: 0 }, { vbr: false }],
    ['opus_cfg_complexity', { opus_cfg_complexity: 3 }, { complexity: 3 }],
    ['opus_cfg_rate_def', { opus_cfg_rate_def: 16_000 }, { assumedRate: 16_000 }],
    ['opus_cfg_rate_force', { opus_cfg_rate_force: 24_000 }, { forcedRate: 24_000 }],
  ];
  it.each(OPUS)('[param:%s] %o are settings of the Opus encoder', (_name, given, wanted) => {
    expect(codecSettings(of(given)).opus).toMatchObject(wanted);
    expect(phoneOptions(of(given)).media?.codecSettings?.opus).toMatchObject(wanted);
  });

  it('[param:acceptholdchange] [param:answerwithallcodec] [param:setfinalcodec] negotiate as told', () => {
    const given = { acceptholdchange: 2, answerwithallcodec: 2, setfinalcodec: 3 };
    const wanted = { unhold: 'always', answerCodecs: 'all', finalCodec: 'always' };
    expect(mediaOptions(of(given), 'incoming')).toMatchObject(wanted);
    expect(phoneOptions(of(given)).media).toMatchObject(wanted);
    expect(mediaOptions(of({}), 'incoming')).toMatchObject({
      unhold: 'offer',
      answerCodecs: 'one',
      finalCodec: 'auto',
    });
  });

  it('encryption that waits for the other side is offered by nobody', () => {
    const srtp = (given: Given, direction: 'incoming' | 'outgoing') =>
      mediaOptions(of(given), direction).srtp;
    expect([srtp({}, 'incoming'), srtp({}, 'outgoing')]).toEqual(['optional', 'off']);
    expect([srtp({ transport: 2 }, 'incoming'), srtp({ transport: 2 }, 'outgoing')]).toEqual([
      'optional',
      'optional',
    ]);
    expect(srtp({ mediaencryption: 0 }, 'incoming')).toBe('off');
    expect(srtp({ mediaencryption: 2, strictsrtp: 2 }, 'outgoing')).toBe('required');
  });

  it.each([
    [{ mediaencryption: 1 }, ['required', 'required']],
    [{ transport: 2 }, ['required', 'required']],
    [{}, ['optional', 'off']],
    [{ mediaencryption: 0, transport: 2 }, ['off', 'off']],
  ])('[param:strictsrtp] 3 with %o has no call without SRTP where SRTP is spoken of', (given, wanted) => {
    const strict = of({ strictsrtp: 3, ...given });
    expect((['incoming', 'outgoing'] as const).map((way) => mediaOptions(strict, way).srtp)).toEqual(wanted);
  });

  it('[param:forcevad] 3 watches both sides whatever vad says', () => {
    const watched = (given: Given) => {
      const { sent, received } = mediaOptions(of(given), 'incoming').processing ?? {};
      return [sent?.vad ?? false, received?.vad ?? false];
    };
    expect(watched({ vad: 1 })).toEqual([false, false]);
    expect(watched({ vad: 1, forcevad: 1 })).toEqual([false, false]);
    expect(watched({ vad: 1, forcevad: 3 })).toEqual([true, true]);
  });
});

describe('hold', () => {
  it('[param:holdtype] [param:holdexplicit] [param:muteonhold] [param:defmute] as told', async () => {
    expect([-2, -1, 2, 3, 4].map((holdtype) => holdOptions(of({ holdtype })).direction)).toEqual([
      'none',
      'sendonly',
      'sendonly',
      'recvonly',
      'inactive',
    ]);
    expect(holdOptions(of({ holdexplicit: 1 })).exact).toBe(true);
    expect([-2, 0, 1, 2, 5].map((muteonhold) => holdOptions(of({ muteonhold })).mute)).toEqual([
      'none',
      'both',
      'receive',
      'send',
      'direction',
    ]);
    expect(holdOptions(of({ muteonhold: 4, defmute: 1 })).mute).toBe('receive');
    expect(phoneOptions(of({ holdtype: 3 })).calls?.hold?.direction).toBe('recvonly');
  });

  it('[param:diversion] is told or not', () => {
    expect(callPolicies(of({ diversion: 0 })).diversions).toBe(false);
    expect(phoneOptions(of({})).calls?.diversions).toBe(true);
  });
});

describe('sockets', () => {
  it('[param:signalingport] [param:bindip] [param:listenonudp] [param:listenontcp] are opened as told', async () => {
    const opened = (given: Given) =>
      inWorld(given, async (world) => {
        const phone = world.phone();
        await phone.start();
        return phone.addresses.map(({ protocol, port }) => `${protocol}:${port}`);
      });
    expect(await opened({ signalingport: 15_060 })).toEqual(['udp:15060', 'tcp:15060']);
    expect(await opened({ listenontcp: 0 })).toEqual(['udp:5060']);
    expect(await opened({ listenonudp: 15_070, listenontcp: 0 })).toEqual(['udp:15070']);
    expect(networkOptions(of({ bindip: '127.0.0.9' })).listen?.host).toBe('127.0.0.9');
    expect(networkOptions(of({ bindtolocalip: 1, localip: '10.1.1.1' })).listen?.host).toBe('10.1.1.1');
  });

  it('[param:rtpport] is the first of the ports for media', () => {
    const range = (given: Given, sipPort: number) => {
      const { portRange } = phoneOptions(of(given)).media ?? {};
      return typeof portRange === 'function' ? portRange(sipPort) : portRange;
    };
    expect(range({}, 5060)).toBeUndefined();
    expect(range({ maxsimcalls: 10 }, 15_060)).toEqual([15_062, 15_101]);
    expect(range({ rtpport: 20_000, maxsimcalls: 10 }, 5060)).toEqual([20_000, 20_039]);
    expect(range({ rtpport: 64_000 }, 5060)).toEqual([64_000, 65_535]);
  });

  it('[param:tlspolicy] [param:tlsversion] certificates are checked as told', () => {
    const verify = [0, 1, 2, 3, 4].map((tlspolicy) => networkOptions(of({ tlspolicy })).tls?.verify);
    expect(verify).toEqual([true, false, 'warn', true, true]);
    const versions = (tlsversion: string) => {
      const { minVersion, maxVersion } = networkOptions(of({ tlsversion })).tls ?? {};
      return [minVersion, maxVersion];
    };
    expect(versions('TLS')).toEqual([undefined, undefined]);
    expect(versions('TLSv1.0')).toEqual(['TLSv1', 'TLSv1']);
    expect(versions('tlsv1.2')).toEqual(['TLSv1.2', 'TLSv1.2']);
    expect(versions('TLSv1.3')).toEqual(['TLSv1.3', 'TLSv1.3']);
    expect(new Settings().set('tlsversion', 'SSLv3').ok).toBe(false);
  });
});

describe('recordings', () => {
  const call = { callId: 'id@x', username: 'anna', peer: '../bob', startedAt: new Date(2026, 0, 2, 3, 4, 5) };
  const plan = (given: Given, name = '') =>
    recordingPlan(of(given), call, '/rec', of(given).number('voicerecording'), name);

  it('[param:voicerecording] [param:voicerecftp_addr] [param:http_addr] [param:uploadretry] go where they are to go', () => {
    expect(plan({ voicerecording: 2 })).toBeUndefined();
    expect(plan({ voicerecording: 1 })).toMatchObject({ keep: true, upload: undefined });
    expect(plan({ voicerecording: 2, voicerecftp_addr: 'ftp://a/FILENAME' })).toMatchObject({
      keep: false,
      upload: { url: 'ftp://a/FILENAME', retries: 1 },
    });
    expect(plan({ voicerecording: 3, http_addr: 'http://a/', uploadretry: 2 })).toMatchObject({
      keep: true,
      upload: { url: 'http://a/', retries: Number.POSITIVE_INFINITY },
    });
  });

  it.each([
    ['https://a/store.php?filename=rec_DATETIME.mp3', '', /\.mp3$/, undefined],
    ['https://a/rec_CALLID.OGG', '', /\.ogg$/, undefined],
    ['https://a/rec.wav', '', /\.wav$/, 'wav'],
    ['https://a/store.php/rec_USER', '', /\.wav$/, 'wav'],
    ['not an address', '', /\.wav$/, 'wav'],
    ['https://a/rec.mp3', 'mine.gsm', /mine\.gsm$/, undefined],
    ['https://a/rec.mp3', 'mine', /mine\.mp3$/, undefined],
  ])(
    '[param:http_addr] %s with the name "%s" is a file of the kind it names',
    (http_addr, name, path, format) => {
      const found = plan({ voicerecording: 3, http_addr }, name);
      expect(found?.path).toMatch(path);
      expect(found?.options.format).toBe(format);
      const local = plan({ voicerecording: 1, http_addr });
      expect([local?.path.slice(-4), local?.options.format]).toEqual(['.wav', 'wav']);
    },
  );

  it('[param:voicerecfilename] [param:voicerecfilenameprefix] are named as told, in their folder', () => {
    const names = [0, 1, 2, 3, 4].map(
      (voicerecfilename) => plan({ voicerecording: 1, voicerecfilename })?.path,
    );
    expect(names).toEqual([
      '/rec/20260102030405_.._bob.wav',
      '/rec/20260102030405_id@x.wav',
      '/rec/id@x.wav',
      '/rec/20260102030405_anna.wav',
      '/rec/20260102030405_anna_.._bob.wav',
    ]);
    expect(plan({ voicerecording: 1, voicerecfilename: 2, voicerecfilenameprefix: 'a/b-' })?.path).toBe(
      '/rec/a_b-id@x.wav',
    );
    expect(plan({ voicerecording: 1 }, '../x/USER-DATE.mp3')).toMatchObject({
      path: '/rec/_/x/anna-2026_01_02.mp3',
    });
    expect(plan({ voicerecording: 1 }, 'https://a/b/FILENAME')?.upload?.url).toBe('https://a/b/FILENAME');
  });

  it('[param:voicerecformat] [param:voicerecsamplerate] [param:voicerecordingbuff] are of the kind and length asked for', () => {
    const formats = [0, 1, 2, 3, 4, 5].map((voicerecformat) => {
      const { options } = plan({ voicerecording: 1, voicerecformat })!;
      return `${options.format} ${options.layout}`;
    });
    expect(formats).toEqual([
      'wav stereo',
      'gsm separate',
      'vorbis stereo',
      'mp3 stereo',
      'wav separate',
      'wav mono',
    ]);
    expect(plan({ voicerecording: 1, voicerecsamplerate: 16, voicerecordingbuff: 3 })).toMatchObject({
      options: { sampleRate: 16_000 },
      maxMs: 180_000,
    });
  });
});

describe('streams', () => {
  it('[param:sendmediain_to] [param:sendmediaout_to] [param:sendmedia_to_ip] [param:sendmedia_atype] [param:sendmedia_marks] [param:sendmedia_mode] go to the ports given', () => {
    expect(streamPlan(of({}), 1, 'x')).toMatchObject({ udp: undefined, queued: false });
    const given = {
      sendmediain_to: 9001,
      sendmediaout_to: 9002,
      sendmedia_to_ip: '10.0.0.5',
      sendmedia_atype: 5,
      sendmedia_marks: 1,
    };
    expect(streamPlan(of(given), 1, 'x').udp).toMatchObject({
      address: '10.0.0.5',
      receivedPort: 9001,
      sentPort: 9002,
      audio: { kind: 'pcm', sampleRate: 16_000, bigEndian: true },
      marks: true,
    });
    expect(streamPlan(of({ ...given, sendmedia_mode: 0 }), 1, 'x').udp).toBeUndefined();
    expect(streamPlan(of({ ...given, sendmedia_mode: 2 }), 1, 'x')).toMatchObject({
      udp: undefined,
      queued: true,
    });
  });

  it('[param:sendmedia_line] [param:sendmedia_mtype] [param:sendmedia_dir] [param:sendmedia_conf] say what they are', () => {
    const given = { sendmediain_to: 9001, sendmediaout_to: 9002 };
    const header = (more: Given) => streamPlan(of({ ...given, ...more }), 3, 'abc').udp?.header;
    expect(header({ sendmedia_line: 2 })).toMatchObject({
      line: 'text-call-id',
      lineNumber: 3,
      callId: 'abc',
    });
    expect(header({ sendmedia_mtype: 3, sendmedia_dir: 3 })).toMatchObject({
      mediaType: true,
      direction: true,
    });
    expect(streamPlan(of({ ...given, sendmedia_dir: 1 }), 3, 'abc').udp?.sentPort).toBeUndefined();
    expect(streamPlan(of({ ...given, sendmedia_mtype: 2 }), 3, 'abc').udp).toBeUndefined();
    expect(streamPlan(of({ sendmedia_conf: 1 }), 3, 'abc').separate).toBe(true);
  });

  it('[param:streamsoundisrtp] [param:audioinput_bitdepth] [param:audioinput_channels] [param:audioinput_samplerate] [param:realtimeplayback] come in as told', () => {
    expect(inputFormat(of({}))).toEqual({
      rtp: undefined,
      bits: 16,
      channels: 1,
      sampleRate: 0,
      realTime: false,
    });
    expect(
      inputFormat(
        of({
          streamsoundisrtp: 0,
          audioinput_bitdepth: 8,
          audioinput_channels: 2,
          audioinput_samplerate: 16_000,
          realtimeplayback: 1,
        }),
      ),
    ).toEqual({ rtp: false, bits: 8, channels: 2, sampleRate: 16_000, realTime: true });
  });
});
