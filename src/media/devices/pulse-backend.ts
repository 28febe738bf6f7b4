/**
 * Sound devices by PulseAudio, or PipeWire in its place, through the programs of pulseaudio-utils: nothing to compile,
 * nothing to load. `pactl` lists and tells of changes, `parec` and `pacat` carry the audio (pulse-stream.ts).
 */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock, Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type {
  AudioBackend,
  AudioDevice,
  CaptureOptions,
  CaptureStream,
  DeviceStreamOptions,
  PlaybackStream,
} from './audio-backend.js';
import { parseDefaults, parseEntries, toDevices } from './pulse-list.js';
import { PULSE_ENVIRONMENT, PulseCapture, PulsePlayback } from './pulse-stream.js';

const run = promisify(execFile);
const JSON_FORMAT = '--format=json';
const ANSWER_MS = 5000;
/** A plug comes with a dozen events. */
const SETTLE_MS = 100;
/** The server is gone: until it is asked again. */
const RETRY_MS = 3000;
/** Softer than this nobody hears; what such a device is raised to. */
const SOFT_PERCENT = 15;
const RAISED_PERCENT = 60;
const CHANGE = /'(?:new|remove)' on (?:sink|source) #|'change' on server/;

export class PulseBackend implements AudioBackend {
  readonly name = 'pulse';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async list(): Promise<readonly AudioDevice[]> {
    try {
      const [sinks, sources, info] = await Promise.all([
        pactl(JSON_FORMAT, 'list', 'sinks'),
        pactl(JSON_FORMAT, 'list', 'sources'),
        pactl(JSON_FORMAT, 'info'),
      ]);
      return toDevices(parseEntries(sinks), parseEntries(sources), parseDefaults(info));
    } catch (error) {
      throw new SwitchhookError('ERR_AUDIO_BACKEND', { why: reason(error) }, { cause: error });
    }
  }

  capture(device: AudioDevice, options: CaptureOptions): CaptureStream {
    return new PulseCapture(device.id, options);
  }

  playback(device: AudioDevice, options: DeviceStreamOptions): PlaybackStream {
    return new PulsePlayback(device.id, options, this.#clock);
  }

  async raise(devices: readonly AudioDevice[]): Promise<void> {
    for (const { id, kind } of devices) {
      const what = kind === 'output' ? 'sink' : 'source';
      try {
        await pactl(`set-${what}-mute`, id, '0');
        if (leastPercent(await pactl(`get-${what}-volume`, id)) < SOFT_PERCENT) {
          await pactl(`set-${what}-volume`, id, `${RAISED_PERCENT}%`);
        }
      } catch {
        // It is gone, or not ours to change: then it stays as it is.
      }
    }
  }

  watch(onChange: () => void): () => void {
    let over = false;
    let settling: Timer | undefined;
    let retry: Timer | undefined;
    let stop = (): void => {};
    const changed = (): void => {
      if (over || settling?.active) return;
      settling = this.#clock.after(SETTLE_MS, onChange);
    };
    const subscribe = (): void => {
      const child = spawn('pactl', ['subscribe'], {
        env: PULSE_ENVIRONMENT,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      stop = () => child.kill('SIGTERM');
      let ended = false;
      const again = (): void => {
        if (over || ended) return;
        ended = true;
        changed();
        retry = this.#clock.after(RETRY_MS, () => {
          subscribe();
          changed();
        });
      };
      child.on('error', again);
      child.on('exit', again);
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (CHANGE.test(text)) changed();
      });
    };
    subscribe();
    return () => {
      over = true;
      settling?.cancel();
      retry?.cancel();
      stop();
    };
  }
}

async function pactl(...args: string[]): Promise<string> {
  const { stdout } = await run('pactl', args, {
    env: PULSE_ENVIRONMENT,
    timeout: ANSWER_MS,
    maxBuffer: 1 << 24,
  });
  return stdout;
}

function reason(error: unknown): string {
  const { code, stderr } = error as { code?: unknown; stderr?: unknown };
  if (code === 'ENOENT') return 'pactl is not installed (Debian package pulseaudio-utils)';
  const text = typeof stderr === 'string' ? stderr.trim().split('\n')[0] : '';
  return text || (error instanceof Error ? error.message.split('\n')[0] : String(error));
}

/** Of the channels in what `pactl get-sink-volume` says: "front-left: 65536 / 100% / 0.00 dB, …". */
function leastPercent(text: string): number {
  const all = [...text.matchAll(/(\d+)%/g)].map(([, percent]) => Number(percent));
  return all.length > 0 ? Math.min(...all) : 100;
}
