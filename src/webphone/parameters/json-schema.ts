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

/** Numbers and booleans are taken as text, too: that is what a form or an ini file has. */
function valueSchema({ type, values = {}, range }: ParameterSpec): Schema {
  switch (type) {
    case 'bool':
      return { anyOf: [{ type: 'boolean' }, { enum: [0, 1, 'true', 'false', '0', '1'] }] };
    case 'int':
      return {
        anyOf: [
          { type: 'integer', ...(range && { minimum: range.min, maximum: range.max }) },
          ...Object.entries(values).flatMap(([value, description]) =>
            /^-?\d+$/.test(value) ? [{ const: Number(value), description }] : [],
          ),
          { type: 'string', pattern: '^-?\\d+$' },
        ],
      };
    case 'enum':
      return { anyOf: Object.entries(values).flatMap(([value, description]) => choices(value, description)) };
    default:
      return { type: 'string' };
  }
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
