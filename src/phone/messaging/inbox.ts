/**
 * Messages that come (RFC 3428): unpacks them, tells typing and reports apart from text, tells each but once, answers
 * the request and, if the sender wants that, reports the delivery (RFC 5438). Part of Messages.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { isSwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { decodeText } from '../../base/text-encoding.js';
import { findPart, type ServerHandle, type SipRequest } from '../../sip/index.js';
import {
  type Call,
  CPIM_TYPE,
  type CpimMessage,
  IMDN_TYPE,
  ISCOMPOSING_TYPE,
  type IsComposing,
  type MessageReport,
  parseCpim,
  parseImdn,
  parseIsComposing,
} from '../../ua/index.js';
import { type Peer, peerOf } from '../peer-name.js';
import { splitGroup } from './group.js';
import type { MessageStore } from './message-store.js';
import type { IncomingMessage } from './message-types.js';

export const MESSAGE_ID_HEADER = 'X-Message-ID';
/** Types told to peers; other text is taken as well. */
export const ACCEPTED_TYPES = ['text/plain', 'text/html', CPIM_TYPE, ISCOMPOSING_TYPE, IMDN_TYPE] as const;

export interface InboxOptions {
  clock: Clock;
  logger: Logger;
  store: MessageStore;
  /** Encoding of texts that do not tell theirs. */
  charset(): string | undefined;
  /** @param cpim it came in, which tells the reports its sender wants */
  message(message: Omit<IncomingMessage, 'displayed' | 'reply'>, cpim: CpimMessage | undefined): void;
  composing(peer: Peer, state: IsComposing): void;
  report(peer: Peer, report: MessageReport): void;
}

interface Content {
  type: string;
  body: string;
  id?: string;
  cpim?: CpimMessage;
}

/** A message that comes again within that time is the same. */
const MEMORY_MS = 7 * 86_400_000;
/** Messages whose answer waits for the store. */
const MAX_PENDING = 500;

export class Inbox {
  readonly #options: InboxOptions;
  #pending = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  onRequest(request: SipRequest, tx: ServerHandle, call: Call | undefined): void {
    if (this.#pending >= MAX_PENDING) {
      tx.reply(503, undefined, (response) => response.set('Retry-After', 5));
      return;
    }
    const content = contentOf(request, this.#options.charset());
    if (!content) {
      tx.reply(415, undefined, (response) => response.set('Accept', ACCEPTED_TYPES.join(', ')));
      return;
    }
    const from = peerOf(request.from);
    try {
      if (content.type === ISCOMPOSING_TYPE) {
        const state = parseIsComposing(content.body);
        tx.reply(200);
        this.#options.composing(from, state);
        return;
      }
      if (content.type === IMDN_TYPE) {
        const report = parseImdn(content.body);
        tx.reply(200);
        if (report) this.#options.report(from, report);
        return;
      }
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_XML')) throw error;
      tx.reply(400, 'Malformed XML');
      return;
    }
    if (content.body === '') {
      tx.reply(200); // a probe, or what opens a NAT
      return;
    }
    void this.#text(request, tx, call, from, content);
  }

  async #text(
    request: SipRequest,
    tx: ServerHandle,
    call: Call | undefined,
    from: Peer,
    content: Content,
  ): Promise<void> {
    const { clock, store, logger } = this.#options;
    this.#pending++;
    const receivedAt = clock.wallTime();
    try {
      const { id } = content;
      const own = id ?? `${request.callId} ${request.cseq.seq} ${digest(content.body)}`;
      const fresh = await store.note(`${from.uri} ${own}`, receivedAt, receivedAt - MEMORY_MS);
      tx.reply(200);
      if (!fresh) return;
      const { group, text } = splitGroup(content.body);
      const { type: contentType, body, cpim } = content;
      const subject = request.subject;
      this.#options.message({ from, text, body, contentType, group, id, subject, call, receivedAt }, cpim);
    } catch (error) {
      logger.error('a message could not be taken', { from: from.uri, error });
      tx.reply(500);
    } finally {
      this.#pending--;
    }
  }
}

/** Undefined when it is of no type we take. */
function contentOf(request: SipRequest, charset: string | undefined): Content | undefined {
  const type = request.contentType;
  const header = request.get(MESSAGE_ID_HEADER);
  if (type?.type === 'multipart') {
    const part = findPart(request, 'text/plain');
    return part && { type: 'text/plain', body: new TextDecoder().decode(part.body), id: header };
  }
  const essence = type?.essence ?? 'text/plain';
  if (essence === CPIM_TYPE) {
    const cpim = parseCpim(request.bodyText);
    if (!cpim) return undefined;
    const inner = cpim.contentType.split(';')[0].trim().toLowerCase();
    if (!isTaken(inner)) return undefined;
    return { type: inner, body: cpim.body, id: cpim.messageId ?? header, cpim };
  }
  if (!isTaken(essence)) return undefined;
  const told = type?.params.get('charset')?.replace(/^"|"$/g, '');
  const encoding = told || (essence === 'text/plain' ? charset : undefined);
  const body = encoding ? decodeText(request.body, encoding) : request.bodyText;
  return { type: essence, body, id: header };
}

function isTaken(type: string): boolean {
  return (
    type === ISCOMPOSING_TYPE ||
    type === IMDN_TYPE ||
    /^(?:text\/|application\/(?:json|xml|octet-stream)$)/.test(type)
  );
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64url');
}
