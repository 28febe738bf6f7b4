/**
 * Thousands of calls, well and badly behaved, from SIPp to one phone; afterwards nothing of them may be left: no
 * object, no timer, no socket, no media session. SWITCHHOOK_SOAK_CALLS sets how many.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { describeWith } from '../support/peers/require-peer.js';
import { test, type Workbench } from '../support/workbench.js';

interface Scenario {
  name: string;
  /** The number called: the phone does accordingly. */
  number: string;
  /** Of all calls. */
  share: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'answered', number: 'talk', share: 0.4 },
  { name: 'cancelled', number: 'ring', share: 0.15 },
  { name: 'rejected', number: 'busy', share: 0.15 },
  { name: 'never-acked', number: 'talk', share: 0.1 },
  { name: 'never-byed', number: 'leave', share: 0.1 },
  { name: 'retransmitted', number: 'slow', share: 0.1 },
];

/** A tenth of the RFC's, so that what has to linger lingers for 3.2 s. */
const SIP_TIMERS = { t1: 50, t2: 400, t4: 500, d: 3200 };
/** The longest life after a call: no ACK, then no answer to the BYE (64*T1 each), and a margin. */
const QUIET_MS = 2 * 64 * SIP_TIMERS.t1 + 3000;

const CALLS = Number(process.env.SWITCHHOOK_SOAK_CALLS ?? 10_000);
const CALLS_PER_SECOND = 150;
/** Everything has to be compiled and every pool filled before the baseline is taken. */
const WARM_UP = 600;
/** Compiled code comes and goes; a call that were kept would add some 10,000 bytes. */
const SPARE_HEAP_BYTES = 1_500_000;
const HEAP_BYTES_PER_CALL = 100;

/** Of one class, such as entries of lists that are bounded. */
const SPARE_OBJECTS = 20;

interface Census {
  ended: number;
  calls: number;
  sessions: number;
  heap: number;
  rss: number;
  resources: Record<string, number>;
  descriptors: number;
  objects: Record<string, number>;
}

class Callee {
  readonly #child: ChildProcess;
  port = 0;

  constructor(workers: number | 'in-process') {
    const options = JSON.stringify({ workers, sipTimers: SIP_TIMERS });
    this.#child = fork(join(import.meta.dirname, 'callee.mjs'), [options], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  async start(): Promise<void> {
    const [{ port }] = (await once(this.#child, 'message')) as [{ port: number }];
    this.port = port;
  }

  async ask<T>(what: 'census' | 'ended'): Promise<T> {
    this.#child.send(what);
    return (await once(this.#child, 'message'))[0] as T;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.connected) return;
    this.#child.send('stop');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await once(this.#child, 'exit');
    clearTimeout(force);
  }
}

/** All scenarios at once; resolves with how many calls were made when SIPp has seen each of them end as it should. */
async function makeCalls(
  bench: Workbench,
  callee: Callee,
  ports: readonly number[],
  total: number,
): Promise<number> {
  const made = await Promise.all(
    SCENARIOS.map(async ({ name, number, share }, i) => {
      const calls = Math.round(total * share);
      const peer = bench.start('sipp', [
        `127.0.0.1:${callee.port}`,
        ...['-sf', join(import.meta.dirname, `${name}.xml`), '-s', number],
        ...['-i', '127.0.0.1', '-p', String(ports[i])],
        ...['-m', String(calls), '-r', String(Math.max(1, Math.round(CALLS_PER_SECOND * share)))],
        // Repetitions on a slow machine are no reason to give a call up; that nothing comes at all is.
        ...['-default_behaviors', 'all,-abortunexp', '-recv_timeout', '30000'],
        ...['-l', '2000', '-nostdin', '-trace_err', '-error_file', bench.path(`${name}.log`)],
      ]);
      const code = await peer.exited;
      expect(code, `SIPp, ${name}: ${code === 0 ? '' : await firstError(bench.path(`${name}.log`))}`).toBe(0);
      return calls;
    }),
  );
  return made.reduce((sum, calls) => sum + calls, 0);
}

async function soak(bench: Workbench, workers: number | 'in-process', total: number): Promise<void> {
  const callee = new Callee(workers);
  bench.defer(() => callee.stop());
  await callee.start();
  // The same for both rounds: the phone remembers whom it has talked to.
  const ports = await Promise.all(SCENARIOS.map(() => freePort()));
  await makeCalls(bench, callee, ports, WARM_UP);
  await sleep(QUIET_MS);
  await callee.ask('census');
  const before = await callee.ask<Census>('census');
  expect(before.calls, 'calls left after the warm-up').toBe(0);

  const made = await makeCalls(bench, callee, ports, total);
  await sleep(QUIET_MS);
  const after = await callee.ask<Census>('census');
  console.log(
    `${made} calls: heap ${mb(before.heap)} → ${mb(after.heap)} MB, resident ${mb(before.rss)} → ${mb(after.rss)} MB, ` +
      `descriptors ${before.descriptors} → ${after.descriptors}`,
  );

  expect(after.ended - before.ended, 'calls the phone has seen end').toBe(made);
  expect(after.calls).toBe(0);
  expect(after.sessions, 'media sessions').toBe(0);
  expect(after.resources, 'handles and requests').toEqual(before.resources);
  expect(after.descriptors, 'sockets and other descriptors').toBe(before.descriptors);
  const grown = Object.entries(after.objects)
    .map(([name, count]) => ({ name, grown: count - (before.objects[name] ?? 0) }))
    .filter(({ grown }) => grown > SPARE_OBJECTS + made / 1000);
  expect(grown, 'classes with more objects than before').toEqual([]);
  expect(after.heap - before.heap).toBeLessThan(SPARE_HEAP_BYTES + made * HEAP_BYTES_PER_CALL);
}

/** What SIPp gave calls up for; the rest of its log is of calls it had forgotten already. */
async function firstError(path: string): Promise<string> {
  const log = await readFile(path, 'utf8').catch(() => '');
  return log.slice(Math.max(0, log.search(/Aborting|error/))).slice(0, 2000);
}

const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

describeWith(['sipp'], 'soak', () => {
  test(`${CALLS} calls leave nothing behind`, { timeout: 600_000 }, async ({ bench }) => {
    await soak(bench, 1, CALLS);
  });

  // The media of a worker has a heap of its own: in process it is in the one that is looked through.
  test('nor does their media', { timeout: 300_000 }, async ({ bench }) => {
    await soak(bench, 'in-process', CALLS / 10);
  });
});
