/**
 * Entry of a device thread: runs the backend of the system for one headset, apart from the media worker, for starting a
 * program or asking a driver may take a while, and no call must wait for it. Started by threaded-backend.ts.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.js';
import { isSwitchhookError } from '../../base/errors.js';
import type { CaptureStream, PlaybackStream } from './audio-backend.js';
import { systemBackend } from './open-backend.js';
import type { DeviceThreadInit, FromDevices, OpenStream, ToDevices } from './thread-messages.js';

/** How often playbacks tell how far they are. */
const TELL_MS = 20;

interface Playback {
  readonly stream: PlaybackStream;
  taken: number;
}

const port = parentPort;
if (!port) throw new Error('media/devices/device-thread is started by ThreadedBackend only');
const { backend: name } = workerData as DeviceThreadInit;
const backend = systemBackend(name, systemClock);
const captures = new Map<number, CaptureStream>();
const playbacks = new Map<number, Playback>();
let telling: NodeJS.Timeout | undefined;

function tell(message: FromDevices): void {
  port?.postMessage(message);
}

function tellPlayed(): void {
  for (const [stream, { stream: playback, taken }] of playbacks) {
    const { ready, underruns, queuedMs } = playback;
    tell({ event: 'played', stream, ready, underruns, queuedMs, taken });
  }
}

async function list(request: number): Promise<void> {
  try {
    tell({ event: 'listed', request, devices: await backend.list() });
  } catch (error) {
    const why = isSwitchhookError(error, 'ERR_AUDIO_BACKEND') ? String(error.details.why) : String(error);
    tell({ event: 'notListed', request, why });
  }
}

function close(stream: number): void {
  captures.get(stream)?.close();
  playbacks.get(stream)?.stream.close();
  captures.delete(stream);
  playbacks.delete(stream);
  if (playbacks.size > 0) return;
  clearInterval(telling);
  telling = undefined;
}

function open(kind: 'capture' | 'playback', { stream, device, ...options }: OpenStream): void {
  const onEnd = (why: string): void => {
    close(stream);
    tell({ event: 'ended', stream, why });
  };
  if (kind === 'capture') {
    const onSamples = (pcm: Int16Array, count: number): void => {
      if (count > 0) tell({ event: 'samples', stream, pcm: pcm.slice(0, count) });
    };
    captures.set(stream, backend.capture(device, { ...options, onEnd, onSamples }));
    return;
  }
  playbacks.set(stream, { stream: backend.playback(device, { ...options, onEnd }), taken: 0 });
  telling ??= setInterval(tellPlayed, TELL_MS);
}

function shutdown(): void {
  for (const stream of [...captures.keys(), ...playbacks.keys()]) close(stream);
  unwatch();
  tell({ event: 'closed' });
}

try {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_HIGH);
} catch {
  // Not allowed: as punctual as the machine is idle.
}
const unwatch = backend.watch(() => tell({ event: 'changed' }));

port.on('message', (message: ToDevices) => {
  switch (message.op) {
    case 'list':
      void list(message.request);
      break;
    case 'capture':
    case 'playback':
      open(message.op, message);
      break;
    case 'write': {
      const playback = playbacks.get(message.stream);
      if (!playback) break;
      playback.stream.write(message.pcm, message.pcm.length);
      playback.taken += message.pcm.length;
      break;
    }
    case 'close':
      close(message.stream);
      break;
    case 'raise':
      void backend.raise?.(message.devices);
      break;
    case 'shutdown':
      shutdown();
      break;
  }
});
