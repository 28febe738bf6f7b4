/** From what offer/answer agreed on to what the media engine is told. Used by CallMedia. Pure. */
import type { MediaFormat, StreamConfig, StreamFormat } from '../../media/index.js';
import type { AudioFormat, NegotiatedAudio, NumberedFormat } from '../../sdp/index.js';
import { type CodecSettings, packetTime, receiveOptions, sendOptions } from './codec-settings.js';
import { srtpConfig } from './srtp-policy.js';

export function streamConfig(
  audio: NegotiatedAudio,
  { ptime, codecSettings = {} }: { ptime?: number; codecSettings?: CodecSettings },
  accepted: readonly MediaFormat[],
): StreamConfig {
  const best = audio.active ? audio.send[0] : undefined;
  const ours = best && audio.receive.find(({ format }) => isSameEncoding(format, best.format));
  const own = ours && accepted.find((format) => isSame(format, ours.format));
  const { telephoneEventSend: events } = audio;
  const options = best && sendOptions(best.format, own, codecSettings);
  const frameMs = best?.format.name === 'iLBC' ? Number(options?.mode) : own?.frameMs;
  return {
    remote: {
      address: audio.remote.address,
      port: audio.active ? audio.remote.port : 0,
      rtcpAddress: audio.remote.rtcpAddress,
      rtcpPort: audio.remote.rtcpPort,
    },
    direction: audio.active ? audio.direction : 'inactive',
    send: best && streamFormat(best, options),
    receive: audio.receive.map((one) =>
      streamFormat(
        one,
        receiveOptions(
          accepted.find((format) => isSame(format, one.format)),
          one.format.fmtp,
        ),
      ),
    ),
    telephoneEventSend: events && { payloadType: events.payloadType, clockRate: events.clockRate },
    telephoneEventReceive: audio.telephoneEventReceive.map(({ payloadType, clockRate }) => ({
      payloadType,
      clockRate,
    })),
    comfortNoise:
      audio.comfortNoiseReceive === undefined ? undefined : { receivePayloadType: audio.comfortNoiseReceive },
    ptimeMs: packetTime(frameMs, codecSettings, audio.ptime ?? ptime, audio.maxptime),
    rtcpMux: audio.rtcpMux,
    rtcpXr: audio.rtcpXr,
    srtp: audio.active ? srtpConfig(audio.crypto) : undefined,
  };
}

function streamFormat(
  { payloadType, format }: NumberedFormat,
  options: StreamFormat['options'],
): StreamFormat {
  return { payloadType, codec: format.name, clockRate: format.clockRate, options };
}

function isSameEncoding(a: AudioFormat, b: AudioFormat): boolean {
  return a.name === b.name && a.clockRate === b.clockRate;
}

export function isSame(a: AudioFormat, b: AudioFormat): boolean {
  return isSameEncoding(a, b) && a.fmtp === b.fmtp;
}
