/** What a function works on. Made by Webphone; one for every way of calling, since each may have a queue of its own. */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Lifecycle } from './lifecycle.js';
import type { NotificationHub } from './notifications/notification-hub.js';
import type { NotificationQueue } from './notifications/notification-queue.js';
import type { Settings } from './settings/settings.js';
import type { Stack } from './stack.js';
import type { WebphoneLog } from './webphone-log.js';

export interface WebphoneContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: Settings;
  readonly notifications: NotificationHub;
  /** The notifications of whoever called. */
  readonly queue: NotificationQueue;
  readonly stack: Stack;
  readonly lifecycle: Lifecycle;
  readonly log: WebphoneLog;
  /** A text that was handed over encrypted, in clear. */
  reveal(text: string): string;
  /** Tells that something failed, by an ERROR notification. */
  report(message: string, error?: unknown): void;
  /** Tells something by a WARNING notification the first time it is said for `key`. */
  warnOnce(key: string, message: string): void;
  /** Lets something go on after the function has returned; its failure is reported. */
  background(work: Promise<unknown>, what: string): void;
}
