/**
 * A WebSocket client: each text message is a request in any format and is answered in that format; notifications come
 * as `{"notification":"STATUS,…","kind":"STATUS","number":7}`, or with `?format=text` as the plain strings of the text
 * protocol.
 */
import type { WebSocket } from 'ws';
import type { Clock, Timer } from '../../base/clock.js';
import { ControlClient } from '../clients/control-client.js';
import {
  framedNotification,
  JournalCursor,
  type JournalEntry,
  type NotificationJournal,
} from '../clients/notification-journal.js';
import type { ControlCounters } from '../counters.js';
import type { Reply, RequestHandler } from '../request-handler.js';
import { MAX_UNREAD_BYTES } from './text-connection.js';

const PING_MS = 30_000;
const MAX_RUNNING = 64;
/** RFC 6455 §7.4.1 */
const POLICY_VIOLATION = 1008;

export interface WebSocketParts {
  readonly handler: RequestHandler;
  readonly journal: NotificationJournal;
  readonly counters: ControlCounters;
  readonly clock: Clock;
  /** Whether notifications may be pushed at the moment. */
  pushes(): boolean;
}

export function serveWebSocket(
  socket: WebSocket,
  about: { address: string; asText: boolean },
  parts: WebSocketParts,
): void {
  const { handler, journal, counters, clock } = parts;
  const client = new ControlClient(new JournalCursor(journal));
  let running = 0;
  let alive = true;
  const send = (text: string): void => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount <= MAX_UNREAD_BYTES) return;
    counters.notReading++;
    socket.terminate();
  };
  const push = (): void => {
    if (client.polls || !parts.pushes()) return;
    for (const entry of client.cursor.take())
      send(about.asText ? framedNotification(entry.text) : eventObject(entry));
  };
  const answer = (reply: Reply): void => {
    send(reply.text);
    push();
  };
  socket.on('message', (data, isBinary) => {
    if (isBinary || running >= MAX_RUNNING)
      return socket.close(POLICY_VIOLATION, isBinary ? 'text only' : 'too many requests');
    const reply = handler.handle(String(data), {
      transport: 'websocket',
      address: about.address,
      // The token was asked for before the connection was accepted.
      admitted: true,
      client: () => client,
    });
    if (!(reply instanceof Promise)) return answer(reply);
    running++;
    void reply.then((late) => {
      running--;
      answer(late);
    });
  });
  let timer: Timer;
  const ping = (): void => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
    timer = clock.after(PING_MS, ping);
  };
  timer = clock.after(PING_MS, ping);
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('error', () => socket.terminate());
  const unwatch = journal.watch(push);
  socket.on('close', () => {
    timer.cancel();
    unwatch();
    client.close();
  });
}

function eventObject({ number, kind, text }: JournalEntry): string {
  return JSON.stringify({ notification: text, kind, number });
}
