/**
 * The bytes before the audio in packets for the application, in this order: media type, direction, line. Written once
 * for a stream; per packet only the byte for voice activity changes.
 */
import type { StreamHeader } from '../types.js';

const AUDIO = 1;
export const DIRECTION = { received: 1, sent: 2 } as const;
/** Line numbers in one byte. */
const MAX_LINE = 127;

export interface HeaderBytes {
  bytes: Buffer;
  /** Where the byte for voice activity is; -1 = there is none. */
  vadAt: number;
}

export function headerBytes(header: StreamHeader, direction: keyof typeof DIRECTION): HeaderBytes {
  const { line } = header;
  const head: number[] = [];
  if (header.mediaType) head.push(AUDIO);
  if (header.direction) head.push(DIRECTION[direction]);
  const number = header.lineNumber ?? 0;
  if (line === 'byte' || line === 'byte-vad') head.push(Math.max(0, Math.min(MAX_LINE, number)));
  if (line === 'byte-vad') head.push(0);
  const callId = line === 'text-call-id' ? `${header.callId ?? ''},` : '';
  const text = line === 'text' || line === 'text-call-id' ? `${number},${callId}` : '';
  return {
    bytes: Buffer.concat([Buffer.from(head), Buffer.from(text)]),
    vadAt: line === 'byte-vad' ? head.length - 1 : -1,
  };
}
