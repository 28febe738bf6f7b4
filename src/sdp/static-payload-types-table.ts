/** The audio payload types whose meaning is fixed without `a=rtpmap`: RFC 3551 §6, table 4; 13 by RFC 3389 §4. */
import type { AudioFormat } from './audio-format.js';

const audio = (name: string, clockRate = 8000, channels = 1): Readonly<AudioFormat> => ({
  name,
  clockRate,
  channels,
});

export const STATIC_AUDIO: ReadonlyMap<number, Readonly<AudioFormat>> = new Map([
  [0, audio('PCMU')],
  [3, audio('GSM')],
  [4, audio('G723')],
  [5, audio('DVI4')],
  [6, audio('DVI4', 16000)],
  [7, audio('LPC')],
  [8, audio('PCMA')],
  [9, audio('G722')],
  [10, audio('L16', 44100, 2)],
  [11, audio('L16', 44100, 1)],
  [12, audio('QCELP')],
  [13, audio('CN')],
  [14, audio('MPA', 90000)],
  [15, audio('G728')],
  [16, audio('DVI4', 11025)],
  [17, audio('DVI4', 22050)],
  [18, audio('G729')],
]);
