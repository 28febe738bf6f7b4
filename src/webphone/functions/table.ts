/** The function table: all groups, and the look-up by name or alias. */
import { accounts } from './accounts.js';
import { audio } from './audio.js';
import { calls } from './calls.js';
import { chat } from './chat.js';
import { conference } from './conference.js';
import { contacts } from './contacts.js';
import { dtmf } from './dtmf.js';
import { files } from './files.js';
import { http } from './http.js';
import { lifecycle } from './lifecycle.js';
import { lines } from './lines.js';
import { lists } from './lists.js';
import { logs } from './logs.js';
import { notifications } from './notifications.js';
import { presence } from './presence.js';
import { recording } from './recording.js';
import { settings } from './settings.js';
import { sip } from './sip.js';
import type { FunctionSpec } from './spec.js';
import { status } from './status.js';
import { streaming } from './streaming.js';

/** Every function, in the order of the documentation. */
export const FUNCTIONS: readonly FunctionSpec[] = [
  ...settings,
  ...lifecycle,
  ...accounts,
  ...lines,
  ...calls,
  ...conference,
  ...dtmf,
  ...chat,
  ...recording,
  ...audio,
  ...streaming,
  ...status,
  ...notifications,
  ...presence,
  ...contacts,
  ...sip,
  ...logs,
  ...http,
  ...files,
  ...lists,
];

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
