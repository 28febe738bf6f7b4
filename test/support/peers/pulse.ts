/**
 * A PulseAudio of the test's own, in a folder of its own, with null sinks for loudspeakers: what is played into one is
 * heard by its monitor, which serves as a microphone. Everything that starts meanwhile talks to it.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Workbench } from '../workbench.js';
import type { PeerProcess } from './peer-process.js';

const run = promisify(execFile);
const ATTEMPTS = 50;
const PAUSE_MS = 200;

export interface Pulse {
  process: PeerProcess;
  /** What a program needs to find it. */
  env: Record<string, string>;
  pactl(...args: string[]): Promise<string>;
  /** Makes a null sink; its monitor is named `<name>.monitor`. @returns the number of its module */
  addSink(name: string): Promise<string>;
  /** As if it were unplugged. */
  removeSink(module: string): Promise<void>;
}

/** Without `norewinds` a null sink buffers two seconds. */
const sinkArguments = (name: string): string[] => [
  'module-null-sink',
  `sink_name=${name}`,
  'norewinds=1',
  'rate=16000',
  `sink_properties=device.description=${name}`,
];

/** Resolves when it answers; the process's own environment points to it until the bench is taken down. */
export async function startPulse(bench: Workbench, sinks: readonly string[]): Promise<Pulse> {
  const folder = bench.path('pulse');
  await mkdir(folder, { mode: 0o700 });
  const env = { XDG_RUNTIME_DIR: folder, HOME: folder, PULSE_SERVER: `unix:${folder}/pulse/native` };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  const program = bench.start(
    'pulseaudio',
    [
      ...['--daemonize=no', '--exit-idle-time=-1', '--disallow-exit', '-n'],
      ...['-L', 'module-native-protocol-unix'],
      ...sinks.flatMap((name) => ['-L', sinkArguments(name).join(' ')]),
    ],
    { env },
  );
  Object.assign(process.env, env);
  bench.defer(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const pactl = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('pactl', args, { env: { ...process.env, ...env, LC_ALL: 'C' } });
    return stdout.trim();
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await pactl('info');
      break;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return {
    process: program,
    env,
    pactl,
    addSink: (name) => pactl('load-module', ...sinkArguments(name)),
    removeSink: async (module) => {
      await pactl('unload-module', module);
    },
  };
}
