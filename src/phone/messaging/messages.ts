/**
 * Text messages (RFC 3428): `phone.messages` sends and receives them, in and out of calls, to one or a group, tells
 * who is typing (RFC 3994) and what became of each message (RFC 5438), and keeps those that cannot be delivered yet.
 * `for await (const message of phone.messages)` is the short form of a bot.
 */
import { createHash } from 'node:crypto';
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import { encodeText, encodingName } from '../../base/text-encoding.js';
import type { SipResponse } from '../../sip/index.js';
import {
  type Call,
  CPIM_TYPE,
  type CpimMessage,
  EventQueue,
  ISCOMPOSING_TYPE,
  printCpim,
  printIsComposing,
  resolveTarget,
  type UserAgent,
} from '../../ua/index.js';
import { type Peer, peerOf } from '../peer-name.js';
import type { ServiceHost } from '../service-host.js';
import { Composing } from './composing.js';
import { reportOn, statusOf } from './delivery-report.js';
import { groupMembers, groupName, withGroup } from './group.js';
import { ACCEPTED_TYPES, Inbox, MESSAGE_ID_HEADER } from './inbox.js';
import { MemoryMessageStore, type StoredMessage } from './message-store.js';
import type {
  IncomingMessage,
  MessageReportEvent,
  MessagesEvents,
  MessagesOptions,
  SendOptions,
  SentMessage,
} from './message-types.js';
import { Outbox } from './outbox.js';

/** A group one can write to. */
export interface ChatGroup {
  readonly name: string;
  readonly members: readonly string[];
  /** One message to every member. @throws what {@link Messages.send} throws, when it failed for all */
  send(text: string, options?: Omit<SendOptions, 'group' | 'call'>): Promise<SentMessage[]>;
}

const QUEUE = 1000;
const MAX_ATTEMPTS = 20;
const MAX_AGE_S = 7 * 86_400;
/** Leaves room for headers in a message of 65,535 bytes. */
const MAX_BODY_BYTES = 60_000;
/** Messages whose reports are waited for. */
const MAX_REPORTED = 5000;

export class Messages extends Emitter<MessagesEvents> implements AsyncIterable<IncomingMessage> {
  readonly #host: ServiceHost;
  readonly #options: MessagesOptions;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #composing: Composing;
  /** What was sent with the wish for a report, by message id. */
  readonly #reported = new Map<string, MessageReportEvent>();
  readonly #loops = new Set<EventQueue<IncomingMessage>>();
  #agent: UserAgent | undefined;
  #withdraw: (() => void) | undefined;

