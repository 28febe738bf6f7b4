/** Waiting with an end: what every asynchronous function that takes an `AbortSignal` uses. Never cancels the work itself. */
import { SwitchhookError } from './errors.js';

/**
 * Settles as `promise` does, or rejects as soon as `signal` fires; the promise is then left to itself.
 * @param what names the work in the error: "{what} was aborted"
 * @throws SwitchhookError ERR_ABORTED, with the signal's reason as `cause`
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new SwitchhookError('ERR_ABORTED', { what }, { cause: signal.reason }));
    if (signal.aborted) {
      promise.catch(() => {});
      return onAbort();
    }
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
