/** Recording of calls. */
import { define } from './spec.js';

const LINE = {
  name: 'line',
  type: 'int',
  default: -2,
  doc: 'line number; -1 the active one, -2 all',
} as const;

export const recording = [
  define('API_VoiceRecord', {
    group: 'recording',
    overloads: [
      [
        {
          name: 'startstop',
          type: 'int',
          default: 1,
          doc: '0 stop, 1 to a file, 2 to a server, 3 to both, 4 as `voicerecording` says',
        },
        {
          name: 'now',
          type: 'int',
          default: 2,
          doc: 'with 0: 0 keeps the file until the call ends, 2 saves it at once',
        },
        { name: 'filename', type: 'string', default: '', doc: 'file or address; empty: as the settings say' },
        LINE,
      ],
    ],
    returns: 'boolean',
    doc: 'Begins or ends the recording of calls. VREC tells how it goes.',
    run: ({ recordings }, { startstop, now, filename, line }) =>
      startstop === 0 ? recordings.stop(line, now !== 0) : recordings.start(line, filename.trim(), startstop),
  }),
  define('API_GetLastRecFileName', {
    group: 'recording',
    overloads: [[{ name: 'line', type: 'string', default: '' }]],
    returns: 'string',
    doc: 'The file recorded last: of a line, or of all when it is empty or negative.',
    run: ({ recordings }, { line }) => recordings.lastFile(Number.parseInt(line, 10) || -1),
  }),
  define('API_RecFiles_Del', {
    group: 'recording',
    overloads: [[]],
    returns: 'boolean',
    waits: true,
    doc: 'Deletes the files recorded so far.',
    run: ({ recordings }) => recordings.deleteFiles(),
  }),
];
