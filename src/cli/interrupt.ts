/**
 * Ctrl-C and SIGTERM: the first asks the command to end in good order, the second ends at once. A reader of our output
 * that goes away (`| head`) asks for the same.
 */

export interface Interrupt {
  readonly signal: AbortSignal;
  /** True after the first Ctrl-C. */
  readonly fired: boolean;
  dispose(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    get fired() {
      return controller.signal.aborted;
    },
    dispose() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}

/** Without it the first line nobody reads would end the program in the middle of a call. */
export function endWithReader(output: NodeJS.WriteStream): void {
  let gone = false;
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (gone) return;
    gone = true;
    if (!process.emit('SIGTERM')) process.exit(0);
  });
}
