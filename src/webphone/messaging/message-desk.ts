/**
 * Text messages of the API: sends them, within the call of a line where one is meant, and tells what came and what
 * became of what was sent. The messages are the phone's.
 */
import type { MessageReportEvent, MessageStatus, Phone } from '../../phone/index.js';
import { resends } from '../mapping/call-options.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import { NEXT_LINE, type Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';
import type { StatusBoard } from '../status/status-board.js';

/** As CHATREPORT numbers them. */
const STATUS: Readonly<Record<MessageStatus, number>> = {
  init: 0,
  sending: 1,
  sent: 2,
  failed: 3,
  queued: 4,
  delivered: 2,
  displayed: 2,
};
/** Values of `textmessaging`: whatever was asked for. */
const AS_SMS = 5;
const AS_CHAT = 6;
const TYPING = 0;
const IDLE = 1;

export interface MessageDeskOptions {
  stack: Stack;
  desk: LineDesk;
  board: StatusBoard;
  settings: Settings;
  notifications: NotificationHub;
  background(work: Promise<unknown>, what: string): void;
}

export class MessageDesk {
  readonly #options: MessageDeskOptions;
  #nextId = 1;

  constructor(options: MessageDeskOptions) {
    this.#options = options;
    options.stack.on('made', (phone) => this.#attach(phone));
  }

  /** @param id 0 and less: one is made */
  send(line: number, peer: string, group: string, text: string, id: number, sms = false): boolean {
    const { stack, desk, settings, background } = this.#options;
    const call = line > 0 ? desk.select(line).find(({ state }) => state === 'connected') : undefined;
    if ((!peer && !call) || text === '') return false;
    const contentType = settings.text('contenttype') || undefined;
    const mode = settings.number('textmessaging');
    const asSms = mode === AS_SMS || (sms && mode !== AS_CHAT);
    const separate = settings.number('separatechatdiag') === 1;
    const again = resends(settings.forLine(line > 0 ? line : NEXT_LINE));
    const work = stack.start().messages.send(peer || (call?.remote.uri ?? ''), text, {
      id: String(id > 0 ? id : this.#nextId++),
      group,
      call: separate ? undefined : call,
      contentType,
      maxAttempts: again === undefined ? undefined : again + 1,
      headers: asSms ? { 'X-Sms': 'Yes' } : undefined,
    });
    background(work, sms ? 'API_SendSMS' : 'API_SendChat');
    return true;
  }

  typing(peer: string): boolean {
    if (!peer) return false;
    this.#options.stack.start().messages.typing(peer);
    return true;
  }

  #attach({ messages }: Phone): void {
    const { notifications, desk, board } = this.#options;
    messages.on('message', ({ from, body, call }) => {
      board.chat(from.user);
      notifications.publish('CHAT', { line: call ? desk.lineOf(call) : 0, peername: from.user, text: body });
    });
    messages.on('report', (report) => this.#report(report));
    messages.on('typing', ({ peer, typing }) => {
      notifications.publish('CHATCOMPOSING', {
        line: 0,
        peername: peer.user,
        status: typing ? TYPING : IDLE,
      });
    });
  }

  #report({ id, peer, status, statusText, group, md5, call }: MessageReportEvent): void {
    const { notifications, desk, board } = this.#options;
    const number = Number(id);
    if (status === 'sending') board.chat(peer.user);
    notifications.publish('CHATREPORT', {
      line: call ? desk.lineOf(call) : 0,
      peername: peer.user,
      status: STATUS[status],
      statustext: statusText || status,
      group,
      md5,
      id: Number.isSafeInteger(number) ? number : undefined,
    });
    if (status === 'sent') board.event('chat message sent successfully');
    if (status === 'failed') notifications.publish('WARNING', { text: 'chat message not delivered' });
  }
}
