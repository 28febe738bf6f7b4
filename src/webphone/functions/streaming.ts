/** Audio from and to the application. */
import { Readable } from 'node:stream';
import { define } from './spec.js';

const LINE = { name: 'line', type: 'int', doc: 'line number; -1 the active one, -2 all' } as const;
const START = { name: 'start', type: 'int', doc: '1 send, 0 drop what is still to be sent' } as const;

export const streaming = [
  define('API_StreamSoundBuff', {
    group: 'streaming',
    overloads: [
      [
        START,
        LINE,
        { name: 'buff', type: 'bytes', doc: '16-bit PCM as `audioinput_…` say, or a WAV file' },
        { name: 'len', type: 'int', default: 0, doc: 'bytes to take; 0 and less: all' },
      ],
    ],
    returns: 'boolean',
    remote: false,
    doc: 'Says samples to the peer, after those that were given before. PLAYREADY tells when they are out.',
    run: ({ players }, { start, line, buff, len }) =>
      start === 1 ? players.stream(line, buff, len) : players.stopStream(line),
  }),
  define('API_StreamSoundStream', {
    group: 'streaming',
    overloads: [
      [
        START,
        LINE,
        {
          name: 'stream',
          type: 'object',
          typed: 'AsyncIterable<Uint8Array> | Iterable<Uint8Array>',
          doc: 'a stream or an iterable of buffers',
        },
      ],
    ],
    returns: 'boolean',
    remote: false,
    doc: 'The same with a stream: its buffers are sent as there is room for them; of RTP each is a packet.',
    run: (context, { start, line, stream }) => {
      if (start !== 1) return context.players.stopStream(line);
      const chunks = asChunks(stream);
      if (!chunks || context.desk.select(line).length === 0) return false;
      context.background(context.players.streamAll(line, chunks), 'API_StreamSoundStream');
      return true;
    },
  }),
  define('API_GetMedia', {
    group: 'streaming',
    overloads: [
      [{ name: 'timeout', type: 'int', default: 0, doc: 'how long to wait, in ms; a minute at most' }],
    ],
    returns: 'bytes',
    remote: false,
    waits: true,
    doc: 'The next packet of audio that is heard or said, as `sendmedia_…` say; empty when there is none.',
    run: ({ mediaQueue }, { timeout }) => mediaQueue.next(timeout),
  }),
  define('API_GetMediaEnd', {
    group: 'streaming',
    overloads: [[]],
    returns: 'boolean',
    doc: 'Ends the queueing of packets for API_GetMedia.',
    run: ({ mediaQueue }) => mediaQueue.end(),
  }),
];

function asChunks(stream: unknown): AsyncIterable<unknown> | undefined {
  if (stream instanceof Readable) return stream;
  if (typeof stream !== 'object' || stream === null) return undefined;
  if (Symbol.asyncIterator in stream) return stream as AsyncIterable<unknown>;
  return Symbol.iterator in stream ? Readable.from(stream as Iterable<unknown>) : undefined;
}
