/**
 * Entry of an echo thread: the echo canceller of one headset. Loading it takes a tenth of a second, which no call must
 * wait for; it gets microphone and speaker frame by frame and gives the microphone back. Started by threaded-canceller.ts.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { EchoCanceller } from '../../dsp/echo-canceller.js';

export interface EchoThreadInit {
  readonly sampleRate: number;
}

/** 10 ms of both, or how late the echo is. */
export type ToEcho = { readonly near: Int16Array; readonly far: Int16Array } | { readonly delayMs: number };

/** Ready, or not and why; then one cleaned frame for each. */
export type FromEcho = { readonly ready: boolean; readonly why?: string } | { readonly near: Int16Array };

const port = parentPort;
if (!port) throw new Error('media/devices/echo-thread is started by ThreadedCanceller only');
const tell = (message: FromEcho): void => port.postMessage(message);

try {
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_HIGH);
} catch {
  // Not allowed: as punctual as the machine is idle.
}

try {
  const { sampleRate } = workerData as EchoThreadInit;
  const canceller = await EchoCanceller.open(sampleRate);
  // Its first frames take long.
  const silence = new Int16Array(sampleRate / 100);
  for (let i = 0; i < 10; i++) canceller.process(silence, silence);
  port.on('message', (message: ToEcho) => {
    if ('delayMs' in message) {
      canceller.delayMs = message.delayMs;
      return;
    }
    canceller.process(message.near, message.far);
    tell({ near: message.near });
  });
  tell({ ready: true });
} catch (error) {
  tell({ ready: false, why: error instanceof Error ? error.message : String(error) });
}
