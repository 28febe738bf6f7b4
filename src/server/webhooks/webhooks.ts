/**
 * Webhooks: HTTP requests to the servers of the user, set off by notifications. Each hook has its own queue, so that a
 * slow server does not hold up the others. The settings are read again when they change.
 */
import { type Clock, systemClock } from '../../base/clock.js';
import { type Logger, nullLogger } from '../../base/logger.js';
import type { CommandTarget, ControlNotification } from '../command-target.js';
import { fieldsOf, type HookOptions, matches } from './hook.js';
import { HookQueue, type HookRequest, REQUEST_MS, type SendHookRequest } from './hook-queue.js';
import { fillData, fillUrl, type HookFacts } from './hook-template.js';

/** Whose phone it is; asked for every request. */
export type HookIdentity = Omit<HookFacts, 'sequence' | 'parameters'>;

export interface WebhooksOptions {
  identity(): HookIdentity;
  logger?: Logger;
  clock?: Clock;
  /** How requests are sent; default: fetch. */
  send?: SendHookRequest;
}

interface Hook {
  readonly options: HookOptions;
  readonly queue: HookQueue;
}

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #log: Logger;
  readonly #unsubscribe: () => void;
  #hooks = new Map<number, Hook>();
  #sequence = 0;

  constructor(notifications: CommandTarget['notifications'], options: WebhooksOptions) {
    this.#options = options;
    this.#log = (options.logger ?? nullLogger).child('webhooks');
    this.#unsubscribe = notifications.subscribe((notification) => this.#onNotification(notification), 'all');
  }

  /** How many requests were pushed out of a full queue, refused or given up. */
  get lost(): number {
    return [...this.#hooks.values()].reduce((sum, { queue }) => sum + queue.lost, 0);
  }

  /** Replaces the hooks; those that stay as they are keep their queues. */
  configure(hooks: ReadonlyMap<number, HookOptions>): void {
    const { clock = systemClock, send = sendByFetch } = this.#options;
    const next = new Map<number, Hook>();
    for (const [number, options] of hooks) {
      const old = this.#hooks.get(number);
      const same = old && JSON.stringify(old.options) === JSON.stringify(options);
      next.set(number, same ? old : { options, queue: new HookQueue(send, clock, this.#log) });
    }
    for (const [number, hook] of this.#hooks) if (next.get(number) !== hook) hook.queue.close();
    this.#hooks = next;
  }

  close(): void {
    this.#unsubscribe();
    for (const { queue } of this.#hooks.values()) queue.close();
  }

  #onNotification(notification: ControlNotification): void {
    for (const { options, queue } of this.#hooks.values()) {
      if (!matches(options, notification)) continue;
      const request = this.#request(options, notification);
      if (request) queue.push(request);
    }
  }

  #request(options: HookOptions, notification: ControlNotification): HookRequest | undefined {
    const facts: HookFacts = {
      ...this.#options.identity(),
      sequence: ++this.#sequence,
      parameters: parametersOf(notification),
    };
    const url = fillUrl(options.url, facts);
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      this.#log.warn('the address of a webhook is no http or https URL');
      return undefined;
    }
    if (options.data === undefined) return { method: 'GET', url };
    const { body, mediaType } = fillData(options.data, facts);
    return { method: 'POST', url, body, mediaType };
  }
}

function parametersOf(notification: ControlNotification): Array<[string, string]> {
  const values = Object.entries(fieldsOf(notification)).filter(
    ([name, value]) => name !== 'kind' && ['string', 'number', 'boolean'].includes(typeof value),
  );
  return [
    ['event', notification.kind],
    ...values.map(([name, value]): [string, string] => [name, String(value)]),
  ];
}

async function sendByFetch(request: HookRequest, signal: AbortSignal): Promise<number> {
  const response = await fetch(request.url, {
    method: request.method,
    body: request.body,
    headers: { 'User-Agent': 'switchhook', ...(request.mediaType && { 'Content-Type': request.mediaType }) },
    // A redirect is followed for GET; a POST must not end up elsewhere as a GET.
    redirect: request.method === 'GET' ? 'follow' : 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
  });
  await response.body?.cancel();
  return response.status;
}
