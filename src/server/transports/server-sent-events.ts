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

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';
/** Proxies cut silent connections off. */
const HEARTBEAT_MS = 15_000;

export function serveEvents(
  request: IncomingMessage,
  response: ServerResponse,
  parts: { journal: NotificationJournal; counters: ControlCounters; clock: Clock; closing: AbortSignal },
): void {
  const { journal, counters, clock, closing } = parts;
  counters.requests.sse++;
  const cursor = new JournalCursor(journal, lastSeen(request.headers['last-event-id'], journal));
  response.writeHead(200, { 'Content-Type': EVENT_STREAM, Connection: 'keep-alive' });
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
  const end = (): void => void response.end();
  closing.addEventListener('abort', end, { once: true });
  response.on('close', () => {
    closing.removeEventListener('abort', end);
    timer.cancel();
    unwatch();
  });
  push();
}

/** A number we have not reached is of a run before this one, of which the client has seen nothing. */
function lastSeen(header: string | string[] | undefined, journal: NotificationJournal): number | undefined {
  const seen = /^\d{1,15}$/.test(String(header)) ? Number(header) : undefined;
  return seen !== undefined && seen > journal.last ? 0 : seen;
}

function eventText({ number, kind, text }: JournalEntry): string {
  const data = text
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
  return `id: ${number}\nevent: ${kind.replace(/[\r\n]/g, '')}\n${data}\n`;
}
