/** One attempt to upload a file, whatever the protocol: what it is given, and how it fails. */
import type { UploadCallInfo, UploadTarget } from './upload-target.js';

export interface UploadAttempt extends UploadTarget {
  path: string;
  bytes: number;
  method: 'multipart' | 'post' | 'put';
  call: UploadCallInfo;
  headers: Readonly<Record<string, string>>;
  ca: string | undefined;
  /** Longest time without any progress. */
  timeoutMs: number;
  signal: AbortSignal | undefined;
  onSent: (bytes: number) => void;
}

export class UploadFailure extends Error {
  /** Another attempt may go better. */
  readonly temporary: boolean;
  /** The server asks to wait, in ms. */
  readonly waitMs: number;

  constructor(why: string, temporary: boolean, waitMs = 0, cause?: unknown) {
    super(why, { cause });
    this.temporary = temporary;
    this.waitMs = waitMs;
  }
}
