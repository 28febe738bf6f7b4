/**
 * Memory of an idle phone and of each call it has, and the time from the start of a program to its first REGISTER on
 * the wire. Yardsticks: a Node program that does nothing.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { placeCalls } from '../support/caller.mjs';
import { startTarget } from '../support/target.mjs';

const HOST = '127.0.0.1';
/** V8 gives back what the start of a program has left as soon as it sees that nothing happens: after 8 to 35 s. */
const IDLE_AFTER_MS = 45_000;

async function memory(calls) {
  const target = await startTarget('phone');
  await sleep(2000);
  const started = await target.usage();
  await sleep(IDLE_AFTER_MS - 2000);
  const idle = await target.usage();
  // Code, pools and stacks of the first calls are no cost of a call.
  await placeCalls({ port: target.port, rate: 100, calls: 100 });
  await sleep(1000);
  const before = await target.settled();
  let during;
  await placeCalls({
    port: target.port,
    rate: 50,
    calls,
    beforeBye: async () => {
      await sleep(2000);
      during = await target.settled();
    },
  });
  await target.stop();
  if (!during) throw new Error('not all calls were answered');
  return {
    started: started.rss / 2 ** 20,
    idle: idle.rss / 2 ** 20,
    perCall: (during.rss - before.rss) / 1024 / calls,
  };
}

async function emptyNode() {
  const target = await startTarget('nothing');
  await sleep(1000);
  const { rss } = await target.usage();
  await target.stop();
  return rss / 2 ** 20;
}

/** The best of several starts, in ms. */
async function firstRegister(times) {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, HOST, resolve));
  const program = fileURLToPath(new URL('../targets/register.mjs', import.meta.url));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const registered = once(socket, 'message');
    const start = performance.now();
    const child = spawn(process.execPath, [program, String(socket.address().port)], { stdio: 'ignore' });
    await registered;
    best = Math.min(best, performance.now() - start);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await sleep(100);
  }
  socket.close();
  return best;
}

async function emptyStart(times) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

export async function run({ quick = false } = {}) {
  const { started, idle, perCall } = await memory(quick ? 100 : 300);
  const times = quick ? 5 : 15;
  return [
    {
      name: 'resident memory of an idle phone',
      value: idle,
      unit: 'MB',
      goal: 60,
      yardstick: { name: 'Node with nothing loaded', value: await emptyNode() },
    },
    { name: 'the same two seconds after its start', value: started, unit: 'MB' },
    { name: 'memory of a call, media included', value: perCall, unit: 'KB', goal: 100 },
    {
      name: 'start to first REGISTER on the wire',
      value: await firstRegister(times),
      unit: 'ms',
      goal: 300,
      yardstick: { name: "node -e '0' from start to end", value: await emptyStart(times) },
    },
  ];
}
