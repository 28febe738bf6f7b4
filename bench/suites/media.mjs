/**
 * What a G.711 call costs in the media worker (own socket pair, both directions, jitter buffer, statistics), and how
 * punctual its packets are. Yardstick: the same packets through bare node:dgram sockets, nothing else done with them.
 */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { pcmu } from '../../dist/codecs/g711/codec.js';
import { MediaEngine } from '../../dist/media/index.js';
import { cpuShare } from '../support/cpu.mjs';

const HOST = '127.0.0.1';
const PTIME_MS = 20;
const PACKET_BYTES = 172;
/** A worker that has plenty to do, and one that pays mostly for waking up every 5 ms. */
const BUSY_CALLS = 300;
const QUIET_CALLS = 50;
/** Sessions whose packets are timed. */
const TIMED = 10;

function streamTo(address, port, rtcpPort) {
  return {
    remote: { address, port, rtcpPort },
    direction: 'sendrecv',
    send: { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
    receive: [{ payloadType: 0, codec: 'PCMU', clockRate: 8000 }],
    telephoneEventSend: { payloadType: 101, clockRate: 8000 },
    telephoneEventReceive: [{ payloadType: 101, clockRate: 8000 }],
  };
}

/** A sweep: something to encode and decode that is not silence. */
const samples = Int16Array.from({ length: 40_000 }, (_, i) =>
  Math.round(8000 * Math.sin(i * (0.2 + i * 1e-5))),
);

async function openPairs(engine, count) {
  const sessions = [];
  for (let i = 0; i < count / 2; i++) {
    const a = await engine.openSession({ address: HOST, label: `a${i}` });
    const b = await engine.openSession({ address: HOST, label: `b${i}` });
    await a.configure(streamTo(HOST, b.rtpPort, b.rtcpPort));
    await b.configure(streamTo(HOST, a.rtpPort, a.rtcpPort));
    for (const session of [a, b]) session.play({ samples, sampleRate: 8000 }, { loop: true });
    sessions.push(a, b);
  }
  return sessions;
}

async function cpuPerCall(calls, warmUpMs, ms) {
  const engine = await MediaEngine.start({ workers: 1 });
  const sessions = await openPairs(engine, calls);
  await sleep(warmUpMs);
  const share = await cpuShare(ms);
  const stats = await Promise.all(sessions.map((session) => session.stats()));
  const lost = stats.reduce((sum, { received }) => sum + received.lost, 0);
  await engine.close();
  if (lost > 0) console.error(`media: ${lost} packets were lost on loopback`);
  return (100 * share) / calls;
}

/** The same number of packets of the same size at the same times, sent and received by bare sockets. */
async function bareSockets(calls, warmUpMs, ms) {
  const sockets = [];
  for (let i = 0; i < calls; i++) {
    const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) });
    await new Promise((resolve) => socket.bind(0, HOST, resolve));
    socket.on('message', () => {});
    sockets.push({ socket, port: socket.address().port });
  }
  const packet = Buffer.alloc(PACKET_BYTES);
  const start = performance.now();
  let slot = 0;
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - start) / 5);
    for (; slot < due; slot++) {
      for (let i = slot % 4; i < calls; i += 4)
        sockets[i].socket.send(packet, 0, PACKET_BYTES, sockets[i ^ 1].port, HOST);
    }
  }, 5);
  await sleep(warmUpMs);
  const share = await cpuShare(ms);
  clearInterval(timer);
  for (const { socket } of sockets) socket.close();
  return (100 * share) / calls;
}

/** 99th percentile of how far packets leave from their 20 ms grid, seen by a receiver in an idle thread. */
async function sendJitter(calls, ms) {
  const engine = await MediaEngine.start({ workers: 1 });
  await openPairs(engine, calls - TIMED);
  const streams = [];
  for (let i = 0; i < TIMED; i++) {
    const arrivals = [];
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, HOST, resolve));
    socket.on('message', (data) => {
      if ((data[1] & 0x7f) === 0) arrivals.push(data.readUInt16BE(2), performance.now());
    });
    const session = await engine.openSession({ address: HOST, label: `timed${i}` });
    const { port } = socket.address();
    await session.configure(streamTo(HOST, port, port));
    session.play({ samples, sampleRate: 8000 }, { loop: true });
    streams.push({ socket, arrivals });
  }
  await sleep(1000);
  for (const { arrivals } of streams) arrivals.length = 0;
  await sleep(ms);
  const deviations = [];
  for (const { socket, arrivals } of streams) {
    socket.close();
    const offsets = [];
    for (let i = 0; i < arrivals.length; i += 2) {
      const index = (arrivals[i] - arrivals[0] + 0x10000) & 0xffff;
      offsets.push(arrivals[i + 1] - index * PTIME_MS);
    }
    offsets.sort((a, b) => a - b);
    const middle = offsets[offsets.length >> 1];
    for (const offset of offsets) deviations.push(Math.abs(offset - middle));
  }
  const { lateTicks } = await engine.stats();
  await engine.close();
  deviations.sort((a, b) => a - b);
  return { p99: deviations[Math.floor(deviations.length * 0.99)], lateTicks };
}

function microseconds(fn, rounds) {
  for (let i = 0; i < rounds; i++) fn();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) fn();
    best = Math.min(best, ((performance.now() - start) * 1000) / rounds);
  }
  return best;
}

function kernels() {
  const pcm = samples.slice(0, 960);
  const out = new Int16Array(2000);
  const bytes = new Uint8Array(160);
  const encoder = pcmu.createEncoder();
  const decoder = pcmu.createDecoder();
  return [
    {
      name: 'PCMU encode and decode, 20 ms',
      value: microseconds(() => {
        encoder.encode(pcm, 0, bytes, 0);
        encoder.encode(pcm, 80, bytes, 80);
        decoder.decode(bytes, 0, 160, out, 0);
      }, 20_000),
      unit: 'µs',
    },
  ];
}

export async function run({ quick = false } = {}) {
  const [warmUpMs, ms] = quick ? [2000, 3000] : [6000, 15_000];
  const results = [];
  for (const calls of [BUSY_CALLS, QUIET_CALLS]) {
    const perCall = await cpuPerCall(calls, warmUpMs, ms);
    const bare = await bareSockets(calls, warmUpMs / 2, ms);
    results.push({
      name: `G.711 call, both directions, of a core, at ${calls} calls`,
      value: perCall,
      unit: '%',
      goal: calls === BUSY_CALLS ? 0.15 : undefined,
      yardstick: { name: 'the same packets through bare node:dgram sockets', value: bare, unit: '%' },
    });
  }
  for (const calls of [100, 300]) {
    const { p99 } = await sendJitter(calls, quick ? 3000 : 10_000);
    results.push({ name: `send jitter p99 at ${calls} calls`, value: p99, unit: 'ms', goal: 2 });
  }
  results.push(...kernels());
  return results;
}
