/** How the phone is doing. */
import { encryptionNumber } from '../status/line-desk.js';
import { LINE_STATES, type LineState } from '../status/status-texts.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number, -1 the active one' } as const;

export const status = [
  define('API_VAD', {
    group: 'status',
    overloads: [[{ ...LINE, doc: 'a line; 0 and less: all of them' }]],
    returns: 'string',
    waits: true,
    doc: 'Who speaks and how loud, as the VAD notification, which is not sent by itself any more.',
    run: ({ statistics }, { line }) => statistics.vad(line),
  }),
  define('API_RTPStat', {
    group: 'status',
    overloads: [[]],
    returns: 'string',
    waits: true,
    doc: 'How good the media is, as the RTPSTAT notification, which is not sent by itself any more.',
    run: ({ statistics }) => statistics.rtpStat(),
  }),
  define('API_GetStatus', {
    group: 'status',
    overloads: [
      [
        { ...LINE, doc: 'line number, -1 the active one, -2 the phone as a whole' },
        { name: 'strict', type: 'int', default: 0, doc: '1: Unknown for a line without a call' },
      ],
    ],
    returns: 'string',
    doc: 'The state as text, as STATUS has it.',
    run: (context, { line, strict }) => {
      if (line === -2) return context.board.global;
      const state = exact(context, line);
      if (state) return state;
      if (strict === 1) return 'Unknown';
      const call = context.desk.one(line);
      return call ? context.desk.steadyState(call) : context.board.global;
    },
  }),
  define('API_GetLineStatus', {
    group: 'status',
    overloads: [[LINE]],
    returns: 'int',
    failure: 0,
    doc: `The state of a line as a number: ${LINE_STATES.map((name, at) => `${at} ${name}`).join(', ')}.`,
    run: (context, { line }) => LINE_STATES.indexOf(exact(context, line) ?? 'Unknown'),
  }),
  define('API_GetLineStatusText', {
    group: 'status',
    overloads: [[LINE]],
    returns: 'string',
    doc: 'The same as text; Unknown without a call. Line 0 is the one that registers.',
    run: (context, { line }) => exact(context, line) ?? 'Unknown',
  }),
  define('API_GetGlobalStatus', {
    group: 'status',
    overloads: [[]],
    returns: 'string',
    doc: 'The state of the phone as a whole.',
    run: ({ board }) => board.global,
  }),
  define('API_IsOnline', {
    group: 'status',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Whether there is a network: an address other than that of this machine itself, or a server on it.',
    run: ({ network }) => network.online,
  }),
  define('API_IsEncrypted', {
    group: 'status',
    overloads: [[]],
    returns: 'int',
    doc: '0 no, 1 partly, 2 yes, 3 in every way, -1 unknown: of the call there is, else of the way to the server.',
    run: ({ desk, accounts }) => {
      const call = desk.one(-2);
      if (call) return encryptionNumber(call);
      const flow = accounts.mainAccount?.flow;
      return flow ? (flow.protocol === 'tls' || flow.protocol === 'wss' ? 2 : 0) : -1;
    },
  }),
  define('API_GetAddress', {
    group: 'status',
    overloads: [[]],
    returns: 'string',
    doc: 'Address and port SIP is listened on; empty before the start.',
    run: ({ network }) => network.listener,
  }),
  define('API_GetMySIPURI', {
    group: 'status',
    overloads: [
      [{ name: 'all', type: 'boolean', default: false, doc: 'all addresses, separated by commas' }],
    ],
    returns: 'string',
    doc: 'The address we can be called at.',
    run: ({ accounts, network, settings }, { all }) => {
      const { main } = accounts;
      const user = main?.fields.username || settings.text('username') || 'phone';
      const byServer = accounts.all.map(({ fields }) => `${fields.username}@${fields.server}`);
      const own = main ? [`${main.fields.username}@${main.fields.server}`] : [];
      const here = network.listener ? [`${user}@${network.listener}`] : [];
      const list = [...new Set([...own, ...byServer, ...here])];
      return all ? list.join(',') : (list[0] ?? '');
    },
  }),
  define('API_GetProfileStatusText', {
    group: 'status',
    overloads: [[{ name: 'username', type: 'string' }]],
    returns: 'string',
    doc: 'The text somebody has set beside the presence; ours for our own user name or an empty one.',
    run: ({ settings, presence }, { username }) =>
      ['', settings.text('username')].includes(username.trim())
        ? settings.text('profilestatustext')
        : presence.profileText(username),
  }),
  define('API_CheckConnection', {
    group: 'status',
    overloads: [[]],
    returns: 'void',
    doc: 'Looks at once whether the registrations are still good, as after a laptop woke up.',
    run: ({ accounts, background }) => {
      background(accounts.check(), 'API_CheckConnection');
      return undefined;
    },
  }),
];

/** The state of the very line that is named. */
function exact(context: WebphoneContext, line: number): LineState | undefined {
  const { desk } = context;
  if (line === 0) return registering(context);
  const call = desk.calls.find((one) => desk.lineOf(one) === (line === -1 ? desk.active : line));
  return call && desk.steadyState(call);
}

/** Of the line that registers. */
function registering({ stack, accounts }: WebphoneContext): LineState {
  if (stack.state !== 'running') return 'Init';
  switch (accounts.main?.state) {
    case 'registering':
      return 'Register';
    case 'registered':
      return 'Registered';
    case 'unregistering':
      return 'Unregister';
    case 'waiting':
    case 'failed':
      return 'RegisterFailed';
    default:
      return 'Ready';
  }
}
