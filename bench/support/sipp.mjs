/** SIPp as the source of load, and as the yardstick that answers it. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const HOST = '127.0.0.1';

export const hasSipp = spawnSync('sipp', ['-v'], { stdio: 'ignore' }).error === undefined;

/** What to say where SIPp is missing. */
export const SIPP_MISSING = 'SIPp is missing: apt-get install sip-tester';

/** A UDP port nobody had a moment ago. */
export async function freePort() {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, HOST, resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}

async function start(args) {
  const port = await freePort();
  const child = spawn('sipp', [...args, '-i', HOST, '-p', String(port), '-nostdin'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: tmpdir(),
  });
  let trouble = '';
  child.stderr.on('data', (text) => {
    if (trouble.length < 2000) trouble += text;
  });
  return { child, port, exited: once(child, 'exit'), trouble: () => trouble.trim() };
}

/**
 * SIPp's built-in `uac` calling `port`: INVITE, ACK, BYE.
 * @param {{port: number, rate: number, calls: number, atOnce?: number}} options
 * @returns {Promise<{done: Promise<string | undefined>}>} `done` tells what went wrong, if anything did
 */
export async function startCalls({ port, rate, calls, atOnce = 2000 }) {
  const { exited, trouble } = await start([
    '-sn',
    'uac',
    `${HOST}:${port}`,
    ...['-r', String(rate), '-m', String(calls), '-l', String(atOnce)],
  ]);
  const done = exited.then(([code]) =>
    code === 0 ? undefined : `SIPp ended with code ${code}: ${trouble().split('\n').slice(1, 3).join(' ')}`,
  );
  return { done };
}

/** SIPp's built-in `uas`, with the face of a target. */
export async function startSippUas() {
  const { child, port, exited } = await start(['-sn', 'uas']);
  await sleep(500);
  return {
    name: 'SIPp',
    pid: child.pid,
    port,
    usage: async () => ({ cpuMs: cpuMsOf(child.pid) }),
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** USER_HZ, which Linux fixes at 100 for every program. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process on Linux, proc(5). */
function cpuMsOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
