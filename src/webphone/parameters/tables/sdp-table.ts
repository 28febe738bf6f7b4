/** Settings of session descriptions. */
import { rows } from '../spec.js';

export const sdp = rows('sdp', [
  {
    name: 'answerwithallcodec',
    type: 'enum',
    default: -1,
    values: { '-1': 'one', 0: 'one', 1: 'all that both know', 2: 'all we know, offered or not' },
    effect: 'next call',
    doc: 'How many codecs an answer of ours lists; one keeps the peer from changing its mind.',
  },
  {
    name: 'setfinalcodec',
    type: 'enum',
    default: 1,
    values: {
      0: 'no',
      1: 'yes, except towards a server that gave no media after it',
      2: 'yes',
      3: 'also after an answer with one codec',
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
    type: 'enum',
    values: { 0: 'where packets come from', 1: 'where the description says, and nowhere else' },
    scope: 'line',
    effect: 'next call',
    doc: 'Where media is sent to, and taken from.',
  },
]);
