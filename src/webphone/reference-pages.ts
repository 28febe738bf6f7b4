/** The pages docs/API.md and docs/NOTIFICATIONS.md, made of the tables. Called by `npm run docs` and by the test that they are not stale. */
import { CALL_CAUSES } from '../ua/index.js';
import type { ArgumentSpec, FunctionGroup, FunctionSpec } from './functions/spec.js';
import { FUNCTIONS } from './functions/table.js';
import { NOTIFICATIONS, type NotificationSpec } from './notifications/notification-table.js';
import { GLOBAL_TEXTS, LINE_STATES } from './status/status-texts.js';

const GROUPS: Readonly<Record<FunctionGroup, string>> = {
  settings: 'Settings',
  lifecycle: 'Start and stop',
  accounts: 'Accounts and registration',
  lines: 'Lines',
  calls: 'Calls',
  conference: 'Conferences',
  video: 'Video',
  dtmf: 'Digits, INFO and USSD',
  chat: 'Messages',
  recording: 'Recording',
  audio: 'Sounds and devices',
  streaming: 'Audio from and to the application',
  status: 'Status',
  notifications: 'Notifications',
  presence: 'Presence and busy lamps',
  contacts: 'Contacts',
  sip: 'What goes over the wire',
  logs: 'Log',
  http: 'HTTP',
  files: 'Files and folders',
  lists: 'Black and white list',
};

export function functionsPage(): string {
  const sections = (Object.keys(GROUPS) as FunctionGroup[]).map((group) => {
    const rows = FUNCTIONS.filter((spec) => spec.group === group);
    return rows.length === 0 ? '' : `## ${GROUPS[group]}\n\n${rows.map(functionText).join('\n')}`;
  });
  return `# Functions

Written by \`npm run docs\` from \`src/webphone/functions/\`. In process each is a method of \`new Webphone()\`; every other
way (UDP, TCP, HTTP, WebSocket, command line) calls the same by its name, \`webphone.execute(name, arguments)\`.

Arguments go by position, by name, or as \`param1\` … \`paramN\`; texts are converted to the type of the argument, and may be
encrypted (\`encrypted__X__…\`). No function throws: a failure is \`false\`, \`-1\`, an empty text or one that begins with
\`ERROR\`, and an ERROR notification says why. True for something that takes time means that it has begun; notifications
tell the rest. A function marked *waits* gives a promise in process.

A line is a number from 1 on; -1 is the active line, -2 all with a call, -3 the next call, 0 no call.

${sections.filter((text) => text !== '').join('\n')}`;
}

function functionText(spec: FunctionSpec): string {
  const signatures = spec.overloads.map(
    (list) => `${spec.name}(${list.map(argumentText).join(', ')}): ${spec.returns}`,
  );
  const marks = [
    spec.waits ? 'waits' : '',
    spec.remote ? '' : 'in process only',
    spec.aliases.length > 0 ? `also ${spec.aliases.join(', ')}` : '',
    spec.waitingFor ? `does nothing yet: ${spec.waitingFor}` : '',
  ].filter((mark) => mark !== '');
  const documented = new Map(
    spec.overloads.flat().flatMap(({ name, doc }) => (doc ? [[name, doc] as const] : [])),
  );
  const details = [...documented].map(([name, doc]) => `- \`${name}\`: ${doc}`);
  return [
    `### ${spec.name}`,
    '',
    '```',
    ...signatures,
    '```',
    '',
    `${spec.doc}${marks.length > 0 ? ` *(${marks.join('; ')})*` : ''}`,
    '',
    ...(details.length > 0 ? [...details, ''] : []),
  ].join('\n');
}

function argumentText({ name, type, default: value }: ArgumentSpec): string {
  return `${name}: ${type}${value === undefined ? '' : ` = ${JSON.stringify(value)}`}`;
}

export function notificationsPage(): string {
  const kinds = (NOTIFICATIONS as readonly NotificationSpec[]).map(kindText).join('\n');
  return `# Notifications

Written by \`npm run docs\` from \`src/webphone/notifications/\` and \`src/webphone/status/\`.

In process they are objects with a \`kind\` and the fields below: \`webphone.notifications.subscribe(listener)\`,
\`.on('CDR', listener)\`, or \`for await (const one of webphone.notifications)\`. Everywhere else they are strings: the kind
and its fields, separated by commas; fields that are missing at the end are left away. In fields other than the last a comma
is written as a semicolon. \`API_ParseNotification\` makes an object of a string, with or without the prefix
\`WPNOTIFICATION,\` and the end \`,NEOL\`.

A client that polls or waits takes each notification once. Up to 10,000 wait for a client with a queue of its own, 1,000 for
those that share one; beyond that the oldest are dropped and counted (\`queue.dropped\`), and who polls strings gets a
WARNING first that says how many. The setting \`events\` says from which level on they are sent: 1 states and call
records, 2 what a user may want to know, 3 the log.

## Kinds

${kinds}
## States of a line

${LINE_STATES.map((name, at) => `\`${name}\` (${at})`).join(', ')}. Told once for every call: \`CallSetup\`, \`CallConnect\`,
\`CallDisconnect\`.

## States of the phone

${Object.values(GLOBAL_TEXTS)
  .map((text) => `\`${text}\``)
  .join(', ')}; \`Starting call to …\`, \`Speaking (n sec)\` at the beginning and the end of a call,
\`In Call (n sec)\` in between; when a registration fails, why.

## Why calls end

The code is BYE, CANCEL or a status from 300 on. The text is one of ours, or what the peer says of it:

${Object.values(CALL_CAUSES)
  .map((text) => `- ${text}`)
  .join('\n')}
`;
}

function kindText(spec: NotificationSpec): string {
  const template = [
    spec.kind,
    ...spec.fields.map(({ name, type }) => (type === 'callid' ? `[${name}]` : name)),
  ].join(',');
  const waits = spec.waitingFor ? ` *(not sent yet: ${spec.waitingFor})*` : '';
  return [
    `### ${spec.kind}`,
    '',
    '```',
    template,
    '```',
    '',
    `${spec.doc} Level ${spec.level}.${waits}`,
    '',
    ...spec.fields.map(({ name, type, doc }) => `- \`${name}\` (${TYPES[type]}): ${doc}`),
    '',
  ].join('\n');
}

const TYPES = {
  int: 'number',
  bool: 'true or false',
  text: 'text',
  callid: 'text',
  rest: 'text to the end',
} as const;
