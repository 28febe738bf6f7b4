/**
 * What the engine's host (main thread) and its core (worker, or the same thread) say to each other: plain objects that
 * survive structured cloning. Requests get one reply; notices none. PCM never travels here, only through rings.
 */

import { type ErrorCode, isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { LogFields, LogLevel } from '../../base/logger.js';
import type { ToneSpec } from '../../dsp/tone.js';
import type { AudioDevice } from '../devices/audio-backend.js';
import type { DeviceChoice, DeviceRole } from '../devices/device-choice.js';
import type { DeviceChange } from '../devices/device-slot.js';
import type {
  EchoCancellation,
  HeadsetMemberOptions,
  HeadsetOptions,
  HeadsetStats,
  SoundOptions,
} from '../devices/headset-types.js';
import type { BridgeMemberSettings } from '../graph/bridge.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type {
  DtmfSendOptions,
  IdleSending,
  MediaSessionEvents,
  MediaSessionOptions,
  MediaStats,
  PlayOptions,
  ProcessingOptions,
  RecordingResult,
  RecordOptions,
  StreamConfig,
  UdpStreamOptions,
} from '../types.js';
import type { ClockStats } from './deadline-clock.js';

/** Tones by name are looked up by the host, so that a wrong name fails at once. */
export type CoreSource =
  | { file: string | readonly string[] }
  | { tone: ToneSpec }
  | { samples: Int16Array; sampleRate: number };

export interface CoreStats extends ClockStats {
  sessions: number;
}

/** Requests by name: what goes in, what comes back. */
export interface Requests {
  open: {
    in: { session: number; options: MediaSessionOptions };
    out: { address: string; rtpPort: number; rtcpPort: number };
  };
  configure: { in: { session: number; config: StreamConfig }; out: undefined };
  move: { in: { session: number; address: string }; out: Requests['open']['out'] };
  record: {
    in: { session: number; recording: number; path: string; options: RecordOptions };
    out: undefined;
  };
  stream: { in: { session: number; stream: number; options: UdpStreamOptions }; out: undefined };
  dtmf: { in: { session: number; digits: string; options: DtmfSendOptions }; out: undefined };
  stats: { in: { session: number }; out: MediaStats };
  close: { in: { session: number }; out: MediaStats };
  openBridge: { in: { session: number; label: string; sampleRate: number }; out: undefined };
  closeBridge: { in: { session: number }; out: undefined };
  openHeadset: { in: { session: number; options: HeadsetOptions; sampleRate: number }; out: undefined };
  closeHeadset: { in: { session: number }; out: undefined };
  listDevices: { in: { session: number }; out: readonly AudioDevice[] };
  selectDevice: {
    in: { session: number; role: DeviceRole; choice: DeviceChoice; when: 'now' | 'next-call' };
    out: undefined;
  };
  headsetStats: { in: { session: number }; out: HeadsetStats };
  engineStats: { in: unknown; out: CoreStats };
  shutdown: { in: unknown; out: undefined };
}

export type RequestName = keyof Requests;

export type Request = {
  [K in RequestName]: { op: K; request: number } & Requests[K]['in'];
}[RequestName];

