/**
 * The kinds of notification: the fields of each in the order of its string, from which level of the setting `events`
 * on it is sent, and what it tells. Everything about notifications is derived from here.
 */

export type FieldType =
  /** A whole number. */
  | 'int'
  /** `true` or `false`. */
  | 'bool'
  /** A text without commas; a comma in it is written as a semicolon. */
  | 'text'
  /** A Call-ID, written in brackets. */
  | 'callid'
  /** A text to the end of the string, commas and line breaks included; the last field, but for ANSWER. */
  | 'rest';

export interface FieldSpec {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
}

export interface NotificationSpec {
  readonly kind: string;
  /** Other headers read as this kind. */
  readonly aliases?: readonly string[];
  readonly fields: readonly FieldSpec[];
  /** Sent when the setting `events` is at least this. */
  readonly level: 1 | 2 | 3;
  readonly doc: string;
  /** Why no such notification is sent yet. */
  readonly waitingFor?: string;
}

const int = <const N extends string>(name: N, doc: string) => ({ name, type: 'int', doc }) as const;
const bool = <const N extends string>(name: N, doc: string) => ({ name, type: 'bool', doc }) as const;
const text = <const N extends string>(name: N, doc: string) => ({ name, type: 'text', doc }) as const;
const callid = { name: 'callid', type: 'callid', doc: 'Call-ID of the session' } as const;
const rest = <const N extends string>(name: N, doc: string) => ({ name, type: 'rest', doc }) as const;
const line = int('line', 'line number: 1 and up are calls, 0 is no call, -1 the whole phone');

