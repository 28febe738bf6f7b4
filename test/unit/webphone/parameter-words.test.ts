/** The table in words: explaining, searching, the schema, and the page that must not be stale. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { settingsCommand } from '../../../src/cli/commands/settings.js';
import { Output } from '../../../src/cli/output.js';
import {
  explainParameter,
  GROUP_TITLES,
  nearestWords,
  parametersByGroup,
  searchParameters,
} from '../../../src/webphone/parameters/describe.js';
import { settingsSchema } from '../../../src/webphone/parameters/json-schema.js';
import {
  PARAMETERS,
  type ParameterName,
  type SettingValues,
} from '../../../src/webphone/parameters/parameters.js';
import { settingsPage } from '../../../src/webphone/parameters/reference-page.js';
import { Settings } from '../../../src/webphone/settings/settings.js';

describe('docs/SETTINGS.md', () => {
  it('is what the table says: npm run docs', () => {
    const path = join(import.meta.dirname, '..', '..', '..', 'docs', 'SETTINGS.md');
    expect(readFileSync(path, 'utf8')).toBe(settingsPage());
  });

  it('has every setting once', () => {
    const headings = [...settingsPage().matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
    expect(headings.sort()).toEqual(PARAMETERS.map(({ name }) => name).sort());
    expect(parametersByGroup().flatMap(({ rows }) => rows)).toHaveLength(PARAMETERS.length);
    expect(Object.keys(GROUP_TITLES).sort()).toEqual(
      [...new Set(PARAMETERS.map(({ group }) => group))].sort(),
    );
  });
});

describe('explaining', () => {
  it('tells what a setting takes, its default, its values and what it waits for', () => {
    const text = explainParameter('HOLDTYPEONHOLD')?.join('\n');
    expect(text).toContain('holdtype');
    expect(text).toMatch(/Default +-1 \(a=sendonly: we send/);
    expect(text).toMatch(/ 4 {2}a=inactive/);
    expect(explainParameter('siprec_src')?.join('\n')).toMatch(/waits for recording by a server/);
    expect(explainParameter('transport')?.join('\n')).toMatch(/ 3 {2}.*\(it waits for a tunnel\)/);
    expect(explainParameter('usernameN')?.[0]).toBe('usernameN');
    expect(explainParameter('externapiX_url')?.join('\n')).toMatch(/Secret/);
    expect(explainParameter('nosuch')).toBeUndefined();
  });

  it('finds settings by words, those named so first', () => {
    expect(searchParameters(['echo']).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['aec', 'aec2', 'aectype']),
    );
    expect(searchParameters(['hold'])[0].name).toMatch(/hold/);
    expect(searchParameters(['hold', 'music']).map(({ name }) => name)).toContain('musiconhold');
  });

  it('a word that no setting has leads to the nearest that one has', () => {
    expect(nearestWords(['ecko', 'hold'])).toEqual(['echo', 'hold']);
    expect(nearestWords(['serveradress'])).toEqual(['serveraddress']);
    expect(nearestWords(['echo', 'xyzzyplugh'])).toBeUndefined();
  });

  it('names of settings are known to the compiler, others are taken', () => {
    const settings: SettingValues = { serveraddress: 'pbx.test', loglevel: 5, username2: 'anna' };
    // @ts-expect-error a setting is a text, a number or true or false
    const wrong: SettingValues = { serveraddress: { host: 'pbx.test' } };
    expect(Object.keys({ ...settings, ...wrong })).toHaveLength(3);
    expectTypeOf<'serveraddress'>().toExtend<ParameterName>();
    expectTypeOf<'serveradress'>().not.toExtend<ParameterName>();
  });
});

interface Small {
  anyOf?: Small[];
  $ref?: string;
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
}

/** As much of JSON Schema as the settings need. */
function takes(schema: Small, value: unknown): boolean {
  const { anyOf, $ref, type, pattern, minimum, maximum } = schema;
  if (anyOf) return anyOf.some((one) => takes(one, value));
  if ($ref) return takes((settingsSchema() as { $defs: { unset: Small } }).$defs.unset, value);
  if ('const' in schema) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  const kind = value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value;
  if (![type].flat().includes(kind)) return false;
  if (typeof value === 'string') return pattern === undefined || new RegExp(pattern).test(value);
  return typeof value !== 'number' || (value >= (minimum ?? value) && value <= (maximum ?? value));
}

describe('the JSON Schema', () => {
  const schema = settingsSchema() as {
    properties: Record<string, Small & { default?: unknown; writeOnly?: boolean }>;
    patternProperties: Record<string, object>;
  };

  it('has all names, aliases and families', () => {
    expect(schema.properties.javascriptevents).toEqual({ $ref: '#/properties/events', deprecated: true });
    expect(schema.properties.password.writeOnly).toBe(true);
    expect(
      Object.keys(schema.patternProperties).some((pattern) => new RegExp(pattern).test('username12')),
    ).toBe(true);
    const named = Object.keys(schema.properties).length + Object.keys(schema.patternProperties).length;
    const aliases = PARAMETERS.filter(({ name }) => !/N$|^externapiX|USERNAME$/.test(name)).flatMap(
      (row) => row.aliases ?? [],
    );
    expect(named).toBe(PARAMETERS.length + aliases.length);
  });

  it.each([
    ['autocall', true, [true, 'yes', 'off', '0', 'DEF', null]],
    ['register', 1, ['0', true, 'no', 'NULL', '']],
    ['loglevel', 5, ['5', '0x5', 'DEF']],
    ['username', 'anna', ['', null]],
  ])('takes for %s what Settings takes', (name, value, more) => {
    for (const one of [value, ...more]) {
      expect(new Settings().set(name, one).ok, String(one)).toBe(true);
      expect(takes(schema.properties[name], one), String(one)).toBe(true);
    }
  });

  it.each([
    ['autocall', ['maybe', 2]],
    ['register', ['7', 7, 'x', 1.5]],
    ['loglevel', ['x', true]],
  ])('takes nothing else for %s', (name, values) => {
    for (const one of values) expect(takes(schema.properties[name], one), String(one)).toBe(false);
  });

  it('takes the values of a choice as number and as text', () => {
    expect(schema.properties.register.anyOf).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ const: 2 }),
        expect.objectContaining({ const: '2' }),
      ]),
    );
  });
});

describe('switchhook settings', () => {
  const run = async (...positionals: string[]): Promise<{ text: string; code: number }> => {
    let text = '';
    const output = new Output({
      json: false,
      color: false,
      stream: { write: (part: string) => (text += part) },
    });
    const code = await settingsCommand.run({ values: { headers: [] }, positionals }, output);
    return { text, code };
  };

  it('lists all, searches, and explains', async () => {
    const all = await run();
    expect(all.code).toBe(0);
    expect(
      all.text.split('\n').filter((line) => /^ {2}· ?|^ {2}\w/.test(line)).length,
    ).toBeGreaterThanOrEqual(PARAMETERS.length);
    expect((await run('search', 'echo')).text).toMatch(/aectype/);
    expect((await run('explain', 'transport')).text).toMatch(/^transport$/m);
    expect((await run('transport')).text).toMatch(/^transport$/m);
    expect((await run('search', 'qqqq')).code).toBe(1);
  });

  it('names the nearest name for one that does not exist', async () => {
    await expect(run('explain', 'holdtyp')).rejects.toThrow('did you mean holdtype?');
  });
});
