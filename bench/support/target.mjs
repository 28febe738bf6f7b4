/**
 * Programs under load. A suite starts one with {@link startTarget}, puts load on its address from outside, and asks
 * what it has cost; the program itself serves those questions with {@link serve}. One process each, so that what is
 * measured is the program alone.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HEAP_SETTLES_AFTER = 3;

/**
 * @param {string} name file in bench/targets
 * @param {Record<string, unknown>} [options] handed to the program
 */
export async function startTarget(name, options = {}) {
  const file = fileURLToPath(new URL(`../targets/${name}.mjs`, import.meta.url));
  const profile = process.env.SWITCHHOOK_BENCH_PROFILE;
  const child = fork(file, [JSON.stringify(options)], {
    execArgv: ['--expose-gc', ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const died = exited.then(([code]) => {
    throw new Error(`bench/targets/${name}.mjs ended with code ${code}`);
  });
  died.catch(() => {});
  const answer = async (what) => {
    if (what) child.send(what);
    const [reply] = await Promise.race([once(child, 'message'), died]);
    return reply;
  };
  const { port } = await answer();
  return {
    name,
    pid: child.pid,
    port,
    /** @returns {Promise<{cpuMs: number, calls: number, rss: number, heap: number}>} since its start */
    usage: () => answer('usage'),
    /** Anything else the program answers by itself. */
    ask: (what) => answer(what),
    /** Like usage, after garbage was collected. */
    settled: () => answer('settled'),
    async stop() {
      child.send('stop');
      await exited;
    },
  };
}

/** In a target: the options it was started with. */
export const targetOptions = () => JSON.parse(process.argv[2] ?? '{}');

/**
 * In a target: tells the port and answers questions.
 * @param {{port: number, calls?: () => number, stop?: () => Promise<void>}} program
 */
export function serve({ port, calls = () => 0, stop = async () => {} }) {
  const usage = () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { cpuMs: (user + system) / 1000, calls: calls(), rss, heap: heapUsed + external };
  };
  process.on('message', async (what) => {
    if (what === 'stop') {
      await stop();
      process.exit(0);
    }
    if (what !== 'usage' && what !== 'settled') return;
    for (let i = 0; what === 'settled' && i < HEAP_SETTLES_AFTER; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.send(usage());
  });
  process.send({ port });
}
