/** What a misspelt word was probably meant to be. Pure. */

/** @returns the one of `known` that is nearest to `wanted`, in any case of letters; undefined when none is near */
export function nearest(wanted: string, known: Iterable<string>): string | undefined {
  const word = wanted.trim().toLowerCase();
  let best: string | undefined;
  // A third of the letters wrong, and it is another word.
  let least = Math.floor(word.length / 3) + 1;
  for (const one of known) {
    const distance = editDistance(word, one.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = one;
    }
  }
  return best;
}

/** Levenshtein distance; anything from `limit` on may come out as `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, previous[j] + 1, row[j - 1] + 1));
    }
    if (Math.min(...row) >= limit) return limit;
    previous = row;
  }
  return previous[b.length];
}
