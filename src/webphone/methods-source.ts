/**
 * The `API_` methods as TypeScript sees them, with their documentation, made of the function table: a file for each
 * group in methods/. Called by `npm run docs` and by the test that they are not stale.
 */
import type {
  ArgumentSpec,
  ArgumentType,
  FunctionGroup,
  FunctionSpec,
  ReturnType,
} from './functions/spec.js';
import { FUNCTIONS } from './functions/table.js';

const WIDTH = 110;
const TYPES: Readonly<Record<ArgumentType, string>> = {
  int: 'Int',
  boolean: 'Bool',
  string: 'Text',
  bytes: 'Uint8Array',
  object: 'object',
};
const RESULTS: Readonly<Record<ReturnType, string>> = {
  boolean: 'boolean',
  int: 'number',
  string: 'string',
  void: 'void',
  bytes: 'Uint8Array',
  notification: 'Notification | undefined',
};
const OWN_TYPES = ['ApiListener', 'ApiTlsContext', 'Bool', 'Int', 'Text'];

/** Name of each file and what is in it. */
export function methodSources(): ReadonlyMap<string, string> {
  const groups = [...new Set(FUNCTIONS.map(({ group }) => group))].sort();
  const files = new Map(groups.map((group) => [`${group}.ts`, groupSource(group)]));
  return files.set('index.ts', indexSource(groups));
}

function indexSource(groups: readonly FunctionGroup[]): string {
  return [
    '/** Every `API_` method. Written by `npm run docs`. */',
    ...groups.map((group) => `import type { ${interfaceName(group)} } from './${group}.js';`),
    '',
    "export type { ApiListener, ApiListenerObject, ApiTlsContext, Bool, Int, Text } from './types.js';",
    '',
    `export type ApiMethods = ${groups.map(interfaceName).join(' &\n  ')};`,
    '',
  ].join('\n');
}

function groupSource(group: FunctionGroup): string {
  const body = FUNCTIONS.filter((spec) => spec.group === group)
    .map(methodText)
    .join('\n');
  const used = OWN_TYPES.filter((type) => body.includes(`: ${type}`));
  const imports = [
    ...(body.includes(': Notification |')
      ? ["import type { Notification } from '../notifications/index.js';"]
      : []),
    ...(used.length > 0 ? [`import type { ${used.join(', ')} } from './types.js';`] : []),
  ];
  return [
    `/** Methods of the group ${group}. Written by \`npm run docs\` from the function table. */`,
    ...imports,
    ...(imports.length > 0 ? [''] : []),
    `export interface ${interfaceName(group)} {`,
    `${body}}`,
    '',
  ].join('\n');
}

function interfaceName(group: FunctionGroup): string {
  return `${group[0].toUpperCase()}${group.slice(1)}Methods`;
}

function methodText(spec: FunctionSpec): string {
  const own = spec.overloads.map((list) => commented(spec.doc, list) + signature(spec.name, list, spec));
  const others = spec.aliases.flatMap((alias) =>
    spec.overloads.map(
      (list) => `  /** Another name of {@link ${spec.name}}. */\n${signature(alias, list, spec)}`,
    ),
  );
  return [...own, ...others].join('\n');
}

function commented(doc: string, list: readonly ArgumentSpec[]): string {
  const params = list.flatMap((one, at) => {
    const about = [one.doc, isOptional(list, at) && defaultText(one)].filter(Boolean).join('; ');
    return about ? [`@param ${one.name} ${about}`] : [];
  });
  const lines = [doc, ...params].map((line) => line.replaceAll('*/', '* /'));
  if (lines.length === 1) return `  /** ${lines[0]} */\n`;
  return `  /**\n${lines.map((line) => `   * ${line}\n`).join('')}   */\n`;
}

/** Nothing that must be given follows. */
function isOptional(list: readonly ArgumentSpec[], at: number): boolean {
  return list.slice(at).every((one) => one.default !== undefined);
}

function defaultText({ default: value }: ArgumentSpec): string {
  return value === undefined || value === '' ? '' : `default ${JSON.stringify(value)}`;
}

function signature(name: string, list: readonly ArgumentSpec[], { returns, waits }: FunctionSpec): string {
  const result = waits ? `Promise<${RESULTS[returns]}>` : RESULTS[returns];
  const args = list.map(
    ({ name: own, type, typed }, at) => `${own}${isOptional(list, at) ? '?' : ''}: ${typed ?? TYPES[type]}`,
  );
  const line = `  ${name}(${args.join(', ')}): ${result};\n`;
  // As the formatter wants it.
  if (line.length <= WIDTH + 1) return line;
  return `  ${name}(\n${args.map((one) => `    ${one},\n`).join('')}  ): ${result};\n`;
}
