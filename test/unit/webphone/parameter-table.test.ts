/** The table against the catalogue of the manual, and against itself. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveName, unknownName } from '../../../src/webphone/parameters/names.js';
import { PARAMETERS } from '../../../src/webphone/parameters/parameters.js';
import { coerce } from '../../../src/webphone/settings/coerce.js';
import { hasShared, sharedPath } from '../../support/shared.js';

interface Catalogued {
  name: string;
  aliases: string[];
  type: string;
  default: string | null;
  scope: string[];
  values: Record<string, string> | null;
  unit: string | null;
  behaviour: string[];
}

const catalogue: Catalogued[] = hasShared
  ? (JSON.parse(readFileSync(sharedPath('spec', 'parameters.json'), 'utf8')) as { parameters: Catalogued[] })
      .parameters
  : [];

describe.skipIf(!hasShared)('the catalogue of the manual', () => {
  it('is there in full, and nothing besides', () => {
    expect(PARAMETERS.map(({ name }) => name).sort()).toEqual(catalogue.map(({ name }) => name).sort());
  });

  it('has the same scopes', () => {
    for (const { name, scope } of catalogue) {
      const wanted = scope.length === 2 ? 'both' : scope[0];
      expect(resolveName(placeHeld(name))?.spec.scope, name).toBe(wanted);
    }
  });

  it('has the same aliases', () => {
    for (const { name, aliases } of catalogue) {
      for (const alias of aliases) {
        const family = /^(externapi)\d(_\w+)$/.exec(alias);
        const wanted = family ? `${family[1]}X${family[2]}` : name;
        expect(resolveName(alias)?.spec.name, alias).toBe(wanted);
      }
    }
  });

  it('has the same defaults', () => {
    for (const { name, default: printed } of catalogue) {
      if (printed === null) continue;
      const spec = resolveName(placeHeld(name))!.spec;
      const wanted = printed === 'null' ? '' : printed;
      expect(String(spec.default), name).toBe(wanted);
    }
  });

  it('has the same values and units', () => {
    for (const { name, values, unit } of catalogue) {
      const { spec } = resolveName(placeHeld(name))!;
      expect(Object.keys(spec.values ?? {}), name).toEqual(expect.arrayContaining(Object.keys(values ?? {})));
      expect(spec.unit ?? null, name).toBe(unit);
    }
  });

  it('is described in words of its own', () => {
    for (const { name, behaviour } of catalogue) {
      const { spec } = resolveName(placeHeld(name))!;
      for (const sentence of behaviour) expect(spec.doc, name).not.toBe(sentence);
    }
  });
});

/** A member of the family for a name with a place holder. */
function placeHeld(name: string): string {
  return name
    .replace(/N$/, '2')
    .replace(/^externapiX/, 'externapi1')
    .replace(/USERNAME$/, 'anna');
}

describe('the parameter table', () => {
  it('has every name and alias once', () => {
    const names = PARAMETERS.flatMap(({ name, aliases = [] }) => [name, ...aliases]).map((name) =>
      name.toLowerCase(),
    );
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('has defaults that its own rows accept', () => {
    for (const spec of PARAMETERS) {
      if (spec.default === undefined) continue;
      expect(coerce(spec, spec.default), spec.name).toEqual({ value: spec.default });
      expect(coerce(spec, String(spec.default)), spec.name).toEqual({ value: spec.default });
    }
  });

  it('tells something about every row', () => {
    for (const { name, doc, type, values } of PARAMETERS) {
      expect(doc, name).toMatch(/^[A-Z0-9].{8,}\.$/s);
      if (type === 'enum') expect(Object.keys(values ?? {}).length, name).toBeGreaterThan(0);
    }
  });

  it('hides what is secret', () => {
    for (const { name, secret } of PARAMETERS) {
      if (/pass(word)?N?$|^md5$/.test(name)) expect(secret, name).toBe('hidden');
    }
  });

  it('names families and their members', () => {
    expect(resolveName('Username12')).toMatchObject({ key: 'username12', spec: { name: 'usernameN' } });
    expect(resolveName('username1')).toBeUndefined();
    expect(resolveName('externapi3_url')).toMatchObject({ key: 'externapi3_url' });
    expect(resolveName('upresence_Anna')).toMatchObject({ key: 'upresence_anna' });
  });

  it.each([
    ['usrname', 'username'],
    ['serveradress', 'serveraddress'],
    ['HoldTyp', 'holdtype'],
    ['Register-Interval', 'registerinterval'],
    ['wp_usernam', 'username'],
    ['srtpsuite', 'srtp_suite'],
    ['externapi_url', 'externapiX_url'],
    ['pass', 'password, passwordN or tlsclientcertpass'],
    ['zzzzzzzz', undefined],
    ['', undefined],
  ])('of "%s" says that it may be %s', (name, meant) => {
    expect(unknownName(name)).toBe(
      `"${name}" is not a setting${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
  });
});
