/** Text messages. */
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line of a call to send it in; -1 outside of any' } as const;

export const chat = [
  define('API_SendChat', {
    group: 'chat',
    overloads: [
      [
        LINE,
        { name: 'peer', type: 'string', doc: 'who is to get it' },
        { name: 'group', type: 'string', doc: 'name of the group, its members separated by |, or empty' },
        { name: 'message', type: 'string' },
        { name: 'msgid', type: 'int', default: 0, doc: 'comes back in CHATREPORT' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sends a text (SIP MESSAGE). CHATREPORT tells what becomes of it.',
    run: ({ messages }, { line, peer, group, message, msgid }) =>
      messages.send(line, peer.trim(), group.trim(), message, msgid),
  }),
  define('API_SendSMS', {
    group: 'chat',
    overloads: [
      [
        LINE,
        { name: 'peer', type: 'string', doc: 'number' },
        { name: 'message', type: 'string' },
        { name: 'id', type: 'int', default: 0, doc: 'comes back in CHATREPORT' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sends a text that the server is to pass on as SMS (X-Sms: Yes).',
    run: ({ messages }, { line, peer, message, id }) =>
      messages.send(line, peer.trim(), '', message, id, true),
  }),
  define('API_Chat', {
    group: 'chat',
    overloads: [[{ name: 'peer', type: 'string', default: '' }]],
    returns: 'boolean',
    waitingFor: 'there is no window; the web phone is to come',
    doc: 'Opens the chat window. There is none here: false.',
    run: () => false,
  }),
  define('API_SendChatIsComposing', {
    group: 'chat',
    overloads: [
      [
        { name: 'line', type: 'string', default: '-1' },
        { name: 'number', type: 'string', doc: 'who is to know' },
      ],
    ],
    returns: 'boolean',
    doc: 'Tells a peer that the user is typing.',
    run: ({ messages }, { number }) => messages.typing(number.trim()),
  }),
];
