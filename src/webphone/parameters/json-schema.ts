/** The table as JSON Schema (2020-12), for editors and programs that check a configuration. Pure. */
import { PARAMETERS } from './parameters.js';
import type { ParameterSpec } from './spec.js';

type Schema = Readonly<Record<string, unknown>>;

export function settingsSchema(): Schema {
  const properties: Record<string, Schema> = {};
  const patterns: Record<string, Schema> = {};
  for (const row of PARAMETERS) {
    const pattern = familyPattern(row.name);
    if (pattern) patterns[pattern] = schemaOf(row);
    else {
      properties[row.name] = schemaOf(row);
      for (const alias of row.aliases ?? [])
        properties[alias] = { $ref: `#/properties/${row.name}`, deprecated: true };
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Switchhook settings',
    description: 'Every value may be given as text as well.',
    type: 'object',
    properties,
    patternProperties: patterns,
    additionalProperties: false,
    $defs: {
      unset: {
        description:
          'DEF brings the default back; NULL empties a text, and brings the default of all others back.',
        enum: ['DEF', 'def', 'NULL', 'null', '', null],
      },
    },
  };
}

function schemaOf(row: ParameterSpec): Schema {
  return {
    description: row.doc,
    ...valueSchema(row),
    ...(row.default !== undefined && { default: row.default }),
    ...(row.secret && { writeOnly: true }),
    ...(row.unit && { 'x-unit': row.unit }),
    'x-group': row.group,
    'x-scope': row.scope,
    'x-effect': row.effect,
    ...(row.status !== 'works' && { 'x-status': row.status }),
  };
}

const UNSET: Schema = { $ref: '#/$defs/unset' };
const WORDS = ['true', 'false', 'yes', 'no', 'on', 'off'];

/** Numbers and booleans are taken as text, too: that is what a form or an ini file has. */
function valueSchema({ type, values = {}, range }: ParameterSpec): Schema {
  switch (type) {
    case 'bool':
      return { anyOf: [{ type: 'boolean' }, { enum: [0, 1, '0', '1', ...WORDS] }, UNSET] };
    case 'int':
      return {
        anyOf: [
          { type: 'integer', ...(range && { minimum: range.min, maximum: range.max }) },
          ...Object.entries(values).flatMap(([value, description]) =>
            /^-?\d+$/.test(value) ? [{ const: Number(value), description }] : [],
          ),
          { type: 'string', pattern: '^[-+]?(\\d+|0[xX][0-9a-fA-F]+)$' },
          ...switched(values),
          UNSET,
        ],
      };
    case 'enum':
      return {
        anyOf: [
          ...Object.entries(values).flatMap(([value, description]) => choices(value, description)),
          ...switched(values),
          UNSET,
        ],
      };
    default:
      return { type: ['string', 'null'] };
  }
}

/** Some were true or false once: that is 1 or 0. */
function switched(values: NonNullable<ParameterSpec['values']>): Schema[] {
  return '0' in values && '1' in values ? [{ type: 'boolean' }, { enum: WORDS }] : [];
}

function choices(value: string, description: string): Schema[] {
  if (value === 'other') return [{ type: 'integer', description }];
  if (value.endsWith('+')) return [{ type: 'integer', minimum: Number.parseInt(value, 10), description }];
  const constants: Schema[] = [{ const: value, description }];
  if (/^-?\d+$/.test(value)) constants.unshift({ const: Number(value), description });
  return constants;
}

function familyPattern(name: string): string | undefined {
  if (name.endsWith('N')) return `^${name.slice(0, -1)}([2-9]|[1-9]\\d)$`;
  if (name.startsWith('externapiX')) return `^${name.replace('X', '([1-9]\\d?)')}$`;
  if (name.endsWith('USERNAME')) return `^${name.slice(0, -'USERNAME'.length)}.+$`;
  return undefined;
}
