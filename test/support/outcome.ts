/** The outcome of a promise as text, to be looked at once virtual time has passed: pending, done, or the error code. */
export function outcome(promise: Promise<unknown>): { text: string } {
  const result = { text: 'pending' };
  promise.then(
    () => {
      result.text = 'done';
    },
    (error: { code?: string }) => {
      result.text = error.code ?? String(error);
    },
  );
  return result;
}
