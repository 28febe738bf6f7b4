/** SIPp, one call of one scenario on loopback, with RTP echo. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import type { Workbench } from '../workbench.js';
import type { PeerProcess } from './peer-process.js';

const SCENARIOS = join(import.meta.dirname, '..', '..', 'interop', 'sipp');
const BUILT_IN = ['uac', 'uas', 'branchc', 'branchs'];
const READY_MS = 30_000;

export interface SippOptions {
  /** A built-in scenario, or a file below test/interop/sipp without its ending. */
  scenario: string;
  /** Where to send the first request: makes it the calling side. */
  target?: { port: number; user?: string };
  transport?: 'udp' | 'tcp';
  /** Words for `[name]` in the scenario. */
  keys?: Readonly<Record<string, string>>;
  /** Further arguments. */
  args?: readonly string[];
}

export interface Sipp {
  process: PeerProcess;
  port: number;
  mediaPort: number;
  uri: string;
  /** Resolves when the scenario ran to its end. @throws Error with SIPp's own words when it did not */
  succeeded(): Promise<void>;
}

/** Takes a repeated message as one of the scenario, instead of repeating its own last one each time. */
export const NO_REPETITION = ['-nr'] as const;

let count = 0;

/** Resolves when it listens. */
export async function startSipp(bench: Workbench, options: SippOptions): Promise<Sipp> {
  const { scenario, target, keys = {}, args = [] } = options;
  const port = await freePort();
  // SIPp echoes on the media port and the one two above.
  const mediaPort = await freePort(3);
  const name = `${scenario}${++count}`;
  const errors = bench.path(`${name}-errors.log`);
  const messages = bench.path(`${name}-messages.log`);
  const process = bench.start('sipp', [
    ...(BUILT_IN.includes(scenario) ? ['-sn', scenario] : ['-sf', join(SCENARIOS, `${scenario}.xml`)]),
    ...['-i', '127.0.0.1', '-p', String(port), '-mi', '127.0.0.1', '-mp', String(mediaPort), '-rtp_echo'],
    ...['-m', '1', '-nostdin', '-t', options.transport === 'tcp' ? 't1' : 'u1'],
    ...['-trace_err', '-error_file', errors, '-trace_msg', '-message_file', messages],
    ...['-timeout', '100', '-timeout_error'],
    ...Object.entries(keys).flatMap(([key, value]) => ['-key', key, value]),
    ...(target ? ['-s', target.user ?? 'we', `127.0.0.1:${target.port}`] : []),
    ...args,
  ]);
  const told = (): string =>
    [errors, messages].map((path) => `— ${path}\n${read(path).slice(-12_000)}`).join('\n');
  bench.watch(told);
  if (!target) await listening(process, port);
  return {
    process,
    port,
    mediaPort,
    uri: `sip:sipp@127.0.0.1:${port}`,
    succeeded: async () => {
      const code = await process.exited;
      if (code !== 0) throw new Error(`SIPp's scenario ${scenario} failed (${code})\n${told()}`);
    },
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Its output tells nothing of it, so the system is asked: /proc/net/udp lists the sockets. */
async function listening(peer: PeerProcess, port: number): Promise<void> {
  const entry = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  let ended = false;
  void peer.exited.then(() => (ended = true));
  for (let waited = 0; waited < READY_MS && !ended; waited += 50) {
    if (read('/proc/net/udp').includes(entry) || read('/proc/net/tcp').includes(entry)) return;
    await sleep(50);
  }
  throw new Error(`SIPp does not listen on port ${port}\n${peer.log.slice(-2000)}`);
}
