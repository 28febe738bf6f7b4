/** What the tables accept and nothing acts on yet, each with what it waits for. Read by `npm run coverage:spec`. */
import { PARAMETERS } from './parameters/parameters.js';
import { STATUS_TEXTS, WAITING } from './parameters/spec.js';

export interface WaitingNames {
  functions: Map<string, string>;
  parameters: Map<string, string>;
  notifications: Map<string, string>;
}

export function waitingNames(): WaitingNames {
  const parameters = new Map<string, string>();
  for (const { name, status } of PARAMETERS) {
    if (status !== 'works' && WAITING.includes(status)) parameters.set(name, STATUS_TEXTS[status]);
  }
  return { functions: new Map(), parameters, notifications: new Map() };
}
