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

const named = new Map<string, string>(
  PARAMETERS.flatMap(({ name, aliases = [] }: ParameterSpec) =>
    [name, ...aliases].map((one) => [one.toLowerCase(), name] as const),
  ),
);

/** The same without underscores, which are easily forgotten, or put where there are none. */
const compact = new Map([...named].map(([known, name]) => [known.replaceAll('_', ''), name]));

const FEWEST_LETTERS = 3;
const MOST_NAMES = 4;

/** What to say of a name that does not exist: the nearest, or else those that have it in them. */
export function unknownName(name: string): string {
  const shown = name
    .trim()
    .slice(0, 64)
    .replace(/[^\x20-\x7e]/g, '?');
  const near = nearest(name.replace(/^\s*wp_|[-_.\s]/gi, ''), compact.keys());
  const within = near === undefined ? namesWith(name.trim().toLowerCase()) : [compact.get(near) as string];
  const list = within.length > 1 ? `${within.slice(0, -1).join(', ')} or ${within.at(-1)}` : within[0];
  return `"${shown}" is not a setting${list ? `; did you mean ${list}?` : ''}`;
}

/** Those that begin with the word first, and of those the shortest. */
function namesWith(word: string): string[] {
  if (word.length < FEWEST_LETTERS) return [];
  const found = [...named.keys()].filter((known) => known.includes(word));
  const rank = (known: string): number => (known.startsWith(word) ? 0 : 1000) + known.length;
  found.sort((a, b) => rank(a) - rank(b));
  return [...new Set(found.map((known) => named.get(known) as string))].slice(0, MOST_NAMES);
}
