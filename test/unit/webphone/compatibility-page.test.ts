/** docs/COMPATIBILITY.md says what the tables say: names, values, defaults, what waits and what is another name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../../src/webphone/functions/table.js';
import { MEDIA_QUEUE_PACKETS } from '../../../src/webphone/media/media-queue.js';
import { NOTIFICATIONS } from '../../../src/webphone/notifications/notification-table.js';
import { resolveName } from '../../../src/webphone/parameters/names.js';
import { PARAMETERS } from '../../../src/webphone/parameters/parameters.js';
import type { ParameterSpec } from '../../../src/webphone/parameters/spec.js';
import { GLOBAL, Settings } from '../../../src/webphone/settings/settings.js';

interface Row {
  section: string;
  where: string;
  what: string;
  /** In backquotes, on the left. */
  names: string[];
}

const text = readFileSync(join(import.meta.dirname, '../../../docs/COMPATIBILITY.md'), 'utf8');
const rows: Row[] = text.split('\n## ').flatMap((part) => {
  const section = part.slice(0, part.indexOf('\n'));
  return [...part.matchAll(/^\| (?!where \|)(.+?) \| (.+) \|$/gm)].map(([, where, what]) => ({
    section,
    where,
    what,
    names: [...where.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  }));
});

const specOf = (name: string): ParameterSpec | undefined => resolveName(name)?.spec;
const functionOf = (name: string) =>
  FUNCTIONS.find((one) => [one.name, ...one.aliases].some((known) => known === name));
/** Words on the left that are neither a setting nor a function. */
const OTHERS = new Set([
  ...FUNCTIONS.flatMap(({ overloads }) => overloads.flat().map(({ name }) => name)),
  ...(NOTIFICATIONS as ReadonlyArray<{ fields: ReadonlyArray<{ name: string }> }>).flatMap(({ fields }) =>
    fields.map(({ name }) => name),
  ),
  // Written with a gap, or a value.
  '…_mtype',
  '…_dir',
  'x-mparam',
]);

describe('the compatibility page', () => {
  it('names what there is', () => {
    expect(rows.length).toBeGreaterThan(150);
    const unknown = rows.flatMap(({ names }) =>
      names.filter((name) => !specOf(name) && !functionOf(name) && !OTHERS.has(name)),
    );
    expect(unknown).toEqual([]);
    const functions = [...text.matchAll(/`(API_\w+)`/g)].map(([, name]) => name);
    expect(functions.length).toBeGreaterThan(30);
    expect(functions.filter((name) => !functionOf(name))).toEqual([]);
  });

  it('tells defaults as they are', () => {
    const told = rows.flatMap(({ where, what }) => {
      const [, name] = /^(?:default of )?`(\w+)`$/.exec(where) ?? [];
      const [value] = /^(?:-?\d+|empty)(?=[,:]|$)/.exec(what) ?? [];
      const spec = name === undefined ? undefined : specOf(name);
      return spec && value !== undefined ? [[spec.name, value, String(spec.default) || 'empty']] : [];
    });
    expect(told.length).toBeGreaterThan(7);
    expect(told.map(([name, value]) => [name, value])).toEqual(told.map(([name, , value]) => [name, value]));
    const ports = Object.fromEntries(rows.map(({ where, what }) => [where, what]));
    expect(ports['default UDP port']).toBe(String(specOf('wpapiudplistenport')?.default));
    expect(ports['packets queued for `API_GetMedia`']).toContain(String(MEDIA_QUEUE_PACKETS));
    expect(ports['priority of PCMU and PCMA']).toContain(
      `PCMU ${specOf('use_pcmu')?.default}, PCMA ${specOf('use_pcma')?.default}`,
    );
  });

  it('speaks of values that are taken', () => {
    const values = rows.flatMap(({ where }) =>
      [...where.matchAll(/`(\w+)` (-?\d+)(?= |,|$)/g)].map(([, name, value]) => [name, value]),
    );
    expect(values.length).toBeGreaterThan(12);
    const refused = values.filter(([name, value]) => {
      const spec = specOf(name);
      return spec && !new Settings().set(name, value, { line: spec.scope === 'line' ? 1 : GLOBAL }).ok;
    });
    expect(refused).toEqual([]);
  });

  it('says of those that wait that they do, and of no other', () => {
    const waits = rows.filter(({ what }) =>
      /^waits? |does nothing|until there is ED-137|^not read/.test(what),
    );
    const about = waits.flatMap(({ names }) => names.flatMap((name) => specOf(name) ?? []));
    expect(about.length).toBeGreaterThan(3);
    const acting = about.filter(({ status, name }) => status === 'works' && name !== 'tlsclientcerttype');
    expect(acting.map(({ name }) => name)).toEqual([]);
    // Nothing is accepted and forgotten.
    expect(PARAMETERS.filter(({ status }) => (status as string) === 'open').map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('calls another name what is one', () => {
    const others = rows.flatMap(({ names, what }) => {
      const [, known] = /^(?:another name of|[^|]*\band as) `(API_\w+)`/.exec(what) ?? [];
      return known ? names.map((name) => [name, known]) : [];
    });
    expect(others.length).toBeGreaterThan(3);
    expect(others.filter(([one, other]) => functionOf(one)?.run !== functionOf(other)?.run)).toEqual([]);
    const same = rows.filter(({ what }) => /^`\w+` is the same|both spellings are accepted/.test(what));
    const pairs = same.map(({ names, what }) => [
      ...names,
      ...[...what.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ]);
    expect(pairs.filter((all) => all.length > 1).length).toBeGreaterThan(2);
    for (const all of pairs)
      expect(new Set(all.map((name) => specOf(name)?.name)).size, all.join()).toBeLessThan(2);
  });
});
