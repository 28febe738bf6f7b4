/**
 * API_SendSIPMessage: requests an application makes up, within the calls of lines or outside of any. What changes calls
 * goes the way of calls, so that the phone knows of it.
 */
import type { Phone } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import { parseRawMessage, type RawMessage } from '../signalling/header-lines.js';
import type { WebphoneContext } from '../webphone-context.js';
import { guessType } from './dtmf.js';

interface Arguments {
  line: number;
  msg: string;
  body: string;
  account: string;
  target: string;
}

interface Content {
  headers: Record<string, string>;
  body?: string;
  contentType?: string;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
}

const NEW_ENDPOINT = -3;
const ALL = -2;
const ACTIVE = -1;
/** The stack writes these itself. */
const OURS =
  /^(via|from|to|call-id|cseq|max-forwards|content-length|content-type|contact|route|record-route)$/i;

export function sendMessage(context: WebphoneContext, args: Arguments): boolean {
  const message = parseRawMessage(args.msg);
  if (!message) return false;
  const { method } = message;
  const calls = callsFor(context, args, message);
  const content = contentOf(context, args, message);
  switch (method) {
    case 'ACK':
    case 'PRACK':
      return false; // they belong to the INVITE and 1xx they follow
    case 'INVITE':
      return calls.length === 0 && content.body === undefined && invite(context, args, message);
    case 'BYE':
    case 'CANCEL':
      for (const call of calls) void call.hangup();
      return calls.length > 0;
    default:
  }
  const talking = calls.filter(({ state }) => state === 'connected');
  for (const call of talking) tell(context, method, call.request(method, content));
  if (talking.length > 0) return true;
  const server = context.settings.text('serveraddress');
  const named = args.target.trim() || message.uri || calls[0]?.remote.uri;
  if (!named && !args.account && !server) return false;
  const phone = context.stack.start();
  tell(context, method, outside(context, phone, args, method, named, content));
  return true;
}

/** The calls it is meant for: those of the line; of the active one only when nobody else is named. */
function callsFor(
  { desk }: WebphoneContext,
  { line, target, account }: Arguments,
  { uri }: RawMessage,
): Call[] {
  const named = target.trim() !== '' || account.trim() !== '' || uri !== undefined;
  return line > 0 || line === ALL || (line === ACTIVE && !named) ? desk.select(line) : [];
}

function contentOf({ settings }: WebphoneContext, args: Arguments, message: RawMessage): Content {
  const body = args.body === 'null' ? '' : args.body || message.body;
  const headers: Record<string, string> = {};
  let type: string | undefined;
  for (const [name, values] of Object.entries(message.headers)) {
    if (/^(content-type|c)$/i.test(name)) [type] = values;
    else if (!OURS.test(name)) headers[name] = values.join(', ');
  }
  if (!body) return { headers };
  return { headers, body, contentType: type ?? (settings.text('contenttype') || guessType(body)) };
}

/** A call like any other, whose INVITE has the headers as well. */
function invite(context: WebphoneContext, args: Arguments, message: RawMessage): boolean {
  const target = args.target.trim() || message.uri;
  if (!target || !context.lifecycle.startStack()) return false;
  const headers = Object.entries(message.headers).filter(([name]) => !OURS.test(name));
  const lines = headers.flatMap(([name, values]) => values.map((value) => `${name}: ${value}`));
  const work = (async () => {
    if (lines.length > 0) await context.extras.setHeaders(NEW_ENDPOINT, lines.join('\r\n'));
    await context.dialer.dial(args.line, target);
  })();
  context.background(work, 'API_SendSIPMessage');
  return true;
}

async function outside(
  context: WebphoneContext,
  phone: Phone,
  args: Arguments,
  method: string,
  named: string | undefined,
  content: Content,
): Promise<Answer | undefined> {
  await phone.start();
  const { accounts, settings } = context;
  const other = args.account ? accounts.forRequest(args.account) : undefined;
  const account = other ?? accounts.mainAccount;
  const target = named ?? other?.hops[0].uri.toString() ?? `sip:${settings.text('serveraddress')}`;
  // RFC 3261 §10.2: To has the address of record, the Request-URI the registrar.
  const headers =
    method === 'REGISTER' && account ? { ...content.headers, To: `<${account.uri}>` } : content.headers;
  return phone.userAgent?.request(method, target, { account, ...content, headers });
}

function tell(context: WebphoneContext, method: string, answer: Promise<Answer | undefined>): void {
  const work = answer.then((response) => {
    context.board.event(`${method}: ${response?.status} ${response?.reason}`);
  });
  context.background(work, 'API_SendSIPMessage');
}
