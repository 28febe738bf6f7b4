/**
 * Finds the row a name means: without regard to case, by alias, or as a member of a family such as `username3`,
 * `externapi2_url` and `upresence_anna`. Called wherever a setting comes in by name.
 */
import { nearest } from '../../base/nearest.js';
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
  const found = nearest(name, single.keys());
  return found && single.get(found)?.name;
}
