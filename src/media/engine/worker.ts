/** Entry of a media worker thread: an {@link EngineCore} on the real clock and the real network. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.js';
import { createLogger, nullLogger } from '../../base/logger.js';
import { cryptoRandom } from '../../base/random.js';
import { RecordingThread } from '../files/recording-thread.js';
import { udpTransport } from '../transport.js';
import { EngineCore } from './engine-core.js';
import type { Command, CoreEvent, WorkerInit } from './protocol.js';

const port = parentPort;
if (!port) throw new Error('media/engine/worker is started by MediaEngine only');

const init = workerData as WorkerInit;
const emit = (event: CoreEvent): void => port.postMessage(event);

/** On Linux this is the thread's priority alone; it needs CAP_SYS_NICE, and does without. */
function raisePriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Not allowed: punctual as far as the machine is not overloaded.
  }
}

raisePriority();
const core = new EngineCore({
  clock: systemClock,
  random: cryptoRandom,
  logger: init.logLevel
    ? createLogger({
        level: init.logLevel,
        sink: ({ level, message, fields }) => emit({ event: 'log', level, message, fields }),
      })
    : nullLogger,
  transport: udpTransport(cryptoRandom, init),
  portRange: init.portRange,
  openTrack: new RecordingThread().open,
  emit,
});

port.on('message', (command: Command) => core.handle(command));
