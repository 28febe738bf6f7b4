/** The media room: audio streams of calls behind {@link MediaEngine}, and WAV files. */
export { callTone, ringTone } from '../dsp/call-tones.js';
export type { ToneSpec } from '../dsp/tone.js';
export { SRTP_SUITES, type SrtpSuite } from '../rtp/srtp/suites.js';
export type {
  AudioBackend,
  AudioDevice,
  AudioDeviceKind,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from './devices/audio-backend.js';
export type { DeviceChoice, DeviceRole } from './devices/device-choice.js';
export { devicesFor, parseChoice } from './devices/device-choice.js';
export type { DeviceChange } from './devices/device-slot.js';
export type * from './devices/headset-types.js';
export { type AudioBackendName, listAudioDevices } from './devices/open-backend.js';
export { MediaEngine } from './engine/media-engine.js';
export {
  type UploadOptions,
  type UploadProgress,
  type UploadResult,
  uploadRecording,
} from './files/upload.js';
export type { UploadCallInfo } from './files/upload-target.js';
export { audioFormats, type MediaFormat } from './formats.js';
export { type QualityPoints, type QualityReport, qualityReport } from './quality-report.js';
export { eachFrame, readableAudio, writableAudio } from './streams/node-streams.js';
export {
  openUnpacker,
  receiveAudio,
  type UdpInput,
  type UdpInputOptions,
  type Unpacker,
} from './streams/udp-receiver.js';
export type { DatagramHandler, DatagramPair, DatagramTransport } from './transport.js';
export type * from './types.js';
export { formatWav, parseWav, readWav, type WavAudio, writeWav } from './wav/wav-file.js';
