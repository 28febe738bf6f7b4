/** The settings `sendmedia_…` and `audioinput_…` as what leaves and enters calls as a stream. Pure. */
import type { StreamAudio, StreamHeader, UdpStreamOptions } from '../../media/index.js';
import type { SettingsReader } from '../settings/settings.js';

export interface StreamPlan {
  /** To ports of another program; undefined: not. */
  udp: UdpStreamOptions | undefined;
  /** Queued for API_GetMedia. */
  queued: boolean;
  /** What is queued, sent to a port of ours. */
  toQueue(port: number): UdpStreamOptions;
  /** Conference members one by one. */
  separate: boolean;
}

/** What API_StreamSoundBuff is given. */
export interface InputFormat {
  /** undefined: to be told from the bytes. */
  rtp: boolean | undefined;
  bits: 8 | 16;
  channels: 1 | 2;
  /** In Hz; 0 as the codec of the call. */
  sampleRate: number;
  realTime: boolean;
}

const AUDIO: ReadonlyArray<StreamAudio> = [
  { kind: 'pcm' },
  { kind: 'rtp' },
  { kind: 'pcm', sampleRate: 8000 },
  { kind: 'pcm', sampleRate: 16_000 },
  { kind: 'payload' },
  { kind: 'pcm', sampleRate: 16_000, bigEndian: true },
  { kind: 'pcm', sampleRate: 16_000 },
];
const LOOPBACK = '127.0.0.1';
const LINES: ReadonlyArray<StreamHeader['line']> = [undefined, 'text', 'text-call-id', 'byte', 'byte-vad'];

/** @param line and Call-ID the packets may be marked with */
export function streamPlan(settings: SettingsReader, line: number, callId: string): StreamPlan {
  const mode = settings.number('sendmedia_mode');
  const media = settings.number('sendmedia_mtype');
  const direction = settings.number('sendmedia_dir');
  const received = settings.number('sendmediain_to');
  const sent = settings.number('sendmediaout_to');
  // Only video was asked for.
  const audio = media !== 2;
  const packets: UdpStreamOptions = {
    audio: AUDIO[settings.number('sendmedia_atype')],
    header: {
      mediaType: media === 3,
      direction: direction === 3,
      line: LINES[settings.number('sendmedia_line')],
      lineNumber: line,
      callId,
    },
    marks: settings.number('sendmedia_marks') === 1,
  };
  const to = (address: string, receivedPort: number, sentPort: number): UdpStreamOptions => ({
    ...packets,
    address,
    receivedPort: receivedPort > 0 && direction !== 2 ? receivedPort : undefined,
    sentPort: sentPort > 0 && direction !== 1 ? sentPort : undefined,
  });
  const udp = to(settings.text('sendmedia_to_ip') || LOOPBACK, received, sent);
  const ports = udp.receivedPort !== undefined || udp.sentPort !== undefined;
  return {
    udp: audio && ports && [-1, 1, 3].includes(mode) ? udp : undefined,
    queued: audio && (mode === 2 || mode === 3),
    toQueue: (port) => to(LOOPBACK, port, port),
    separate: settings.number('sendmedia_conf') === 1,
  };
}

export function inputFormat(settings: SettingsReader): InputFormat {
  const kind = settings.number('streamsoundisrtp');
  return {
    rtp: kind < 0 ? undefined : kind === 1,
    bits: settings.number('audioinput_bitdepth') === 8 ? 8 : 16,
    channels: settings.number('audioinput_channels') === 2 ? 2 : 1,
    sampleRate: settings.number('audioinput_samplerate'),
    realTime: settings.number('realtimeplayback') === 1,
  };
}
