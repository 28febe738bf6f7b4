/**
 * Entry of the recording thread: encodes and writes the files of recordings, so that neither costs the media clock
 * anything. Started by {@link RecordingThread} with the first recording; works through its commands file by file.
 */
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { isSwitchhookError } from '../../base/errors.js';
import { fileErrorText } from '../file-error.js';
import type { AudioFileWriter } from './audio-file-writer.js';
import { openTrack } from './recording-format.js';
import type { RecordingCommand, RecordingReply } from './recording-protocol.js';

const port = parentPort;
if (!port) throw new Error('media/files/recording-worker is started by RecordingThread only');

/** On Linux this is the thread's priority alone: what is short of time is recording, which can wait, not calls. */
function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // As punctual as the rest, then.
  }
}

const tracks = new Map<number, AudioFileWriter>();

async function perform(command: RecordingCommand): Promise<AudioFileWriter | undefined> {
  if (command.op === 'open') {
    const opened = await openTrack(command.path, command.plan, command.serial);
    tracks.set(command.track, opened);
    return opened;
  }
  const track = tracks.get(command.track);
  if (command.op === 'write') await track?.write(command.silentFrames, command.samples, command.frames);
  if (command.op === 'finish') await track?.finish(command.silentFrames);
  if (command.op === 'close') {
    tracks.delete(command.track);
    await track?.close();
  }
  return track;
}

function failureOf(error: unknown): RecordingReply['failure'] {
  if (isSwitchhookError(error) && error.code === 'ERR_MEDIA_CODEC') {
    const { codec, why } = error.details;
    return { why: String(why), codec: String(codec) };
  }
  return { why: fileErrorText(error) };
}

async function answer(command: RecordingCommand): Promise<void> {
  const { request, track: id } = command;
  try {
    const track = await perform(command);
    port?.postMessage({
      request,
      bytes: track?.bytes ?? 0,
      frames: track?.frames ?? 0,
    } satisfies RecordingReply);
  } catch (error) {
    const track = tracks.get(id);
    const { bytes = 0, frames = 0 } = track ?? {};
    port?.postMessage({ request, bytes, frames, failure: failureOf(error) } satisfies RecordingReply);
  }
}

lowerPriority();
port.on('message', (command: RecordingCommand) => void answer(command));
