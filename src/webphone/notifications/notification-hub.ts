/**
 * Where all notifications of a webphone pass: lets through what the settings ask for and hands it to listeners and to
 * the queue of every client, once each. The senders of the phone publish here; nothing here knows what they mean.
 */
import { type Clock, systemClock } from '../../base/clock.js';
import { notification, specOf } from './format.js';
import type { FieldsOf, Notification, NotificationKind, NotificationOf } from './notification.js';
import { NotificationQueue, type NotificationQueueOptions } from './notification-queue.js';

/** What may pass, from the settings of the same names. */
export interface NotificationPolicy {
  /** 0 none, 1 status and call records, 2 important events, 3 logs. */
  events: number;
  /** False: no EVENT, whatever the level; what is not logged is not told either. Default true. */
  userEvents?: boolean;
  /** SIP messages as notifications. */
  sipMessages: boolean;
  /** Whether ways other than the one in use get anything: see {@link NotificationHub.delivery}. */
  delivery: number;
  /** What becomes of status texts on their way; they stay as they are when absent. */
  translate?: (text: string) => string;
}

/** How a client gets its notifications. */
export type DeliveryWay = 'objects' | 'polling' | 'socket';

export type NotificationListener = (notification: Notification) => unknown;

const DEFAULT_POLICY: NotificationPolicy = { events: 2, sipMessages: false, delivery: -1 };

/** The ways each value of `notificationevents` allows; -1 allows all, each from its first use on. */
const WAYS: Readonly<Record<number, readonly DeliveryWay[]>> = {
  0: ['socket', 'objects'],
  1: ['polling', 'objects'],
  2: ['polling', 'socket', 'objects'],
  3: ['polling'],
  4: ['objects'],
};

export class NotificationHub {
  readonly #clock: Clock;
  readonly #listeners = new Map<NotificationListener, DeliveryWay | 'all'>();
  readonly #queues = new Map<NotificationQueue, DeliveryWay>();
  readonly #shared: NotificationQueue;
  #policy = DEFAULT_POLICY;
  #reportError: (error: unknown) => void = () => {};

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#shared = this.open({ capacity: 1000 }, 'polling');
  }

  /** Replaces the policy in part. */
  configure(policy: Partial<NotificationPolicy>): void {
    this.#policy = { ...this.#policy, ...policy };
  }

  /** Told of listeners that throw. */
  set onListenerError(report: (error: unknown) => void) {
    this.#reportError = report;
  }

  /** The queue of everybody who polls without a queue of his own; it holds the last 1000 from the beginning on. */
  get shared(): NotificationQueue {
    return this.#shared;
  }

  /** A queue of one client. Close it when the client is gone. */
  open(options: NotificationQueueOptions = {}, way: DeliveryWay = 'polling'): NotificationQueue {
    const queue = new NotificationQueue(this.#clock, options, (closed) => this.#queues.delete(closed));
    this.#queues.set(queue, way);
    return queue;
  }

  /** The notifications from now on as a loop: `for await (const n of webphone.notifications)`. */
  [Symbol.asyncIterator](): NotificationQueue {
    return this.open({}, 'objects');
  }

  /**
   * Calls `listener` for every notification.
   * @param way what it counts as; a server that serves several ways takes `all` and asks {@link allows} itself
   * @returns the function that ends it
   */
  subscribe(listener: NotificationListener, way: DeliveryWay | 'all' = 'objects'): () => void {
    this.#listeners.set(listener, way);
    return () => void this.#listeners.delete(listener);
  }

  /** Like {@link subscribe}, for one kind. */
  on<K extends NotificationKind>(
    kind: K,
    listener: (notification: NotificationOf<K>) => unknown,
  ): () => void {
    return this.subscribe((one) => (one.kind === kind ? listener(one as NotificationOf<K>) : undefined));
  }

  /** True when a notification of that kind would pass: to be asked before an expensive one is made. */
  wants(kind: NotificationKind): boolean {
    if (kind === 'SIP') return this.#policy.sipMessages && this.#policy.events > 0;
    if (kind === 'EVENT' && this.#policy.userEvents === false) return false;
    return this.#policy.events >= specOf(kind).level;
  }

  publish<K extends NotificationKind>(kind: K, fields: FieldsOf<K>): void {
    if (!this.wants(kind)) return;
    this.deliver(notification(kind, this.#translated(kind, fields)));
  }

  #translated<K extends NotificationKind>(kind: K, fields: FieldsOf<K>): FieldsOf<K> {
    const { translate } = this.#policy;
    if (!translate || kind !== 'STATUS' || !('statustext' in fields)) return fields;
    return { ...fields, statustext: translate(String(fields.statustext)) };
  }

  /** Hands one to everybody, whatever the level. */
  deliver(one: Notification): void {
    for (const [queue, way] of this.#queues) if (this.allows(way)) queue.push(one);
    for (const [listener, way] of [...this.#listeners]) {
      if (way !== 'all' && !this.allows(way)) continue;
      try {
        const result = listener(one);
        if (result instanceof Promise) result.catch((error: unknown) => this.#reportError(error));
      } catch (error) {
        this.#reportError(error);
      }
    }
  }

  /** Whether notifications go that way at the moment. */
  allows(way: DeliveryWay): boolean {
    return WAYS[this.#policy.delivery]?.includes(way) ?? true;
  }

  close(): void {
    for (const queue of [...this.#queues.keys()]) queue.close();
    this.#listeners.clear();
  }
}
