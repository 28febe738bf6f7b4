/**
 * Requests on standard input, answers and notifications on standard output: how a parent process or a person at a
 * terminal drives the phone. The same lines and frames as over TCP; whoever started the process needs no token.
 */
import type { Readable, Writable } from 'node:stream';
import { ControlClient } from '../clients/control-client.js';
import {
  framedNotification,
  JournalCursor,
  type NotificationJournal,
} from '../clients/notification-journal.js';
import type { Reply, RequestHandler } from '../request-handler.js';
import { LineFramer } from './line-framer.js';

export interface StandardStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** @returns the function that ends it */
export function serveStandardStreams(
  { input, output }: StandardStreams,
  parts: {
    handler: RequestHandler;
    journal: NotificationJournal;
    maxRequestBytes: number;
    pushes(): boolean;
  },
): () => void {
  const { handler, journal, maxRequestBytes, pushes } = parts;
  const client = new ControlClient(new JournalCursor(journal, 0));
  let framer = new LineFramer(maxRequestBytes);
  const push = (): void => {
    if (client.polls || !pushes()) return;
    for (const { text } of client.cursor.take()) output.write(framedNotification(text));
  };
  const answer = (reply: Reply): void => {
    output.write(`${reply.text}\r\n`);
    push();
  };
  const run = (request: string): void => {
    const reply = handler.handle(request, {
      transport: 'stdio',
      address: 'stdio',
      admitted: true,
      client: () => client,
    });
    if (reply instanceof Promise) void reply.then(answer);
    else answer(reply);
  };
  const onData = (bytes: Buffer): void => {
    const requests = framer.push(bytes);
    if (requests) requests.forEach(run);
    else {
      output.write(`ERROR: a request may have ${maxRequestBytes} bytes\r\n`);
      framer = new LineFramer(maxRequestBytes);
    }
  };
  const onEnd = (): void => {
    const rest = framer.rest();
    if (rest) run(rest);
  };
  input.on('data', onData).on('end', onEnd);
  const unwatch = journal.watch(push);
  return () => {
    unwatch();
    client.close();
    input.off('data', onData).off('end', onEnd);
    input.pause();
  };
}
