/**
 * `GET /events`: the notifications as server-sent events, each with its kind and number. A browser that reconnects
 * says the last number it has seen (Last-Event-ID) and gets what came since, as far as the journal reaches.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../base/clock.js';
import {
  JournalCursor,
  type JournalEntry,
  type NotificationJournal,
} from '../clients/notification-journal.js';
import type { ControlCounters } from '../counters.js';
import { MAX_UNREAD_BYTES } from './text-connection.js';

/** Proxies cut silent connections off. */
const HEARTBEAT_MS = 15_000;

export function serveEvents(
  request: IncomingMessage,
  response: ServerResponse,
  parts: { journal: NotificationJournal; counters: ControlCounters; clock: Clock },
): void {
  const { journal, counters, clock } = parts;
  counters.requests.sse++;
  const seen = Number(request.headers['last-event-id'] ?? Number.NaN);
  const cursor = new JournalCursor(
    journal,
    Number.isInteger(seen) ? Math.min(Math.max(seen, 0), journal.last) : undefined,
  );
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', Connection: 'keep-alive' });
  response.write(': switchhook\n\n');
  const push = (): void => {
    const entries = cursor.take();
    if (entries.length === 0 || response.destroyed) return;
    response.write(entries.map(eventText).join(''));
    if (response.writableLength <= MAX_UNREAD_BYTES) return;
    counters.notReading++;
    response.destroy();
  };
  let timer: Timer;
  const beat = (): void => {
    response.write(': \n\n');
    timer = clock.after(HEARTBEAT_MS, beat);
  };
  timer = clock.after(HEARTBEAT_MS, beat);
  const unwatch = journal.watch(push);
  response.on('close', () => {
    timer.cancel();
    unwatch();
  });
  push();
}

function eventText({ number, kind, text }: JournalEntry): string {
  const data = text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
  return `id: ${number}\nevent: ${kind.replace(/[\r\n]/g, '')}\n${data}\n`;
}
