/** The media room: audio streams of calls behind {@link MediaEngine}, and WAV files. */
export type { ToneSpec } from '../dsp/tone.js';
export type { SrtpSuite } from '../rtp/srtp/suite-names.js';
export * from './calls.js';
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
export type { DeviceChange } from './devices/device-slot.js';
export type * from './devices/headset-types.js';
export { listAudioDevices } from './devices/list-devices.js';
export type { AudioBackendName } from './devices/open-backend.js';
export {
  type UploadOptions,
  type UploadProgress,
  type UploadResult,
  uploadRecording,
} from './files/upload.js';
export type { UploadCallInfo } from './files/upload-target.js';
export type { MediaFormat } from './formats.js';
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
