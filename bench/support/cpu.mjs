/** What this process costs. */
import { setTimeout as sleep } from 'node:timers/promises';

const WINDOW_MS = 3000;

/** CPU time of the process, all threads, as a share of a core: of the windows within `ms` the cheapest. */
export async function cpuShare(ms) {
  let least = Number.POSITIVE_INFINITY;
  for (let t = 0; t < ms; t += WINDOW_MS) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await sleep(WINDOW_MS);
    const { user, system } = process.cpuUsage(cpu);
    least = Math.min(least, (user + system) / 1000 / (performance.now() - start));
  }
  return least;
}