export type Notice =
  | { op: 'play'; session: number; playback: number; source: CoreSource; options: PlayOptions }
  | { op: 'stopPlayback'; session: number; playback: number }
  | { op: 'stopRecording'; session: number; recording: number }
  | { op: 'pauseRecording'; session: number; recording: number; paused: boolean }
  | { op: 'digit'; session: number; digit: string; durationMs: number }
  | { op: 'processing'; session: number; options: ProcessingOptions }
  | { op: 'headerExtension'; session: number; extension: Uint8Array | undefined; whileMuted: number }
  | { op: 'closeStream'; session: number; stream: number }
  | { op: 'mute'; session: number; send?: boolean; receive?: boolean; stop?: boolean }
  | { op: 'echo'; session: number; on: boolean }
  | { op: 'idle'; session: number; sending: IdleSending }
  | { op: 'linkTest'; session: number }
  | { op: 'openInput'; session: number; ring: SharedArrayBuffer; sampleRate: number }
  | { op: 'clearInput'; session: number }
  | { op: 'openOutput'; session: number; output: number; ring: SharedArrayBuffer; sampleRate: number }
  | { op: 'closeOutput'; session: number; output: number }
  /** To the session: its end of a bridge. */
  | { op: 'plugIn'; session: number; port: number; rings: BridgeRings }
  | { op: 'unplug'; session: number; port: number }
  /** To the bridge, whose number stands in `session`, as for all commands that bridges share with sessions. */
  | {
      op: 'joinBridge';
      session: number;
      member: number;
      rings: BridgeRings;
      settings: BridgeMemberSettings;
    }
  /** To the headset, likewise. */
  | {
      op: 'joinHeadset';
      session: number;
      member: number;
      rings: BridgeRings;
      settings: HeadsetMemberOptions;
    }
  | { op: 'setLine'; session: number; member: number; settings: HeadsetMemberOptions }
  | { op: 'leaveHeadset'; session: number; member: number }
  | {
      op: 'playSound';
      session: number;
      playback: number;
      role: 'speaker' | 'ringer';
      source: CoreSource;
      options: SoundOptions;
    }
  | { op: 'deviceVolume'; session: number; role: DeviceRole; percent: number }
  | { op: 'deviceMute'; session: number; role: DeviceRole; muted: boolean }
  | { op: 'echoCancellation'; session: number; mode: EchoCancellation }
  | { op: 'setMember'; session: number; member: number; settings: BridgeMemberSettings }
  | { op: 'leaveBridge'; session: number; member: number };

export type Command = Request | Notice;

/** Errors lose their class in structured cloning. */
export interface PackedError {
  code: ErrorCode;
  details: Record<string, unknown>;
}

/** A session event with its arguments; 'error' and 'ended' travel packed. */
export type SessionEvent = {
  [K in Exclude<keyof MediaSessionEvents, 'error' | 'ended'>]: { name: K; value: MediaSessionEvents[K][0] };
}[Exclude<keyof MediaSessionEvents, 'error' | 'ended'>];

export type CoreEvent =
  | { event: 'reply'; request: number; value: unknown }
  | { event: 'failed'; request: number; error: PackedError }
  | { event: 'session'; session: number; what: SessionEvent }
  | { event: 'error'; session: number; error: PackedError }
  | {
      event: 'playbackDone';
      session: number;
      playback: number;
      reason: 'end' | 'stopped' | 'error';
      playedMs: number;
      error?: PackedError;
    }
  /** A recording is complete on disk, or failed: stopped, or the session has ended. */
  | {
      event: 'recordingDone';
      session: number;
      recording: number;
      result: Omit<RecordingResult, 'error'>;
      error?: PackedError;
    }
  /** There is room again in the input ring. */
  | { event: 'inputRoom'; session: number }
  /** There is audio in an output ring, or it has ended. */
  | { event: 'outputReady'; session: number; output: number }
  /** A bridge has let go of a session. */
  | { event: 'unplugged'; session: number; port: number }
  /** Another member of a bridge speaks; 0 is the application. */
  | { event: 'speaker'; session: number; member: number }
  | { event: 'deviceChange'; session: number; change: DeviceChange }
  | { event: 'devices'; session: number; devices: readonly AudioDevice[] }
  | { event: 'log'; level: LogLevel; message: string; fields: LogFields };

/** What a worker is started with. */
export interface WorkerInit {
  portRange: readonly [min: number, max: number] | undefined;
  portOrder: 'random' | 'first' | undefined;
  bufferBytes: number | undefined;
  logLevel: LogLevel | undefined;
}

export function packError(error: unknown): PackedError {
  if (isSwitchhookError(error)) return { code: error.code, details: { ...error.details } };
  const what = error instanceof Error ? error.message : String(error);
  return { code: 'ERR_INVALID_ARGUMENT', details: { what } };
}

export function unpackError({ code, details }: PackedError): SwitchhookError {
  return new SwitchhookError(code, details);
}
