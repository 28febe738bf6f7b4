/**
 * Finds the row a name means: without regard to case, by alias, or as a member of a family such as `username3`,
 * `externapi2_url` and `upresence_anna`. Called wherever a setting comes in by name.
 */
import { PARAMETERS, type ParameterName } from './parameters.js';
import type { ParameterSpec } from './spec.js';

export interface ResolvedName {
  readonly spec: ParameterSpec<ParameterName>;
  /** Under what the value is kept: the name of the row, or of the member of a family, in lower case. */
  readonly key: string;
}

/** Place holders in the names of families, and what they stand for. */
const PLACE_HOLDERS: ReadonlyArray<readonly [RegExp, string]> = [
  [/N$/, '([2-9]|[1-9]\\d)'],
  [/^(externapi)X(?=_)/, '$1([1-9]\\d?)'],
  [/USERNAME$/, '(.+)'],
];

const single = new Map<string, ParameterSpec<ParameterName>>();
const families: Array<{ pattern: RegExp; spec: ParameterSpec<ParameterName> }> = [];

for (const spec of PARAMETERS) {
  for (const name of [spec.name, ...(spec.aliases ?? [])]) {
    const holder = PLACE_HOLDERS.find(([find]) => find.test(name));
    if (!holder) single.set(name.toLowerCase(), spec);
    else families.push({ pattern: new RegExp(`^${name.replace(...holder)}$`, 'i'), spec });
  }
}

export function resolveName(name: string): ResolvedName | undefined {
  const wanted = name.trim().toLowerCase();
  const spec = single.get(wanted);
  if (spec) return { spec, key: spec.name };
  for (const family of families) {
    const match = family.pattern.exec(wanted);
    if (!match) continue;
    return { spec: family.spec, key: memberKey(family.spec.name, match[1]) };
  }
  return undefined;
}

/** `usernameN`, 3 → `username3`. */
export function memberKey(family: string, member: string | number): string {
  return family.replace(/N$|(?<=^externapi)X(?=_)|USERNAME$/, () => String(member)).toLowerCase();
}

/** The name a misspelt one was probably meant to be. */
export function nearestName(name: string): string | undefined {
  const wanted = name.trim().toLowerCase();
  let best: string | undefined;
  // A third of the letters wrong, and it is another word.
  let least = Math.floor(wanted.length / 3) + 1;
  for (const [known, spec] of single) {
    const distance = editDistance(wanted, known, least);
    if (distance < least) {
      least = distance;
      best = spec.name;
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
