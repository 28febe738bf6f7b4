/** The log. */
import { define } from './spec.js';

const USUAL_LEVEL = 2;

export const logs = [
  define('API_ShowLog', {
    group: 'logs',
    overloads: [[]],
    returns: 'boolean',
    waitingFor: 'there is no window; the web phone is to come',
    doc: 'Opens a window with the log. There is none here: false.',
    run: () => false,
  }),
  define('API_AddLog', {
    group: 'logs',
    overloads: [
      [{ name: 'msg', type: 'string' }],
      [
        { name: 'level', type: 'int', doc: '1 for the user to see, 2 and up for the log only' },
        { name: 'msg', type: 'string' },
      ],
    ],
    returns: 'void',
    doc: 'Writes a line into the log; without a level it is 2.',
    run: ({ log }, { level = USUAL_LEVEL, msg }) => log.add(level, msg),
  }),
  define('API_GetLogs', {
    group: 'logs',
    overloads: [[]],
    returns: 'string',
    doc: 'The lines of the log since the call before, when `logpolling` is 1.',
    run: ({ log }) => log.poll(),
  }),
  define('API_GetLogPath', {
    group: 'logs',
    overloads: [[]],
    returns: 'string',
    doc: 'The file the log is written to.',
    run: ({ log }) => log.path,
  }),
];
