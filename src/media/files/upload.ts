/**
 * Uploads recordings (or any file) by HTTP, HTTPS, FTP or FTPS, again after a while when that fails. The local file is
 * read only, never changed or removed.
 */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SwitchhookError } from '../../base/errors.js';
import { cryptoRandom } from '../../base/random.js';
import { fileErrorText } from '../file-error.js';
import { type UploadAttempt, UploadFailure } from './upload-attempt.js';
import { type UploadCallInfo, uploadTarget } from './upload-target.js';

export interface UploadOptions {
  /**
   * http:, https:, ftp: or ftps:, with user name and password if need be. In path and query the words DATETIME
   * (yyyyMMddhhmmss), DATE (yyyy_MM_dd), CALLID, USER and FILENAME are replaced.
   */
  url: string;
  /** HTTP only. 'multipart': POST of a form with the part "file"; 'post', 'put': the file alone. Default 'multipart'. */
  method?: 'multipart' | 'post' | 'put';
  /** The name over there; that in the URL, else that of the file, when absent. */
  fileName?: string;
  /** Told in X-user, X-caller, X-called, X-callid and X-server. */
  call?: UploadCallInfo;
  /** HTTP only: further header fields, or others than ours. */
  headers?: Readonly<Record<string, string>>;
  /** Attempts after the first one failed: 0 none, Infinity until it succeeds or `giveUpMs` is over. Default 1. */
  retries?: number;
  /** Default 24 hours. */
  giveUpMs?: number;
  /** Longest time of an attempt without progress, in ms. Default 30000. */
  timeoutMs?: number;
  /** Certificates (PEM) to trust instead of the system's. */
  ca?: string;
  signal?: AbortSignal;
  onProgress?: (progress: UploadProgress) => void;
  /** An attempt failed and there will be another one, in `inMs`. */
  onRetry?: (retry: { attempt: number; why: string; inMs: number }) => void;
  /** For tests: how to wait. */
  wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface UploadProgress {
  sentBytes: number;
  totalBytes: number;
  /** 1 for the first. */
  attempt: number;
}

export interface UploadResult {
  /** Without user name and password. */
  url: string;
  fileName: string;
  bytes: number;
  attempts: number;
}

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_GIVE_UP_MS = 86_400_000;

async function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** @throws ERR_UPLOAD, ERR_MEDIA_FILE when the file cannot be read, ERR_INVALID_ARGUMENT, ERR_ABORTED */
export async function uploadRecording(path: string, options: UploadOptions): Promise<UploadResult> {
  const { signal, onProgress, retries = 1, call = {}, wait = waitFor } = options;
  const target = uploadTarget(options.url, path, call, new Date(), options.fileName);
  // Loaded here: node's HTTP alone takes 2.5 MB.
  const upload = target.url.protocol.startsWith('ftp')
    ? (await import('./upload-ftp.js')).uploadByFtp
    : (await import('./upload-http.js')).uploadByHttp;
  const until = performance.now() + (options.giveUpMs ?? DEFAULT_GIVE_UP_MS);
  for (let attempt = 1; ; attempt++) {
    if (signal?.aborted) throw aborted(path, signal);
    const totalBytes = await sizeOf(path);
    const one: UploadAttempt = {
      ...target,
      path,
      bytes: totalBytes,
      method: options.method ?? 'multipart',
      call,
      headers: options.headers ?? {},
      ca: options.ca,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signal,
      onSent: (sentBytes) => onProgress?.({ sentBytes, totalBytes, attempt }),
    };
    try {
      await upload(one);
      return { url: target.shown, fileName: target.fileName, bytes: totalBytes, attempts: attempt };
    } catch (error) {
      if (signal?.aborted) throw aborted(path, signal);
      const failure =
        error instanceof UploadFailure ? error : new UploadFailure(String(error), true, 0, error);
      const inMs = Math.max(failure.waitMs, backOff(attempt));
      if (!failure.temporary || attempt > retries || performance.now() + inMs > until) {
        const details = { path, url: target.shown, why: failure.message, attempts: attempt };
        throw new SwitchhookError('ERR_UPLOAD', details, { cause: error });
      }
      options.onRetry?.({ attempt, why: failure.message, inMs });
      await wait(inMs, signal).catch(() => {});
    }
  }
}

/** Twice as long each time, up to a minute, and never all at the same moment. */
function backOff(attempt: number): number {
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16));
  return delay * (0.75 + 0.5 * cryptoRandom.float());
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new SwitchhookError('ERR_MEDIA_FILE', { path, why: fileErrorText(error) }, { cause: error });
  }
}

function aborted(path: string, signal: AbortSignal): SwitchhookError {
  return new SwitchhookError('ERR_ABORTED', { what: `the upload of ${path}` }, { cause: signal.reason });
}