  constructor(host: ServiceHost, options: MessagesOptions = {}) {
    super();
    this.#host = host;
    this.#options = { ...options };
    const { clock, logger } = host;
    const store = options.store ?? new MemoryMessageStore();
    this.#composing = new Composing(
      clock,
      (peer, state) => void this.#aside(peer, printIsComposing(state), ISCOMPOSING_TYPE),
      (peer, typing) => void this.emit('typing', { peer: peerOf(peer), typing }),
    );
    this.#inbox = new Inbox({
      clock,
      logger,
      store,
      charset: () => this.#options.charset,
      message: (message, cpim) => this.#came(message, cpim),
      composing: (peer, state) => this.#composing.received(peer.uri, state),
      report: (peer, report) => {
        const sent = this.#reported.get(report.messageId);
        const status = statusOf(report);
        if (!sent || !status || sent.peer.uri !== peer.uri) return;
        if (status === 'displayed' || status === 'failed') this.#reported.delete(report.messageId);
        this.emit('report', { ...sent, status, statusText: report.status });
      },
    });
    this.#outbox = new Outbox({
      clock,
      logger,
      store,
      queue: () => this.#options.offline !== 'fail',
      acceptedIsDelivered: () => this.#options.acceptedIsDelivered ?? false,
      maxAttempts: options.maxAttempts ?? MAX_ATTEMPTS,
      maxAgeMs: (options.maxAge ?? MAX_AGE_S) * 1000,
      transmit: (message, call) => this.#transmit(message, call),
      report: (report) => void this.emit('report', report),
    });
  }

  /** Changes what was given when the phone was made, but for the store. */
  configure(options: Omit<MessagesOptions, 'store' | 'maxAge' | 'maxAttempts'>): void {
    Object.assign(this.#options, options);
    if (this.#agent) this.attach(this.#agent);
  }

  /**
   * Sends a text to a peer; resolves when it is sent or waits to be. Reports come as `report` events as well.
   * @throws ERR_MESSAGE_REJECTED {status, reason}, ERR_INVALID_ARGUMENT, ERR_SIP_LIMIT for a text that is too long,
   * ERR_CLOSED; ERR_SIP_TIMEOUT and the like when messages do not wait
   */
  async send(to: string, text: string, options: SendOptions = {}): Promise<SentMessage> {
    const { direction = 'both' } = this.#options;
    if (direction === 'none' || direction === 'in')
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: "option 'direction' allows no outgoing messages",
      });
    const { group = '', call, contentType = 'text/plain', headers = {} } = options;
    const peer = peerOf(call ? call.remote.uri : resolveTarget(to, this.#host.account()));
    const body = withGroup(group, text);
    if (Buffer.byteLength(body) > MAX_BODY_BYTES)
      throw new SwitchhookError('ERR_SIP_LIMIT', { what: 'message text', limit: MAX_BODY_BYTES });
    const message: StoredMessage = {
      id: options.id ?? this.#host.random.token(16),
      peer: peer.address,
      body,
      contentType,
      group,
      headers: { ...headers, [MESSAGE_ID_HEADER]: this.#host.random.token(20) },
      createdAt: this.#host.clock.wallTime(),
      attempts: 0,
      maxAttempts: options.maxAttempts,
      lastError: '',
    };
    if (options.report ?? this.#options.reports) this.#wantReport(message, peer);
    this.#composing.sent(peer.address);
    await this.#host.agent();
    return this.#outbox.send(message, call);
  }

  /** A group by its members, or by the name that lists them. */
  group(members: readonly string[] | string): ChatGroup {
    const list = typeof members === 'string' ? groupMembers(members) : [...members];
    const name = typeof members === 'string' ? members : groupName(members);
    const own = this.#host.account()?.uri.user;
    const send: ChatGroup['send'] = async (text, options = {}) => {
      const others = list.filter((member) => member !== own);
      const results = await Promise.allSettled(
        others.map((member) => this.send(member, text, { ...options, group: name })),
      );
      const sent = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.find((result) => result.status === 'rejected');
      if (sent.length === 0 && failed) throw failed.reason;
      return sent;
    };
    return { name, members: list, send };
  }

  /** The user is writing to `to`, or has left off. Call it for every key; the peer is told as rarely as can be. */
  typing(to: string, on = true): void {
    const { address } = peerOf(resolveTarget(to, this.#host.account()));
    if (on) this.#composing.key(address);
    else this.#composing.stopped(address);
  }

  /** Sends what waits for a peer, or all that waits. */
  async retry(peer?: string): Promise<void> {
    await this.#host.agent();
    await this.#outbox.flush(peer && peerOf(resolveTarget(peer, this.#host.account())).uri);
  }

  /** Messages from now on, until the phone is closed or the loop is left. */
  [Symbol.asyncIterator](): AsyncIterableIterator<IncomingMessage> {
    const push = (message: IncomingMessage): void => queue.push(message);
    const queue: EventQueue<IncomingMessage> = new EventQueue(QUEUE, () => {
      this.off('message', push);
      this.#loops.delete(queue);
    });
    this.#loops.add(queue);
    this.on('message', push);
    // So that a bot needs nothing else to be reached.
    this.#host.agent().catch(() => queue.close());
    return queue;
  }

  /** For the phone: it has started. */
  attach(agent: UserAgent): void {
    if (this.#agent !== agent) agent.on('traffic', (from) => this.#heardFrom(peerOf(from)));
    this.#agent = agent;
    this.#outbox.open();
    const { direction = 'both' } = this.#options;
    const open = direction === 'both' || direction === 'in';
    if (!open) {
      this.#withdraw?.();
      this.#withdraw = undefined;
      return;
    }
    this.#withdraw ??= agent.methods.register('MESSAGE', {
      accept: ACCEPTED_TYPES,
      standalone: (request, tx) => this.#inbox.onRequest(request, tx, undefined),
      inCall: (request, tx, _dialog, session) => {
        const call = agent.calls.find(({ id }) => id === session.callId);
        this.#inbox.onRequest(request, tx, call);
      },
    });
  }

  /** For the phone: it is registered. */
  registered(): void {
    this.#outbox.flushQuietly();
  }

  /** For the phone: the SIP stack ends and another one will come. */
  detach(): void {
    this.#withdraw?.();
    this.#withdraw = undefined;
    this.#composing.close();
    this.#outbox.close();
  }

  close(): void {
    this.detach();
    for (const loop of [...this.#loops]) loop.close();
  }

  #heardFrom(peer: Peer): void {
    if (this.#options.offline !== 'fail') this.#outbox.flushQuietly(peer.uri);
  }

  #transmit(message: StoredMessage, call: Call | undefined): Promise<SipResponse> {
    const { body, contentType, headers, peer } = message;
    const wants = this.#reported.has(headers[MESSAGE_ID_HEADER]);
    const content = wants ? this.#withReport(message) : this.#encoded(body, contentType);
    if (call) return call.request('MESSAGE', { ...content, headers });
    return this.#message(peer, { ...content, headers });
  }

  async #message(
    peer: string,
    content: { body: string | Uint8Array; contentType: string; headers?: Readonly<Record<string, string>> },
  ): Promise<SipResponse> {
    const agent = await this.#host.agent();
    return agent.message(peer, { ...content, account: this.#host.account() });
  }

  /** What is no message of the user: typing and reports. It may get lost. */
  async #aside(peer: string, body: string, contentType: string): Promise<void> {
    try {
      await this.#message(peer, { body, contentType });
    } catch (error) {
      this.#host.logger.debug('not told', { peer, contentType, error });
    }
  }

  /** A plain text in the encoding that is wanted, when it can be said in it. */
  #encoded(body: string, contentType: string): { body: string | Uint8Array; contentType: string } {
    const { charset } = this.#options;
    const name = charset && contentType.toLowerCase() === 'text/plain' ? encodingName(charset) : undefined;
    const bytes = name && name !== 'utf-8' ? encodeText(body, name) : undefined;
    return bytes ? { body: bytes, contentType: `text/plain;charset=${name}` } : { body, contentType };
  }

  #wantReport({ id, group, headers, body }: StoredMessage, peer: Peer): void {
    if (this.#reported.size >= MAX_REPORTED) {
      const [oldest] = this.#reported.keys();
      this.#reported.delete(oldest);
    }
    const md5 = createHash('md5').update(body).digest('hex');
    const sent: MessageReportEvent = { id, peer, status: 'sent', statusText: '', group, md5 };
    this.#reported.set(headers[MESSAGE_ID_HEADER], sent);
  }

  #withReport({ body, contentType, headers, peer, createdAt }: StoredMessage): {
    body: string;
    contentType: string;
  } {
    return {
      contentType: CPIM_TYPE,
      body: printCpim({
        from: `<${this.#host.account()?.uri ?? 'sip:anonymous.invalid'}>`,
        to: `<${peer}>`,
        dateTime: new Date(createdAt).toISOString(),
        messageId: headers[MESSAGE_ID_HEADER],
        dispositions: ['positive-delivery', 'negative-delivery', 'display'],
        contentType,
        body,
      }),
    };
  }

  #came(message: Omit<IncomingMessage, 'displayed' | 'reply'>, cpim: CpimMessage | undefined): void {
    const { from, call, receivedAt } = message;
    this.#composing.messageCame(from.uri);
    const wants = new Set(cpim?.dispositions);
    const report = (kind: 'delivery' | 'display', wanted: string): void => {
      if (!cpim || !wants.delete(wanted)) return;
      const told = reportOn(cpim, {
        kind,
        id: this.#host.random.token(16),
        us: peerOf(this.#host.account()?.uri ?? 'sip:anonymous.invalid').uri,
        sender: from.uri,
        receivedAt: new Date(receivedAt).toISOString(),
      });
      if (told) void this.#aside(told.to ?? from.address, told.body, told.contentType);
    };
    this.emit('message', {
      ...message,
      displayed: () => report('display', 'display'),
      reply: (text) => this.send(from.address, text, { call }),
    });
    report('delivery', 'positive-delivery');
  }
}
