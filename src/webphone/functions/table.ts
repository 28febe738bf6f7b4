/** The function table: all groups, and the look-up by name or alias. */
import { lifecycle } from './lifecycle.js';
import { logs } from './logs.js';
import { notifications } from './notifications.js';
import { settings } from './settings.js';
import type { FunctionSpec } from './spec.js';

export const TYPED_FUNCTIONS = [...settings, ...lifecycle, ...notifications, ...logs] as const;

/** Every function, in the order of the documentation. */
export const FUNCTIONS: readonly FunctionSpec[] = TYPED_FUNCTIONS as unknown as readonly FunctionSpec[];

const BY_NAME = new Map<string, FunctionSpec>();
for (const spec of FUNCTIONS) {
  for (const name of [spec.name, ...spec.aliases]) BY_NAME.set(key(name), spec);
}

/** By name or alias, whatever the case, with or without `API_`. */
export function findFunction(name: string): FunctionSpec | undefined {
  return BY_NAME.get(key(name.trim()));
}

function key(name: string): string {
  return name.toLowerCase().replace(/^api_/, '');
}
