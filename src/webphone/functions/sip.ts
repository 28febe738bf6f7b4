/** What goes over the wire: headers, SDP, whole messages. */
import { extensionWords } from '../signalling/line-extras.js';
import type { MessageKind } from '../signalling/sip-history.js';
import { sendMessage } from './send-message.js';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number; -1 the active one' } as const;
const TO_LINE = {
  name: 'line',
  type: 'int',
  doc: 'line number; -1 the active one, -2 all, -3 the next call, 0 takes back',
} as const;
const KINDS: readonly MessageKind[] = ['any', 'request', 'response', 'invite', 'ok'];

export const sip = [
  define('API_CapabilityRequest', {
    group: 'sip',
    overloads: [
      [
        { name: 'server', type: 'string', default: '', doc: 'empty: the server of the settings' },
        { name: 'username', type: 'string', default: '' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sends OPTIONS to a server; EVENT has what it answered.',
    run: (context, { server, username }) => {
      const host = server.trim() || context.settings.text('serveraddress');
      if (!host) return false;
      const phone = context.stack.start();
      const work = (async () => {
        await phone.start();
        const options = { from: `sip:${username.trim() || 'unknown'}@${host}` };
        const response = await phone.userAgent?.options(`sip:${host}`, options);
        context.board.event(`OPTIONS ${host}: ${response?.status} ${response?.reason}`);
      })();
      context.background(work, 'API_CapabilityRequest');
      return true;
    },
  }),
  define('API_SetSIPHeader', {
    group: 'sip',
    overloads: [[TO_LINE, { name: 'hdr', type: 'string', doc: 'header lines, one below the other' }]],
    returns: 'boolean',
    waits: true,
    doc: 'Adds headers to all messages of a line from now on.',
    run: ({ extras }, { line, hdr }) => extras.setHeaders(line, hdr),
  }),
  define('API_GetSIPHeader', {
    group: 'sip',
    overloads: [[LINE, { name: 'hdr', type: 'string', doc: 'name of the header' }]],
    returns: 'string',
    failure: 'ERROR',
    doc: 'A header of the last message received on a line.',
    run: ({ desk }, { line, hdr }) => {
      const call = desk.one(line);
      if (!call) return 'ERROR: no such line';
      return call.messages.header(hdr.replace(/:\s*$/, '').trim()) ?? 'ERROR: no such header';
    },
  }),
  define('API_GetSDPField', {
    group: 'sip',
    overloads: [[LINE, { name: 'field', type: 'string', doc: 'such as o, c, a=ptime or ptime' }]],
    returns: 'string',
    failure: 'ERROR',
    doc: 'A field of the last session description received on a line.',
    run: ({ desk }, { line, field }) => {
      const call = desk.one(line);
      if (!call) return 'ERROR: no such line';
      const values = call.messages.sdpField(field.trim());
      return values.length > 0 ? values.join('\r\n') : 'ERROR: no such field';
    },
  }),
  define('API_SetSDPField', {
    group: 'sip',
    overloads: [
      [
        TO_LINE,
        { name: 'field', type: 'string', doc: 'lines such as a=x-room:7' },
        { name: 'type', type: 'int', default: 0, doc: '0 before the m= line, 1 behind it' },
      ],
    ],
    returns: 'boolean',
    waits: true,
    doc: 'Adds lines to all session descriptions of a line from now on.',
    run: ({ extras }, { line, field, type }) => extras.setSdp(line, field, type === 1),
  }),
  define('API_RTPHeaderExtension', {
    group: 'sip',
    overloads: [
      [
        TO_LINE,
        { name: 'profile', type: 'int', doc: 'the first two bytes' },
        { name: 'extension', type: 'string', doc: '32-bit words in decimal, separated by semicolons' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sends a header extension with every RTP packet; profile 0 and no words take it back.',
    run: ({ extras }, { line, profile, extension }) => {
      const words = extensionWords(extension);
      if (!words || profile < 0 || profile > 0xffff) return false;
      return extras.setExtension(line, profile, words);
    },
  }),
  define('API_ED137PTT', {
    group: 'sip',
    overloads: [
      [
        LINE,
        { name: 'ptt', type: 'int', doc: '0 off, 1 normal, 2 coupling, 3 priority, 4 emergency' },
        { name: 'pttid', type: 'int', default: -1 },
      ],
    ],
    returns: 'boolean',
    waitingFor: 'radio over SIP (ED-137) is to come',
    doc: 'Push to talk of a radio. Not yet: false.',
    run: () => false,
  }),
  define('API_SetUUI', {
    aliases: ['API_SetURI'],
    group: 'sip',
    overloads: [
      [
        LINE,
        { name: 'value', type: 'string', doc: 'the data, with or without parameters' },
        {
          name: 'fortarget',
          type: 'int',
          default: 0,
          doc: '0 for the peer, 1 for the target of a transfer, 2 for both',
        },
      ],
    ],
    returns: 'boolean',
    doc: 'Sets User-to-User data (RFC 7433) for the messages that follow: of a call, or of the next one when there is none.',
    run: ({ extras }, { line, value, fortarget }) => {
      const to = fortarget === 1 ? 'target' : fortarget === 0 ? 'peer' : 'both';
      return extras.setUserToUser(line, value.trim() ? { value: value.trim(), to } : undefined);
    },
  }),
  define('API_SendSIPMessage', {
    group: 'sip',
    overloads: [
      [
        {
          ...LINE,
          doc: 'line of a call it is sent in; -1 the active one unless somebody else is named, -2 all, -3 and 0 outside',
        },
        { name: 'msg', type: 'string', doc: 'a method, a header, or a whole request' },
        { name: 'body', type: 'string', default: '', doc: '"null": none' },
        { name: 'account', type: 'string', default: '', doc: 'one we have, or user:password@server' },
        { name: 'target', type: 'string', default: '', doc: 'a number, user or SIP address' },
      ],
    ],
    returns: 'boolean',
    doc: 'Sends a request of any method; EVENT has what was answered. INVITE calls, BYE and CANCEL end calls.',
    run: sendMessage,
  }),
  define('API_GetSIPMessage', {
    aliases: ['API_Getessage'],
    group: 'sip',
    overloads: [
      [
        LINE,
        { name: 'dir', type: 'int', default: 0, doc: '0 received, 1 sent' },
        {
          name: 'type',
          type: 'int',
          default: 0,
          doc: '0 any, 1 a request, 2 a response, 3 an INVITE, 4 a 200',
        },
      ],
    ],
    returns: 'string',
    doc: 'The last message of that kind, of the call on a line, or of all when there is none.',
    run: ({ desk, history }, { line, dir, type }) => {
      const side = dir === 1 ? 'out' : 'in';
      const kind = KINDS[type] ?? 'any';
      return (
        history.last(side, kind, desk.select(line)[0]?.id) ??
        (line < 1 ? (history.last(side, kind) ?? '') : '')
      );
    },
  }),
  define('API_GetLastRecInvite', {
    aliases: ['API_GetLastReinvite'],
    group: 'sip',
    overloads: [[]],
    returns: 'string',
    doc: 'The last INVITE that was received.',
    run: ({ history }) => history.last('in', 'invite') ?? '',
  }),
  define('API_GetLastSentInvite', {
    group: 'sip',
    overloads: [[]],
    returns: 'string',
    doc: 'The last INVITE that was sent.',
    run: ({ history }) => history.last('out', 'invite') ?? '',
  }),
  define('API_GetLastRecSIPMessage', {
    group: 'sip',
    overloads: [[{ name: 'line', type: 'string', default: '-1', doc: 'line number or Call-ID' }]],
    returns: 'string',
    doc: 'The last message that was received: of a call, or of all.',
    run: ({ desk, history }, { line }) => {
      if (!/^-?\d{1,4}$/.test(line.trim())) return history.last('in', 'any', line.trim()) ?? '';
      const call = desk.select(Number(line))[0];
      return history.last('in', 'any', call?.id) ?? '';
    },
  }),
  define('API_SetSSLContext', {
    group: 'sip',
    overloads: [
      [
        {
          name: 'sc',
          type: 'object',
          typed: 'ApiTlsContext',
          doc: '{ ca, cert, key, verify }, texts in PEM',
        },
      ],
    ],
    returns: 'boolean',
    remote: false,
    doc: 'Sets certificates for TLS; takes effect with the next start.',
    run: ({ tls }, { sc }) => tls.set(sc),
  }),
];
