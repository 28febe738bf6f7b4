/** Digits, INFO and USSD. */
import type { Call } from '../../ua/index.js';
import { dtmfOptions } from '../mapping/transfer-policies.js';
import { partyOf } from '../status/line-desk.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number; -1 the active one, -2 all' } as const;

export const dtmf = [
  define('API_Dtmf', {
    group: 'dtmf',
    overloads: [[LINE, { name: 'dtmf', type: 'string', doc: '0-9 * # A-D; a blank is a pause' }]],
    returns: 'boolean',
    doc: 'Sends digits, one after the other, as `dtmfmode` says. INFO tells whether they went.',
    run: (context, { line, dtmf }) => {
      const digits = dtmf.toUpperCase();
      if (!/^[ ,]*[0-9*#A-D][0-9*#A-D ,]*$/.test(digits)) return false;
      const calls = context.desk.select(line).filter((call) => sends(context, call));
      for (const call of calls) sendDigits(context, call, digits.replaceAll(' ', ','));
      return calls.length > 0;
    },
  }),
  define('API_Info', {
    group: 'dtmf',
    overloads: [[LINE, { name: 'msg', type: 'string', doc: 'body of the INFO' }]],
    returns: 'boolean',
    doc: 'Sends an INFO with a text, its type from `contenttype` or guessed. INFO tells whether the peer took it.',
    run: (context, { line, msg }) => {
      const calls = able(context, line);
      for (const call of calls) {
        const type = context.settings.text('contenttype') || guessType(msg);
        void call.info(type, msg).then(
          () => tell(context, call, 'OK'),
          (error: Error) => tell(context, call, 'ERROR', error.message),
        );
      }
      return calls.length > 0;
    },
  }),
  define('API_SendUSSD', {
    group: 'dtmf',
    overloads: [
      [
        LINE,
        { name: 'method', type: 'string', doc: 'INVITE, INFO or BYE' },
        { name: 'ussd', type: 'string', doc: 'such as *135#, or the XML document' },
      ],
    ],
    returns: 'boolean',
    waitingFor: 'USSD over IMS is to come',
    doc: 'Sends USSD over IMS. Not yet: false.',
    run: () => false,
  }),
];

function able({ desk }: WebphoneContext, line: number): Call[] {
  return desk.select(line).filter(({ state }) => state === 'connected');
}

/** Digits are switched off by `dtmfmode` 0, and before the answer by `sendearlydtmf` 0. */
function sends({ settings, desk }: WebphoneContext, call: Call): boolean {
  const { method, early } = dtmfOptions(settings.forLine(desk.lineOf(call)));
  if (method === 'off' || call.state === 'ended') return false;
  return call.state === 'connected' || early !== 'never';
}

function sendDigits(context: WebphoneContext, call: Call, digits: string): void {
  const settings = context.settings.forLine(context.desk.lineOf(call));
  void call.sendDtmf(digits, dtmfOptions(settings)).then(
    () => tell(context, call, 'OK'),
    (error: Error) => tell(context, call, 'ERROR', error.message),
  );
}

function tell({ notifications, desk }: WebphoneContext, call: Call, type: string, text?: string): void {
  notifications.publish('INFO', { type, line: desk.lineOf(call), peername: partyOf(call).user, text });
}

/** What a text looks like. */
export function guessType(text: string): string {
  const start = text.trimStart()[0];
  if (start === '{' || start === '[') return 'application/json';
  return start === '<' ? 'application/xml' : 'application/octet-stream';
}
