/**
 * How long audio takes from the network to the application: packets with a click among packets of silence are sent to
 * a media session, and the application waits for the clicks. The present delay of the jitter buffer, which is chosen
 * by the network and not by us, is taken off; like that delay, all times are those of a sender that is never late.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { MediaEngine } from '../../dist/media/index.js';
import { percentile } from '../support/caller.mjs';

const HOST = '127.0.0.1';
const PTIME_MS = 20;
const SAMPLES_PER_MS = 8;
const SAMPLES = PTIME_MS * SAMPLES_PER_MS;
const HEADER = 12;
const SILENCE = 0xff;
const LOUD = 0x80;
/** A click every so many packets. */
const PERIOD = 25;
const THRESHOLD = 8000;

function packet(number, loud) {
  const data = Buffer.alloc(HEADER + SAMPLES, loud ? LOUD : SILENCE);
  data[0] = 0x80;
  data[1] = 0;
  data.writeUInt16BE(number & 0xffff, 2);
  data.writeUInt32BE((number * SAMPLES) >>> 0, 4);
  data.writeUInt32BE(0x5eed, 8);
  return data;
}

export async function run({ quick = false } = {}) {
  const engine = await MediaEngine.start({ workers: 1 });
  const session = await engine.openSession({ address: HOST, label: 'latency' });
  const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
  await new Promise((resolve) => socket.bind(0, HOST, resolve));
  const { port } = socket.address();
  const format = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
  await session.configure({
    remote: { address: HOST, port, rtcpPort: port },
    direction: 'sendrecv',
    send: format,
    receive: [format],
    telephoneEventReceive: [],
  });

  const delays = [];
  let clickAt;
  const reader = session.output({ sampleRate: 8000 });
  const heard = (async () => {
    for await (const { samples } of reader) {
      if (clickAt === undefined) continue;
      const at = samples.findIndex((sample) => Math.abs(sample) > THRESHOLD);
      if (at < 0) continue;
      // A frame is what is to be heard from now on: its samples are not all due at once.
      const ms = performance.now() + at / SAMPLES_PER_MS - clickAt;
      clickAt = undefined;
      const { delayMs } = await session.stats();
      delays.push({ ms, beyond: ms - delayMs });
    }
  })();

  const packets = PERIOD * (quick ? 20 : 80);
  const start = performance.now();
  for (let number = 0; number < packets; number++) {
    const due = start + number * PTIME_MS;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const loud = number % PERIOD === PERIOD - 1;
    if (loud) clickAt = due;
    socket.send(packet(number, loud), session.rtpPort, HOST);
  }
  await sleep(500);
  reader.close();
  await heard;
  socket.close();
  await engine.close();
  // The first clicks fall into the time the jitter buffer needs to learn.
  const settled = delays.slice(delays.length >> 2);
  return [
    {
      name: 'audio from network to application beyond the jitter buffer, median',
      value: percentile(
        settled.map(({ beyond }) => beyond),
        0.5,
      ),
      unit: 'ms',
      goal: 20,
    },
    {
      name: 'the same with the jitter buffer, on loopback',
      value: percentile(
        settled.map(({ ms }) => ms),
        0.5,
      ),
      unit: 'ms',
    },
  ];
}
