/** What the media thread and the recording thread say to each other. Samples stay in shared memory and are not copied. */
import type { RecordingPlan } from './recording-format.js';

/** Each is answered by one {@link RecordingReply} with its number. */
export type RecordingCommand = { request: number; track: number } & (
  | { op: 'open'; path: string; plan: RecordingPlan; serial: number }
  | { op: 'write'; silentFrames: number; samples: Int16Array; frames: number }
  | { op: 'finish'; silentFrames: number }
  | { op: 'close' }
);

export interface RecordingReply {
  request: number;
  /** In the file so far. */
  bytes: number;
  frames: number;
  /** Why it failed, in words, and the code of an error of ours. */
  failure?: { why: string; codec?: string };
}
