/** The settings about the audio of calls as preferences of the media: encryption, jitter, processing, watching. Pure. */
import type { MediaPreferences, SrtpMode } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { codecRules, codecSettings } from './codec-options.js';
import { mediaAddresses } from './socket-options.js';

const TLS = 2;
const STRICTEST = 3;
const ALWAYS = 3;
const FRAME_MS = 20;
const MAX_DELAY_MS = 4000;
/** `fixrtpskew`: what grades from this on let pass. */
const WIDE_GRADE = 5;
const WIDE_FRAMES = 100;
const USUAL_REPEATS = 2;
const USUAL_SUITE = 'AES_CM_128_HMAC_SHA1_80';

/** What `jittersize` stands for; the usual one is good for eight packets. */
const JITTER: ReadonlyArray<NonNullable<MediaPreferences['jitter']>> = [
  { fixedMs: 0, maxMs: 40 },
  { minMs: 0, maxMs: 60 },
  { minMs: 10, maxMs: 100 },
  { minMs: 20, maxMs: 160 },
  { minMs: 60, maxMs: 1000 },
  { minMs: 100, maxMs: 2000 },
  { minMs: 200, maxMs: 4000 },
];

const ANSWER_CODECS = ['one', 'common', 'all'] as const;
const FINAL_CODEC = ['never', 'auto', 'several', 'always'] as const;
const UNHOLD = ['never', 'offer', 'always'] as const;
const STRICT_SOURCE = [undefined, 'address', 'ssrc'] as const;

/** @param direction of the call: encryption that waits for the other side to begin it is offered by nobody */
export function mediaOptions(settings: SettingsReader, direction: 'incoming' | 'outgoing'): MediaPreferences {
  const timeout = settings.number('mediatimeout');
  const notice = settings.number('mediatimeout_notify');
  return {
    codecs: codecRules(settings),
    codecSettings: codecSettings(settings),
    widebandToNumbers: settings.number('disablewbforpstn') === 0 ? undefined : false,
    ...srtpOptions(settings, direction),
    timeoutMs: timeout * 1000,
    startTimeoutMs: timeout * 500,
    silenceMs: notice > 0 ? notice * 1000 : undefined,
    jitter: jitterOptions(settings),
    processing: processingOptions(settings),
    allowSpeedup: settings.number('allowspeedup') === 0 ? false : undefined,
    concealment: settings.flag('plc') ? undefined : false,
    keepEarlyPackets: settings.number('allowfirstdrop') === 0 || undefined,
    skew: skewOptions(settings),
    rtcp: settings.flag('rtcp') ? undefined : false,
    rtpStart: rtpStart(settings),
    headerExtensions: true,
    strictSource:
      settings.given('usesdpip') && settings.number('usesdpip') === 1
        ? 'address'
        : STRICT_SOURCE[settings.number('strictssrc')],
    nat: natOptions(settings),
    ...mediaAddresses(settings),
    unhold: UNHOLD[settings.number('acceptholdchange')],
    answerCodecs: ANSWER_CODECS[Math.max(0, settings.number('answerwithallcodec'))],
    finalCodec: FINAL_CODEC[settings.number('setfinalcodec')],
  };
}

function natOptions(settings: SettingsReader): MediaPreferences['nat'] {
  const packets = settings.number('natopenpackets');
  return {
    opening: packets < 0 ? 'private' : packets,
    kind: ([undefined, 'crlf', 'rtp'] as const)[settings.number('natopenpackettype')],
    keepAliveMs: settings.number('rtpkeepaliveival'),
  };
}

function srtpOptions(
  settings: SettingsReader,
  direction: 'incoming' | 'outgoing',
): Pick<MediaPreferences, 'srtp' | 'srtpSuites' | 'srtpWrongKey'> {
  const wanted = settings.number('mediaencryption');
  const strictness = settings.number('strictsrtp');
  const suite = settings.text('srtp_suite');
  let srtp: SrtpMode = 'off';
  if (wanted === 2) srtp = strictness >= 2 ? 'required' : 'optional';
  else if (wanted !== 0) {
    const protectedKeys = wanted === -1 && settings.number('transport') === TLS;
    srtp = protectedKeys || direction === 'incoming' ? 'optional' : 'off';
    // Where encryption is spoken of at all, the strictest grade has no calls without it.
    if (strictness === STRICTEST && (wanted === 1 || protectedKeys)) srtp = 'required';
  }
  return {
    srtp,
    // The usual suite stays in the offer: everybody has it.
    srtpSuites: suite === USUAL_SUITE ? undefined : [suite, USUAL_SUITE],
    srtpWrongKey: strictness >= 2 ? 'hangup' : 'report',
  };
}

/** From grade 5 on two seconds; 0 lets everything pass. */
function skewOptions(settings: SettingsReader): MediaPreferences['skew'] {
  const grade = settings.number('fixrtpskew');
  const behind = settings.number('fixrtpskewbehind');
  return {
    toleratedFrames: grade <= 0 ? Number.MAX_SAFE_INTEGER : grade < WIDE_GRADE ? grade : WIDE_FRAMES,
    repeatUpTo: behind < 0 ? USUAL_REPEATS : behind,
  };
}

function rtpStart(settings: SettingsReader): MediaPreferences['rtpStart'] {
  const given = (name: 'rtp_src' | 'rtp_seq' | 'rtp_timestamp'): number | undefined =>
    settings.given(name) ? settings.number(name) : undefined;
  return { ssrc: given('rtp_src'), sequence: given('rtp_seq'), timestamp: given('rtp_timestamp') };
}

function jitterOptions(settings: SettingsReader): MediaPreferences['jitter'] {
  const base = JITTER[settings.number('jittersize')];
  const frames = [
    settings.given('maxjitterpackets') ? settings.number('maxjitterpackets') : Number.POSITIVE_INFINITY,
    settings.given('audioqueuemaxsize') ? settings.number('audioqueuemaxsize') : Number.POSITIVE_INFINITY,
  ];
  const most = Math.max(FRAME_MS, Math.min(...frames) * FRAME_MS);
  if (!Number.isFinite(most)) return base;
  const maxMs = Math.min(base.maxMs ?? 500, most, MAX_DELAY_MS);
  return { ...base, maxMs, minMs: base.minMs === undefined ? undefined : Math.min(base.minMs, maxMs) };
}

/** Automatic leaves gain and noise alone: what comes from files and programs is as it should be. */
function processingOptions(settings: SettingsReader): MediaPreferences['processing'] {
  const agc = settings.number('agc');
  const denoise = settings.number('denoise');
  const vad = settings.number('vad');
  // In conferences and while muted (1 and 2 of `forcevad`) it goes on in any case.
  const forced = settings.number('forcevad') === ALWAYS;
  const watched = settings.number('vadstat') >= 2;
  const side = (gain: boolean, quiet: boolean, voice: boolean) => ({
    agc: gain || undefined,
    noiseSuppression: quiet ? ('light' as const) : undefined,
    vad: voice || undefined,
  });
  return {
    sent: side(
      agc === 1 || agc === 2,
      denoise === 1 || denoise === 2,
      forced || vad >= 3 || (watched && vad !== 1),
    ),
    received: side(agc === 2, denoise === 2, forced || vad === 0 || vad === 2 || vad === 4),
  };
}
