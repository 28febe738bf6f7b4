/** Checks a StreamConfig and works out what follows from it, before anything of the running stream is touched. */
import { SwitchhookError } from '../../base/errors.js';
import type { Codec } from '../../codecs/codec.js';
import { findCodec } from '../../codecs/registry.js';
import type { RtpStreamConfig } from '../../rtp/rtp-session.js';
import type { StreamConfig, StreamFormat } from '../types.js';
import type { ReceiveFormat } from './receive-path.js';
import type { SendConfig } from './send-path.js';

const PERIOD_MS = 20;
const SLOT_MS = 5;
const COMFORT_NOISE_CLOCK = 8000;

export interface ResolvedStream {
  rtp: RtpStreamConfig;
  send: SendConfig | undefined;
  receive: ReceiveFormat[];
  receiveEvents: ReadonlyArray<{ payloadType: number; clockRate: number }>;
  receiveComfortNoise: number | undefined;
  /** Audio packets may leave. */
  sends: boolean;
  /** Audio is expected and played. */
  receives: boolean;
  /** How often the stream is ticked: the longest time that divides 20 ms and the packet time. */
  periodMs: number;
}

/**
 * Loads the codecs of a stream that are not yet there.
 * @returns undefined when there is nothing to wait for
 * @throws ERR_INVALID_ARGUMENT for an unknown codec; the promise rejects with ERR_MEDIA_CODEC
 */
export function loadCodecs({ send, receive }: StreamConfig): Promise<unknown> | undefined {
  const loading = (send ? [send, ...receive] : receive).flatMap((format) => codecOf(format).load?.() ?? []);
  return loading.length > 0 ? Promise.all(loading) : undefined;
}

/** @throws ERR_INVALID_ARGUMENT naming the setting */
export function resolveStream(config: StreamConfig): ResolvedStream {
  const { remote, direction } = config;
  const reachable = remote.port > 0 && !isUnspecified(remote.address);
  const send = config.send && resolveSend(config, config.send);
  const receive = config.receive.map((format) => ({
    payloadType: payloadType(format.payloadType, 'receive'),
    codec: codecOf(format),
    options: format.options,
  }));
  const receiveEvents = config.telephoneEventReceive ?? [];
  const receiveComfortNoise = config.comfortNoise?.receivePayloadType;
  const ptimeMs = send?.ptimeMs ?? PERIOD_MS;
  return {
    rtp: {
      remote: reachable ? { host: remote.address, port: remote.port } : undefined,
      rtcpRemote: reachable ? rtcpAddress(config) : undefined,
      rtcpMux: config.rtcpMux ?? false,
      sendClockRate: send?.format.codec.info.clockRate ?? 8000,
      receive: [
        ...receive.map(({ payloadType, codec }) => ({ payloadType, clockRate: codec.info.clockRate })),
        ...receiveEvents.map(({ payloadType, clockRate }) => ({ payloadType, clockRate, event: true })),
        ...(receiveComfortNoise === undefined
          ? []
          : [{ payloadType: receiveComfortNoise, clockRate: COMFORT_NOISE_CLOCK }]),
      ],
    },
    send,
    receive,
    receiveEvents,
    receiveComfortNoise,
    sends: reachable && send !== undefined && (direction === 'sendrecv' || direction === 'sendonly'),
    receives: direction === 'sendrecv' || direction === 'recvonly',
    periodMs: gcd(PERIOD_MS, Math.max(SLOT_MS, Math.round(ptimeMs / SLOT_MS) * SLOT_MS)),
  };
}

function resolveSend(config: StreamConfig, format: StreamFormat): SendConfig {
  const codec = codecOf(format, config.ptimeMs);
  const { info } = codec;
  const frameMs = (info.frameSamples * 1000) / info.sampleRate;
  const wanted = config.ptimeMs ?? info.defaultPtimeMs;
  const most = info.maxFramesPerPacket ?? Number.POSITIVE_INFINITY;
  const ptimeMs = Math.min(most, Math.max(1, Math.round(Math.min(wanted, 120) / frameMs))) * frameMs;
  const { comfortNoise } = config;
  return {
    format: { payloadType: payloadType(format.payloadType, 'send'), codec, options: format.options },
    ptimeMs,
    telephoneEvent: config.telephoneEventSend,
    comfortNoise: comfortNoise?.suppressSilence ? comfortNoise.sendPayloadType : undefined,
  };
}

function codecOf({ codec, clockRate, options }: StreamFormat, ptimeMs?: number): Codec {
  const found = findCodec(codec, clockRate, { ptime: ptimeMs, ...options });
  if (!found) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `unknown codec ${codec}/${clockRate}` });
  }
  return found;
}

function payloadType(value: number, setting: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 127) return value;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `${setting}: payload type ${value} is not 0 to 127`,
  });
}

function rtcpAddress({ remote, rtcpMux }: StreamConfig): { host: string; port: number } {
  if (rtcpMux) return { host: remote.address, port: remote.port };
  return { host: remote.rtcpAddress ?? remote.address, port: remote.rtcpPort ?? remote.port + 1 };
}

/** 0.0.0.0 in the SDP means hold in the old way (RFC 3264 §8.4): nowhere to send. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
