/** Builders for session descriptions and local settings, shared by the SDP tests. */
import type { AudioFormat } from '../../src/sdp/audio-format.js';
import type { LocalAudio } from '../../src/sdp/audio-session.js';

/** Lines, indented as the reader likes, to a description with CRLF. */
export function sdp(text: string): string {
  const lines = text.split('\n').map((line) => line.trimStart());
  return `${lines.filter((line) => line !== '').join('\r\n')}\r\n`;
}

export const PCMU: AudioFormat = { name: 'PCMU', clockRate: 8000, channels: 1 };
export const PCMA: AudioFormat = { name: 'PCMA', clockRate: 8000, channels: 1 };
export const G722: AudioFormat = { name: 'G722', clockRate: 8000, channels: 1 };
export const G729: AudioFormat = { name: 'G729', clockRate: 8000, channels: 1, fmtp: 'annexb=no' };
export const ILBC: AudioFormat = { name: 'iLBC', clockRate: 8000, channels: 1, fmtp: 'mode=30' };
export const SPEEX: AudioFormat = { name: 'speex', clockRate: 16000, channels: 1 };
export const OPUS: AudioFormat = { name: 'opus', clockRate: 48000, channels: 2, fmtp: 'useinbandfec=1' };

export function local(overrides: Partial<LocalAudio> = {}): LocalAudio {
  return { address: '192.0.2.1', port: 4000, formats: [PCMU, PCMA], direction: 'sendrecv', ...overrides };
}