export const NOTIFICATIONS = [
  {
    kind: 'STATUS',
    level: 1,
    doc: 'The state of a line, or with line -1 that of the phone as a whole.',
    fields: [
      line,
      text('statustext', 'one of the status texts'),
      text('peername', 'user name of the other party'),
      text('localname', 'our user name'),
      int('endpointtype', '1 we are the client (outgoing), 2 the server (incoming)'),
      text('peerdisplayname', 'display name of the other party'),
      callid,
      int('online', '1 online, 0 no network'),
      int('registered', 'as API_IsRegisteredEx'),
      int('incall', 'as API_IsInCall'),
      int('mute', '0 no, 1 undefined, 2 speaker, 3 microphone, 4 both'),
      int('hold', '0 no, 1 undefined, 2 send only, 3 receive only, 4 both'),
      int('encrypted', 'as API_IsEncrypted'),
      int('video', '0 without video'),
      text('group', 'members of a conference, separated by |'),
      int('rtpsent', 'RTP packets sent'),
      int('rtprec', 'RTP packets received'),
      int('rtploss', 'RTP packets lost'),
      int('rtplosspercent', 'RTP packets lost, in percent'),
      int('videohold', 'as hold, for video'),
      int('videoesent', 'video packets sent'),
      int('videorec', 'video packets received'),
      rest('serverstats', 'what the server tells about the media'),
    ],
  },
  {
    kind: 'REGISTER',
    level: 1,
    doc: 'The registration of an account changed.',
    fields: [
      line,
      int('state', '0 in progress, 1 registered, 2 failed, 3 unregistered'),
      text('text', 'the state in words'),
      bool('main', 'it is the main account'),
      text('fcu', 'unused'),
      text('user', 'our user name'),
      text('reason', 'why it failed'),
      int('reasoncode', 'status the server answered with, -1 without one'),
    ],
  },
  {
    kind: 'PRESENCE',
    level: 2,
    doc: 'A contact came online, went away, or the like.',
    fields: [
      text('peername', 'the contact'),
      text('state', 'presence in a word'),
      text('details', 'the same more exactly'),
      text('displayname', 'name of the contact'),
      text('email', 'mail address of the contact'),
    ],
  },
  {
    kind: 'BLF',
    level: 2,
    doc: 'The state of the calls of an extension that is watched.',
    fields: [
      text('peername', 'the extension'),
      text('direction', 'out, in or undefined'),
      text('state', 'trying, proceeding, early, confirmed, terminated, unknown or failed'),
      callid,
    ],
  },
  {
    kind: 'DTMF',
    level: 2,
    doc: 'Digits came from the peer, by whatever method.',
    fields: [line, text('msg', 'the digits')],
  },
  {
    kind: 'INFO',
    level: 2,
    doc: 'An INFO arrived, or what became of the digits or the INFO that were sent.',
    fields: [
      text('type', 'ERROR, WARNING, OK or REC'),
      line,
      text('peername', 'the other party'),
      rest('text', 'the body received, or more about the outcome'),
    ],
  },
  {
    kind: 'USSD',
    level: 2,
    doc: 'An answer of the mobile network.',
    fields: [line, int('status', '0 failed, 1 sent, 2 received'), rest('text', 'the text')],
    waitingFor: 'USSD over IMS',
  },
  {
    kind: 'CHAT',
    level: 2,
    doc: 'A message arrived.',
    fields: [
      line,
      text('peername', 'who sent it'),
      rest('text', 'the message; a group stands before it as "GROUP: name:"'),
    ],
  },
  {
    kind: 'CHATREPORT',
    level: 2,
    doc: 'What became of a message that was sent.',
    fields: [
      line,
      text('peername', 'who was to get it'),
      int('status', '0 prepared, 1 being sent, 2 sent, 3 failed, 4 queued'),
      text('statustext', 'the same in words, with the reason of a failure'),
      text('group', 'members of the group'),
      text('md5', 'MD5 of the message'),
      int('id', 'the number it was sent with'),
    ],
  },
  {
    kind: 'CHATCOMPOSING',
    level: 2,
    doc: 'The peer began or stopped to type.',
    fields: [line, text('peername', 'the peer'), int('status', '0 types, 1 idle')],
  },
  {
    kind: 'CDR',
    level: 1,
    doc: 'The record of a call that is over, answered or not.',
    fields: [
      line,
      text('peername', 'the other party'),
      text('caller', 'who called'),
      text('called', 'who was called'),
      text('peeraddress', 'the host of the other party, as a rule the server'),
      int('connecttime', 'ms from the beginning to the answer, or to the end without one'),
      int('duration', 'ms from the answer to the end; 0 without an answer'),
      int('disparty', 'who ended it: 0 not set, 1 we, 2 the peer, 3 unknown or time-out'),
      text('reasontext', 'the disconnect reason'),
      callid,
      int('dir', '1 outgoing, 2 incoming'),
      int('disccode', 'status of the peer, -1 without one'),
      text('peerdisplayname', 'display name of the other party, or its user name'),
    ],
  },
  {
    kind: 'START',
    level: 1,
    doc: 'The API (`api`) or the SIP stack (`sip`) is ready.',
    fields: [text('what', 'api or sip')],
  },
  {
    kind: 'STOP',
    level: 1,
    doc: 'The API (`api`) or the SIP stack (`sip`) has stopped.',
    fields: [text('what', 'api or sip')],
  },
  {
    kind: 'SHOULDRESET',
    level: 2,
    doc: 'A restart would do good: the network has changed, or the phone has not been registered for minutes; never during a call.',
    fields: [rest('reason', 'why')],
  },
  {
    kind: 'LINE',
    level: 2,
    doc: 'Another line became the active one.',
    fields: [int('line', 'the active line')],
  },
  {
    kind: 'POPUP',
    aliases: ['POPOP'],
    level: 2,
    doc: 'A text the user should see, from the server (X-Popup, or a message of nobody).',
    fields: [rest('txt', 'the text')],
  },
  {
    kind: 'EVENT',
    level: 2,
    doc: 'Something a user may want to know.',
    fields: [text('type', 'EVENT, WARNING or ERROR'), rest('txt', 'the text')],
  },
  {
    kind: 'LOG',
    level: 3,
    doc: 'A line of the log.',
    fields: [text('type', 'EVENT, WARNING, ERROR, CRITICAL or RTP'), rest('txt', 'the text')],
  },
  {
    kind: 'GROUP',
    level: 2,
    doc: 'Who takes part in a conference.',
    fields: [line, text('peers', 'the members, separated by |')],
  },
  {
    kind: 'VREC',
    level: 2,
    doc: 'How a recording goes.',
    fields: [
      line,
      int('stage', '0 off, 1 begun, 2 being saved, 3 saved, 4 failed'),
      int('type', '1 file, 2 FTP, 3 HTTP, 4 server, 5 SIPREC'),
      text('path', 'file or URL'),
      text('reason', 'why it failed'),
      text('source', 'USER, SIPREC or AUTO'),
    ],
  },
  {
    kind: 'PLAYREADY',
    level: 2,
    doc: 'What was played to the peer is over; not sent when the call ended first.',
    fields: [line, callid],
  },
  {
    kind: 'SIP',
    level: 2,
    doc: 'A SIP message, when `sipmsgnotifications` is on. As printed, `in` is one we sent and `out` one we received.',
    fields: [
      text('direction', 'in or out'),
      text('address', 'address and port of the peer'),
      rest('message', 'the message'),
    ],
  },
  {
    kind: 'ACCOUNT',
    level: 2,
    doc: 'Another account became the main one, or a call took another.',
    fields: [
      line,
      int('change', '0: main account'),
      text('uri', 'the account'),
      text('display', 'its shortest name'),
    ],
  },
  {
    kind: 'BLOCK',
    level: 2,
    doc: 'A message was refused or ignored because of the black or the white list, when `sendblocknotifications` is 1.',
    fields: [int('type', '0 another rule, 1 black list, 2 white list'), rest('message', 'the message')],
  },
  {
    kind: 'VAD',
    level: 2,
    doc: 'Who speaks, and how loud.',
    fields: [rest('parameters', 'pairs of name and value, separated by blanks')],
  },
  {
    kind: 'RTPE',
    level: 2,
    doc: 'The RTP header extension of the peer changed.',
    fields: [
      line,
      int('profile', 'the first two bytes of the extension'),
      text('extension', 'its 32-bit words in decimal, separated by semicolons'),
    ],
  },
  {
    kind: 'RTPT',
    level: 2,
    doc: 'Push to talk of a radio (ED-137).',
    fields: [rest('parameters', 'the state')],
    waitingFor: 'ED-137',
  },
  {
    kind: 'RTPSTAT',
    level: 2,
    doc: 'How good the media was since the report before.',
    fields: [
      int('quality', '-1 unknown, 0 none, 1 lowest to 5 highest'),
      int('sent', 'packets sent'),
      int('rec', 'packets received'),
      int('issues', 'how often something was wrong'),
      int('loss', 'packets lost'),
    ],
  },
  {
    kind: 'MWI',
    level: 2,
    doc: 'The server tells about voicemail.',
    fields: [
      text('hasvoicemail', 'yes or no'),
      text('voicemailnumber', 'the number to call'),
      text('to', 'whose mailbox'),
      int('count', 'new messages'),
      rest('message', 'the Voice-Message text'),
    ],
  },
  {
    kind: 'SRS',
    level: 2,
    doc: 'A recording session began (SIPREC).',
    fields: [
      line,
      text('session_id', 'recording session'),
      text('sip_callid', 'Call-ID of the recorded call'),
      text('sipsessionid1', 'session of the first party'),
      text('userid1', 'first party'),
      text('aor1', 'its address'),
      text('name1', 'its name'),
      text('sipsessionid2', 'session of the second party'),
      text('userid2', 'second party'),
      text('aor2', 'its address'),
      text('name2', 'its name'),
      text('codec', 'codec'),
      bool('isupdate', 'these are later details'),
    ],
    waitingFor: 'SIPREC',
  },
  {
    kind: 'VIDEO',
    level: 2,
    doc: 'Video begins or ends.',
    fields: [
      text('startstop', 'start or stop'),
      text('type', 'send or receive'),
      line,
      ...(
        [
          'reason',
          'ip',
          'port',
          'codec',
          'payload',
          'quality',
          'bw',
          'max_bw',
          'fps',
          'max_fps',
          'width',
          'height',
          'profilelevelid',
          'profile',
          'pixelfmt',
          'level',
          'pm',
          'sprop',
          'srtp_alg',
          'srtp_key',
          'srtp_remotekey',
          'device',
          'fmt',
        ] as const
      ).map((name) => text(name, 'of the stream')),
    ],
    waitingFor: 'video',
  },
  {
    kind: 'CREDIT',
    level: 2,
    doc: 'The balance of the user, from the server (X-Credit or X-Balance), when it has changed.',
    fields: [rest('text', 'the balance')],
  },
  {
    kind: 'RATING',
    level: 2,
    doc: 'What a call costs or how long it may last, from the server (X-Rating, X-Tariff, X-Price or X-Max-Duration), once a call.',
    fields: [rest('text', 'the price')],
  },
  {
    kind: 'NEWUSER',
    level: 2,
    doc: 'Somebody wants to see our presence, or another phone was found on the network.',
    fields: [
      text('peername', 'who'),
      text('displayname', 'name'),
      text('email', 'mail address'),
      text('uri', 'SIP address'),
    ],
  },
  {
    kind: 'SERVERCONTACTS',
    level: 2,
    doc: 'Which contacts the server knows.',
    fields: [rest('details', 'users and their state')],
    waitingFor: 'a server that offers it',
  },
  {
    kind: 'ANSWER',
    level: 2,
    doc: 'The answer to API_HTTPReqAsync, as `RESULT:…,REQUEST:…,EOFANSWER`.',
    fields: [rest('result', 'the answer'), rest('request', 'the request')],
  },
  {
    kind: 'WARNING',
    level: 2,
    doc: 'Something went wrong that is not fatal.',
    fields: [rest('text', 'the text')],
  },
  {
    kind: 'ERROR',
    level: 2,
    doc: 'A function failed, or the phone did.',
    fields: [rest('text', 'the text')],
  },
] as const satisfies readonly NotificationSpec[];
