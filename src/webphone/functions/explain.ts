/** Says what is wrong with a request, for the program that made it. Runs nothing; used by Webphone. */
import { nearest } from '../../base/nearest.js';
import { Settings } from '../settings/settings.js';
import { type ApiArguments, BindError, bind } from './bind.js';
import type { FunctionSpec } from './spec.js';
import { FUNCTIONS, findFunction } from './table.js';

/** @returns undefined when nothing about the request itself is wrong */
export function explain(name: string, given: ApiArguments): string | undefined {
  const spec = findFunction(name);
  if (!spec) return unknownFunction(name);
  try {
    const { param, value, line } = bind(spec, given, (text) => text);
    return spec.name === 'API_SetParameter' ? refusal(String(param), String(value), Number(line)) : undefined;
  } catch (error) {
    return error instanceof BindError ? `${error.message}; it takes ${usage(spec)}` : undefined;
  }
}

function unknownFunction(name: string): string {
  const names = FUNCTIONS.flatMap((spec) => [spec.name, ...spec.aliases]);
  const near = nearest(name, names) ?? nearest(`API_${name}`, names);
  return `there is no function ${name}${near ? `; did you mean ${near}?` : ''}`;
}

/** Every argument list, what may be left out in brackets. */
function usage({ overloads }: FunctionSpec): string {
  return overloads
    .map(
      (list) => `(${list.map((one) => (one.default === undefined ? one.name : `[${one.name}]`)).join(', ')})`,
    )
    .join(' or ');
}

/** Why a setting is not taken. */
function refusal(param: string, value: string, line: number): string | undefined {
  const result = new Settings().set(param, value, line > 0 ? { line } : {});
  return result.ok ? undefined : result.error;
}
