/** What the messages of a phone are made of, told and reported. */
import type { SwitchhookError } from '../../base/errors.js';
import type { Call } from '../../ua/index.js';
import type { Peer } from '../peer-name.js';
import type { MessageStore } from './message-store.js';

export interface MessagesOptions {
  /** Which ways messages may go. Default `both`. */
  direction?: 'both' | 'in' | 'out' | 'none';
  /**
   * What happens to messages that could not be delivered: they wait for the next registration or sign of life of the
   * peer. Default `queue`.
   */
  offline?: 'queue' | 'fail';
  /** 202 is as good as 200: for servers that answer all messages so. Default false: the message counts as queued. */
  acceptedIsDelivered?: boolean;
  /**
   * Encoding of plain texts, such as `iso-8859-1`: for those we send where it can say what they say, and for those we get
   * that do not tell theirs. Default: UTF-8.
   */
  charset?: string;
  /** Ask peers to report the delivery (RFC 5438); plain devices may not understand such messages. Default false. */
  reports?: boolean;
  /** Attempts before a waiting message is given up; default 20. */
  maxAttempts?: number;
  /** Seconds after which it is given up; default 7 days. */
  maxAge?: number;
  /** Where messages wait; default: in memory. */
  store?: MessageStore;
}

export interface SendOptions {
  /** Comes back in reports; default: a fresh one. */
  id?: string;
  /** Name of the group; see {@link Messages.group}. */
  group?: string;
  /** Default `text/plain`. */
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
  /** Send it within that call. */
  call?: Call;
  /** Attempts before it is given up, when that is fewer than the options say. */
  maxAttempts?: number;
  /** Ask for a report, or not, whatever the options say. */
  report?: boolean;
}

/**
 * `init` and `sending` come in that order; `sent`: the peer, or its server, has it; `queued`: it waits, here or at the
 * server; `delivered` and `displayed` are reports of the peer (RFC 5438) and come later, if at all.
 */
export type MessageStatus = 'init' | 'sending' | 'sent' | 'queued' | 'failed' | 'delivered' | 'displayed';

export interface MessageReportEvent {
  id: string;
  peer: Peer;
  status: MessageStatus;
  /** In words: the reason of a failure. */
  statusText: string;
  group: string;
  /** Of the text; while messages to that peer wait, of all of them together. Hex. */
  md5: string;
  call?: Call;
  error?: SwitchhookError;
}

/** What became of a message that was sent. */
export interface SentMessage {
  id: string;
  peer: Peer;
  status: 'sent' | 'queued';
}

/** A message that came. */
export interface IncomingMessage {
  from: Peer;
  /** Without the prefix of its group. */
  text: string;
  /** As it came. */
  body: string;
  contentType: string;
  /** Name of the group; '' for none. */
  group: string;
  /** Of the sender, if it gave one. */
  id?: string;
  subject?: string;
  /** The call it came in. */
  call?: Call;
  /** Milliseconds since 1970. */
  receivedAt: number;
  /** Tells the sender that the user has seen it, if the sender wants to know (RFC 5438). */
  displayed(): void;
  /** Answers it. */
  reply(text: string): Promise<SentMessage>;
}

export type MessagesEvents = {
  message: [message: IncomingMessage];
  report: [report: MessageReportEvent];
  typing: [event: { peer: Peer; typing: boolean }];
};
