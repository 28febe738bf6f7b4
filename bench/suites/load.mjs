/**
 * Whether the media worker keeps time under load, as the share of its clock's slots of 5 ms that come more than 5 ms
 * late (below 1 % means that the 99th percentile is below 5 ms): calls that are recorded, and conferences. Encoding is
 * in the cost of a recorded call: all threads count.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MediaEngine } from '../../dist/media/index.js';

const HOST = '127.0.0.1';
const SLOT_MS = 5;
const LATE_GOAL = 1;
const RECORDED_CALLS = 100;
const FORMATS = ['wav', 'mp3', 'ogg', 'opus'];
const PARTIES = 30;
const CODECS = [
  { payloadType: 0, codec: 'PCMU', clockRate: 8000 },
  { payloadType: 9, codec: 'G722', clockRate: 8000 },
  { payloadType: 8, codec: 'PCMA', clockRate: 8000 },
];

const samples = Int16Array.from({ length: 40_000 }, (_, i) => 8000 * Math.sin(i * (0.2 + i * 1e-5)));

/** Two sessions that talk to each other. */
async function openPair(engine, format, label) {
  const pair = [
    await engine.openSession({ address: HOST, label: `${label}a` }),
    await engine.openSession({ address: HOST, label: `${label}b` }),
  ];
  for (const [i, session] of pair.entries()) {
    const { rtpPort: port, rtcpPort } = pair[1 - i];
    const remote = { address: HOST, port, rtcpPort };
    await session.configure({ remote, direction: 'sendrecv', send: format, receive: [format] });
  }
  return pair;
}

/** @returns share of late slots in per cent, the latest in ms, CPU in per cent of a core */
async function punctuality(engine, ms) {
  const before = await engine.stats();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await sleep(ms);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 10 / (performance.now() - start);
  const { lateTicks, maxLateMs, skippedFrames } = await engine.stats();
  const late = (100 * (lateTicks - before.lateTicks)) / (ms / SLOT_MS);
  return { late, maxLateMs, share, skipped: skippedFrames - before.skippedFrames };
}

async function recorded(format, calls, ms) {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-bench-'));
  const engine = await MediaEngine.start({ workers: 1 });
  const recordings = [];
  for (let i = 0; i < calls; i += 2) {
    for (const [side, session] of (await openPair(engine, CODECS[0], `r${i}`)).entries()) {
      session.play({ samples, sampleRate: 8000 }, { loop: true });
      recordings.push(await session.record(join(folder, `${i + side}.${format}`)));
    }
  }
  await sleep(2000);
  const result = await punctuality(engine, ms);
  const files = await Promise.all(recordings.map((recording) => recording.stop()));
  const broken = files.find(({ error }) => error !== undefined);
  await engine.close();
  await rm(folder, { recursive: true });
  if (broken) throw broken.error;
  const shortest = Math.min(...files.map(({ durationMs }) => durationMs));
  if (shortest < ms) throw new Error(`a recording of ${ms} ms has ${shortest} ms`);
  return result;
}

async function conference(parties, ms) {
  const engine = await MediaEngine.start({ workers: 1 });
  const bridge = await engine.openBridge({ label: 'bench', sampleRate: 16_000 });
  for (let i = 0; i < parties; i++) {
    const [member, phone] = await openPair(engine, CODECS[i % CODECS.length], `c${i}`);
    bridge.add(member);
    phone.play({ samples, sampleRate: 8000 }, { loop: true });
  }
  await sleep(2000);
  const result = await punctuality(engine, ms);
  await bridge.close();
  await engine.close();
  return result;
}

export async function run({ quick = false } = {}) {
  const ms = quick ? 4000 : 15_000;
  const results = [];
  const add = (what, { late, maxLateMs, share, skipped }) =>
    results.push(
      { name: `clock slots more than ${SLOT_MS} ms late: ${what}`, value: late, unit: '%', goal: LATE_GOAL },
      { name: 'latest slot', value: maxLateMs, unit: 'ms' },
      { name: 'frames skipped', value: skipped, unit: '', goal: 0 },
      { name: 'CPU of a core, all threads', value: share, unit: '%' },
    );
  for (const format of FORMATS) {
    add(`${RECORDED_CALLS} calls recorded, .${format}`, await recorded(format, RECORDED_CALLS, ms));
  }
  add(`conference of ${PARTIES}, three codecs, with their phones`, await conference(PARTIES, ms));
  return results;
}
