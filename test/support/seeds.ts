/** For tests whose course a seed decides: SWITCHHOOK_SEEDS says how many are tried, SWITCHHOOK_FIRST_SEED from which on. */

const FIRST = Number(process.env.SWITCHHOOK_FIRST_SEED ?? 1);

export function seeds(usually: number): number[] {
  const count = Number(process.env.SWITCHHOOK_SEEDS ?? usually);
  return Array.from({ length: count }, (_, i) => FIRST + i);
}

/** Runs one course after the other; what fails names its seed. */
export async function eachSeed<T>(
  chosen: readonly number[],
  run: (seed: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const seed of chosen) {
    results.push(
      await run(seed).catch((cause: unknown) => {
        throw new Error(`seed ${seed}`, { cause });
      }),
    );
  }
  return results;
}
