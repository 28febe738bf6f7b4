/** Start, stop and self-test. */

import { deviceId } from '../device-id.js';
import { packageVersion } from '../package-version.js';
import { define } from './spec.js';

const START_DOC =
  'Starts the phone, and registers when the settings have an account and `register` is not 0.';

export const lifecycle = [
  define('API_Start', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: `${START_DOC} START notifications tell when it is ready.`,
    run: ({ lifecycle }) => lifecycle.start(),
  }),
  define('API_StartStack', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Opens the SIP sockets without registering; done by itself at the first registration or call.',
    run: ({ lifecycle }) => lifecycle.startStack(),
  }),
  define('API_StartGUI', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    waitingFor: 'there is no window; the web phone is to come',
    doc: 'Opens the user interface. There is none here: false.',
    run: () => false,
  }),
  define('API_Stop', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Ends all calls, unregisters and stops the phone. It can be started again.',
    run: ({ lifecycle }) => lifecycle.stop(),
  }),
  define('API_Exit', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Stops everything for good; STOP,api is the last notification.',
    run: ({ lifecycle }) => lifecycle.exit(),
  }),
  define('API_ReStart', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Stops the phone and starts it with the settings there are now.',
    run: ({ lifecycle }) => lifecycle.restart(),
  }),
  define('API_ShouldReset', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'int',
    failure: 0,
    doc: 'Whether a restart would do good: 0 no, 1 it has not been registered for a while, 2 the network changed.',
    run: ({ lifecycle }) => lifecycle.shouldReset(),
  }),
  define('API_ShouldResetBeforeCall', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'The same question before a call; false during one.',
    run: ({ lifecycle }) => lifecycle.shouldReset() !== 0,
  }),
  define('API_ServerInit', {
    group: 'lifecycle',
    overloads: [[{ name: 'address', type: 'string' }]],
    returns: 'boolean',
    doc: 'Once released restrictions of a Java runtime; nothing is to be done any more.',
    run: () => true,
  }),
  define('API_HTTPKeepAlive', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'A web page that controls the phone is still there: calls go on for `httpsessiontimeout` minutes more.',
    run: ({ lifecycle }) => lifecycle.keepAlive(),
  }),
  define('API_Test', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'boolean',
    doc: 'The API is there: always true.',
    run: () => true,
  }),
  define('API_TestEx', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'int',
    doc: 'The API is there: always 42.',
    run: () => 42,
  }),
  define('API_TestEcho', {
    group: 'lifecycle',
    overloads: [[{ name: 'echo', type: 'string' }]],
    returns: 'string',
    doc: 'Gives back what it was given.',
    run: (_, { echo }) => echo,
  }),
  define('API_GetVersion', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'string',
    doc: 'The version of this package.',
    run: () => packageVersion(),
  }),
  define('API_GetDeviceID', {
    group: 'lifecycle',
    overloads: [[]],
    returns: 'string',
    doc: 'A name for this machine that stays the same and tells nothing about it.',
    run: () => deviceId(),
  }),
];
