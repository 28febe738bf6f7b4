import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../../src/webphone/functions/table.js';
import { methodSources } from '../../../src/webphone/methods-source.js';
import { functionsPage, notificationsPage } from '../../../src/webphone/reference-pages.js';
import { hasShared, sharedPath } from '../../support/shared.js';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');

describe('the reference', () => {
  it('is what `npm run docs` writes from the tables', () => {
    expect(page('API.md')).toBe(functionsPage());
    expect(page('NOTIFICATIONS.md')).toBe(notificationsPage());
    const methods = join(import.meta.dirname, '../../../src/webphone/methods');
    for (const [name, text] of methodSources())
      expect(readFileSync(join(methods, name), 'utf8'), name).toBe(text);
  });

  it.skipIf(!hasShared)('has every function of the catalogue with its arguments and aliases', () => {
    const { functions, index } = JSON.parse(readFileSync(sharedPath('spec', 'api.json'), 'utf8')) as {
      functions: Array<{ name: string; overloads: Array<{ params: Array<{ name: string }> }> }>;
      index: Record<string, string>;
    };
    const known = new Set(FUNCTIONS.flatMap(({ name, aliases }) => [name, ...aliases]));
    expect(Object.keys(index).filter((name) => !known.has(name as 'API_Call'))).toEqual([]);
    const missing = functions.flatMap(({ name, overloads }) => {
      const spec = FUNCTIONS.find((one) => one.name === name);
      const names = spec?.overloads.flat().map((argument) => argument.name) ?? [];
      return overloads.flatMap(({ params }) =>
        params.filter((param) => !names.includes(param.name)).map((param) => `${name} ${param.name}`),
      );
    });
    expect(missing).toEqual([]);
  });

  it('has a line in the compatibility page for every contradiction of the catalogues', () => {
    const text = page('COMPATIBILITY.md');
    for (const [heading, count] of [
      ['Functions', 30],
      ['Settings', 56],
      ['Notifications', 20],
      ['Control server', 7],
    ] as const) {
      const section = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
      expect(section.match(/^\| /gm)?.length, heading).toBe(count + 1);
    }
  });
});
