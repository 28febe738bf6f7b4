/** What the tables accept and nothing acts on yet, each with what it waits for. Read by `npm run coverage:spec`. */
import { FUNCTIONS } from './functions/table.js';
import { NOTIFICATIONS, type NotificationSpec } from './notifications/notification-table.js';
import { PARAMETERS } from './parameters/parameters.js';
import { STATUS_TEXTS, WAITING } from './parameters/spec.js';

const NOTIFICATION_SPECS: readonly NotificationSpec[] = NOTIFICATIONS;

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
  return { functions: waiting(FUNCTIONS), parameters, notifications: waiting(NOTIFICATION_SPECS) };
}

function waiting(
  rows: ReadonlyArray<{ name?: string; kind?: string; waitingFor?: string }>,
): Map<string, string> {
  return new Map(
    rows.flatMap(({ name, kind, waitingFor }) =>
      waitingFor ? [[name ?? kind ?? '', waitingFor] as const] : [],
    ),
  );
}
