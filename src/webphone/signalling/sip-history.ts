/**
 * The last SIP messages, of all and of each session, for functions that read them; and every one as SIP notification
 * when that is wanted. Listens at the taps of the phone.
 */
import type { SipTrace } from '../../base/diagnostics.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Stack } from '../stack.js';

export type MessageKind = 'any' | 'request' | 'response' | 'invite' | 'ok';
type Side = SipTrace['direction'];

interface Heard {
  id: string;
  text: string;
}

/** Sessions whose messages are kept. */
const SESSIONS = 256;

export class SipHistory {
  readonly #overall = new Map<string, Heard>();
  #unsubscribe: (() => void) | undefined;
  readonly #sessions = new Map<string, Map<string, Heard>>();

  constructor(stack: Stack, notifications: NotificationHub) {
    stack.on('made', (phone) => {
      this.#unsubscribe?.();
      this.#unsubscribe = phone.diagnostics.sip.subscribe((trace) => {
        const text = Buffer.from(trace.data).toString('utf8');
        this.#note(trace.direction, text);
        if (notifications.wants('SIP')) {
          const { host, port } = trace.remote;
          notifications.publish('SIP', {
            // As printed: in is what we send.
            direction: trace.direction === 'out' ? 'in' : 'out',
            address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
            message: text,
          });
        }
      });
    });
  }

  /** The last message of that kind: of a session, or of all when `callId` is undefined. */
  last(side: Side, kind: MessageKind, callId?: string): string | undefined {
    const from = callId === undefined ? this.#overall : this.#sessions.get(callId);
    return from?.get(`${side} ${kind}`)?.text;
  }

  #note(side: Side, text: string): void {
    const id = /^(?:call-id|i)\s*:\s*(\S+)/im.exec(text)?.[1];
    if (id === undefined) return;
    let session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session ??= new Map();
    // The one heard of last is forgotten last.
    this.#sessions.set(id, session);
    if (this.#sessions.size > SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value as string);
    const kinds: MessageKind[] = ['any'];
    if (text.startsWith('SIP/2.0 ')) {
      kinds.push('response');
      if (text.startsWith('SIP/2.0 200')) kinds.push('ok');
    } else {
      kinds.push('request');
      if (text.startsWith('INVITE ')) kinds.push('invite');
    }
    for (const kind of kinds) {
      session.set(`${side} ${kind}`, { id, text });
      this.#overall.set(`${side} ${kind}`, { id, text });
    }
  }
}
