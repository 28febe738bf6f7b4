/** Settings of session descriptions. */
import { rows } from '../spec.js';

export const sdp = rows('sdp', [
  {
    name: 'answerwithallcodec',
    type: 'enum',
    default: -1,
    values: {
      '-1': 'auto (usually 0)',
      0: 'one final codec',
      1: 'all negotiated codecs',
      2: 'all supported codecs, even not offered',
    },
    effect: 'next call',
    doc: 'How many codecs an answer of ours lists; one keeps the peer from changing its mind.',
  },
  {
    name: 'setfinalcodec',
    type: 'enum',
    default: 1,
    values: {
      0: 'never (RFC behaviour)',
      1: 'auto guess, skipped for certain servers and corrected on later calls',
      2: 'when multiple codecs received',
      3: 'always',
    },
    scope: 'both',
    effect: 'next call',
    doc: 'Whether the caller settles on one codec after an answer that lists several.',
  },
  {
    name: 'customsdpfield',
    aliases: ['customsdffield'],
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Further lines for the session part of descriptions.',
  },
  {
    name: 'customsdpmediafield',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Further lines for the media part of descriptions.',
  },
  {
    name: 'usesdpip',
    type: 'int',
    scope: 'line',
    effect: 'next call',
    doc: '1 sends media where the description says and does not follow packets.',
  },
]);
