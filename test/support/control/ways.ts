/** Every way into a control server: how a request is sent over it, and which formats it takes. */
import { once } from 'node:events';
import type { PassThrough } from 'node:stream';
import { WebSocket } from 'ws';
import type { ControlServer } from '../../../src/server/index.js';
import { Collector, http, TcpClient, UdpClient } from './clients.js';
import type { Encoding } from './requests.js';

/** Sends a request and resolves with its answer as it is printed. */
export type Ask = (text: string, by: Encoding) => Promise<string>;

export interface Way {
  takes(by: Encoding): boolean;
  open(server: Entrance, closes: Array<() => unknown>): Promise<Ask> | Ask;
}

/** A server, and the streams it serves besides. */
export interface Entrance {
  readonly server: ControlServer;
  readonly input: PassThrough;
  readonly output: PassThrough;
}

/** Lines and frames: what is made of parts is not told from its first part. */
const LINES = ({ name }: Encoding): boolean => !['multipart', 'form', 'key-value'].includes(name);
const WHOLE = ({ name }: Encoding): boolean => name !== 'multipart' && name !== 'form';

const port = ({ server }: Entrance): number => server.addresses.tcp?.port ?? 0;

function body(method: 'POST' | 'PUT'): Way['open'] {
  return (to) => async (text, by) =>
    (await http(port(to), '/', { method, body: text, headers: { 'Content-Type': by.contentType } })).text;
}

export const WAYS: Readonly<Record<string, Way>> = {
  udp: {
    takes: WHOLE,
    open: async ({ server }, closes) => {
      const client = await UdpClient.to(server.addresses.udp?.port ?? 0);
      closes.push(() => client.close());
      return async (text) => {
        client.send(text);
        for (;;) {
          const datagram = await client.next();
          if (!datagram.startsWith('WPNOTIFICATION,')) return datagram;
        }
      };
    },
  },
  tcp: {
    takes: LINES,
    open: (to, closes) => {
      const client = new TcpClient(port(to));
      closes.push(() => client.close());
      return async (text) => {
        client.send(`${text}\r\n`);
        return answerIn(client);
      };
    },
  },
  'standard input': {
    takes: LINES,
    open: ({ input, output }) => {
      const seen = new Collector();
      output.setEncoding('utf8').on('data', (chunk: string) => seen.add(chunk));
      return async (text) => {
        input.write(`${text}\r\n`);
        return answerIn(seen);
      };
    },
  },
  websocket: {
    takes: WHOLE,
    open: async (to, closes) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port(to)}/?format=text`);
      const seen = new Collector();
      socket.on('message', (data) => seen.add(`${String(data)}\u0000`));
      closes.push(() => socket.terminate());
      await once(socket, 'open');
      return async (text) => {
        socket.send(text);
        for (;;) {
          const message = await seen.record('\u0000');
          if (!message.startsWith('WPNOTIFICATION,')) return message;
        }
      };
    },
  },
  'http post': { takes: () => true, open: body('POST') },
  'http put': { takes: ({ name }) => name === 'json' || name === 'xml', open: body('PUT') },
  'http get': {
    takes: ({ name }) => name === 'query',
    open: (to) => async (text) => (await http(port(to), `/?${text}`)).text,
  },
};

/** The next line that is no notification. */
async function answerIn(stream: Collector): Promise<string> {
  for (;;) {
    const record = await stream.record('\r\n');
    if (!record.startsWith('WPNOTIFICATION,')) return record;
  }
}
