/** What is loaded when it is first needed, and once. */

/** @returns what `load` gave the first time, or is about to give; a failure is not kept */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
