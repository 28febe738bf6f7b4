/**
 * All subscriptions of a user agent, both ways (RFC 6665): gives every SUBSCRIBE and NOTIFY to the one it belongs to,
 * offers the event packages that are registered, keeps the number of subscribers within bounds. A call finds here the
 * implicit subscriptions of REFER, for either role.
 */
import {
  Dialog,
  type EventValue,
  type MediaType,
  type ServerHandle,
  type SipRequest,
  type SipUri,
} from '../../sip/index.js';
import { resolveTarget } from '../call-target.js';
import { DialogWay, type SendInDialog } from '../dialog-way.js';
import type { MethodTable } from '../method-table.js';
import type { SignallingEnvironment } from '../signalling.js';
import type { EventPackage } from './event-package.js';
import { IncomingSubscription } from './incoming-subscription.js';
import { Publication, type PublishOptions } from './publication.js';
import { type ImplicitOptions, Subscription, type SubscriptionRegistry } from './subscription.js';
import type { SubscribeOptions } from './subscription-types.js';

/** A NOTIFY that belongs to no subscription; @returns false when it is not wanted: 481 */
export type UnsolicitedHandler = (request: SipRequest) => boolean;

export interface NotifierOptions {
  /** The dialog it lives in. */
  dialog: Dialog;
  send: SendInDialog;
  event: EventValue;
  /** Seconds. */
  expires: number;
}

const DEFAULT_EXPIRES_S = 3600;
const MIN_EXPIRES_S = 60;
const MAX_EXPIRES_S = 86_400;
const INTERVAL_MS = 1000;
const PACKAGE_LIMIT = 500;
/** All packages together. */
const TOTAL_LIMIT = 2000;
const RETRY_S = 60;

export class Subscriptions implements SubscriptionRegistry {
  readonly #env: SignallingEnvironment;
  readonly #methods: MethodTable;
  readonly #packages = new Map<string, EventPackage>();
  readonly #unsolicited = new Map<string, UnsolicitedHandler>();
  readonly alive = new Set<Subscription>();
  readonly #published = new Set<Publication>();
  /** By Call-ID and our tag. */
  readonly #outgoing = new Map<string, Subscription[]>();
  readonly #incoming = new Map<string, IncomingSubscription[]>();
  readonly #counts = new Map<string, number>();
  #total = 0;
  #closed = false;

  constructor(env: SignallingEnvironment, methods: MethodTable) {
    this.#env = env;
    this.#methods = methods;
    methods.register('NOTIFY', {});
  }

  /** Subscriptions alive, both ways, and publications. */
  get count(): number {
    return this.#total + this.alive.size + this.#published.size;
  }

  /** Event packages others may subscribe to, for Allow-Events. */
  get events(): readonly string[] {
    return [...this.#packages.keys()];
  }

  /** Offers a state of ours. @returns takes the offer back */
  offer(event: EventPackage): () => void {
    this.#packages.set(event.name, event);
    const unregister = this.#methods.register('SUBSCRIBE', {});
    return () => {
      if (this.#packages.get(event.name) === event) this.#packages.delete(event.name);
      if (this.#packages.size === 0) unregister();
    };
  }

  /** Takes NOTIFYs of that package that nobody subscribed to, as message-summary comes from many servers. */
  unsolicited(event: string, handler: UnsolicitedHandler): () => void {
    this.#unsolicited.set(event, handler);
    return () => void this.#unsolicited.delete(event);
  }

  /** @throws ERR_INVALID_ARGUMENT */
  subscribe(target: string, options: SubscribeOptions): Subscription {
    return Subscription.start(this.#env, this, resolveTarget(target, options.account), options);
  }

  /** Keeps a state of ours at a server (RFC 3903). @throws ERR_INVALID_ARGUMENT */
  publish(event: string, target: SipUri, options: PublishOptions): Publication {
    const publication = new Publication(this.#env, target, event, options, (one) =>
      this.#published.delete(one),
    );
    if (publication.phase !== 'ended') this.#published.add(publication);
    return publication;
  }

  /** The subscription a REFER of ours makes; to be called before its answer can arrive. */
  implicit(options: ImplicitOptions): Subscription {
    return Subscription.implicit(this.#env, this, options);
  }

  /** The subscription a REFER to us makes: tell its progress with `notify` and `terminate`. The first NOTIFY is sent now. */
  notifier(options: NotifierOptions, first: { contentType: string; body: string }): IncomingSubscription {
    const subscription = this.#make(options, undefined, []);
    subscription.begin(first);
    return subscription;
  }

  /** The subscribers of one package. */
  subscribers(event: string): IncomingSubscription[] {
    return [...this.#incoming.values()].flat().filter((subscription) => subscription.event.name === event);
  }

  add(callId: string, localTag: string, subscription: Subscription): void {
    push(this.#outgoing, `${callId};${localTag}`, subscription);
  }

  remove(callId: string, localTag: string, subscription: Subscription): void {
    pull(this.#outgoing, `${callId};${localTag}`, subscription);
  }

  onRequest(request: SipRequest, tx: ServerHandle): void {
    if (request.method === 'NOTIFY') this.#onNotify(request, tx);
    else this.#onSubscribe(request, tx);
  }

  /** Our address is another one now, which notifiers have to know: a refresh tells them (RFC 6665 §4.4.1). */
  networkChanged(): void {
    for (const subscription of this.alive) subscription.refresh();
  }

  /** Says goodbye to everybody, and answers no more SUBSCRIBE. */
  close(): void {
    this.#closed = true;
    for (const subscription of [...this.alive]) subscription.close();
    for (const publication of [...this.#published]) publication.close();
    for (const subscription of [...this.#incoming.values()].flat())
      subscription.terminate('probation', { retryAfter: RETRY_S });
  }

  /** What nobody has answered by now is forgotten. */
  abandon(): void {
    for (const subscription of [...this.alive]) subscription.abandon();
    for (const publication of [...this.#published]) publication.abandon();
    for (const subscription of [...this.#incoming.values()].flat()) subscription.abandon();
  }

  #onNotify(request: SipRequest, tx: ServerHandle): void {
    const { event } = request;
    if (!event) return this.#badEvent(tx);
    const candidates = this.#outgoing.get(`${request.callId};${request.to.tag ?? ''}`) ?? [];
    const subscription =
      candidates.find((one) => one.matches(event)) ??
      (candidates.length === 1 ? refer(candidates[0], event) : undefined);
    if (subscription) return subscription.onNotify(request, tx);
    const unsolicited = this.#unsolicited.get(event.name);
    tx.reply(unsolicited?.(request) ? 200 : 481); // RFC 6665 §4.1.3
  }

  #onSubscribe(request: SipRequest, tx: ServerHandle): void {
    const { event } = request;
    const found = event && request.to.tag !== undefined ? this.#find(request, event) : undefined;
    if (found) return this.#renew(found, request, tx);
    if (request.to.tag !== undefined) return void tx.reply(481);
    const offered = event && this.#packages.get(event.name);
    if (!event || !offered) return this.#badEvent(tx);
    if (this.#closed) return void tx.reply(480);
    this.#subscribed(offered, event, request, tx);
  }

  #subscribed(offered: EventPackage, event: EventValue, request: SipRequest, tx: ServerHandle): void {
    const { accept } = request;
    if (
      request.has('Accept') &&
      !offered.contentTypes.some((type) => accept.some((range) => covers(range, type)))
    ) {
      return void tx.reply(406, undefined, (response) =>
        response.set('Accept', offered.contentTypes.join(', ')),
      );
    }
    const expires = this.#lifetime(offered, request, tx);
    if (expires === undefined) return;
    const many = this.#counts.get(event.name) ?? 0;
    if (many >= (offered.limit ?? PACKAGE_LIMIT) || this.#total >= TOTAL_LIMIT) {
      this.#env.logger.warn('a subscription was refused: there are too many', { event: event.name });
      return void tx.reply(503, undefined, (response) => response.set('Retry-After', RETRY_S));
    }
    if (request.contacts.length === 0) return void tx.reply(400, 'Missing Contact');
    const account = this.#env.accountFor(request);
    const way = new DialogWay(this.#env, account, tx.flow);
    const dialog = Dialog.fromRequest(request, tx.toTag);
    const subscription = this.#make({ dialog, send: way.send, event, expires }, offered, accept, account);
    offered.onSubscribe(subscription, request);
    if (subscription.refusal !== undefined) {
      subscription.abandon();
      return void tx.reply(subscription.refusal);
    }
    this.#accept(tx, expires);
    subscription.begin();
  }

  #renew(subscription: IncomingSubscription, request: SipRequest, tx: ServerHandle): void {
    if (!subscription.accepts(request, tx)) return;
    const offered = this.#packages.get(subscription.event.name);
    const expires = this.#lifetime(offered, request, tx);
    if (expires === undefined) return;
    this.#accept(tx, expires);
    subscription.renew(expires);
    subscription.emit('refreshed');
  }

  #accept(tx: ServerHandle, expires: number): void {
    tx.reply(200, undefined, (response) => {
      response.set('Expires', expires);
      response.set('Contact', this.#env.contactFor(tx.request, tx.flow));
      this.#env.decorate(response);
    });
  }

  /** Seconds granted; undefined when they are too few and 423 was answered (RFC 6665 §4.2.1.1). */
  #lifetime(offered: EventPackage | undefined, request: SipRequest, tx: ServerHandle): number | undefined {
    const {
      default: usual = DEFAULT_EXPIRES_S,
      min = MIN_EXPIRES_S,
      max = MAX_EXPIRES_S,
    } = offered?.expires ?? {};
    const asked = request.expires ?? usual;
    if (asked === 0) return 0;
    // Less than an hour only may be refused.
    if (asked < min && asked < DEFAULT_EXPIRES_S) {
      tx.reply(423, undefined, (response) => response.set('Min-Expires', min));
      return undefined;
    }
    return Math.min(asked, max);
  }

  #make(
    options: NotifierOptions,
    offered: EventPackage | undefined,
    accept: readonly MediaType[],
    account?: IncomingSubscription['account'],
  ): IncomingSubscription {
    const { dialog, event } = options;
    const { clock, partings } = this.#env;
    const counted = offered !== undefined;
    const subscription = new IncomingSubscription({
      ...options,
      clock,
      partings,
      account,
      accept,
      interval: offered?.interval ?? INTERVAL_MS,
      render: offered && ((one) => offered.render(one)),
      onEnded: (one) => {
        pull(this.#incoming, dialog.id, one);
        this.#total--;
        if (counted) this.#counts.set(event.name, (this.#counts.get(event.name) ?? 1) - 1);
      },
    });
    push(this.#incoming, dialog.id, subscription);
    this.#total++;
    if (counted) this.#counts.set(event.name, (this.#counts.get(event.name) ?? 0) + 1);
    return subscription;
  }

  #find(request: SipRequest, event: EventValue): IncomingSubscription | undefined {
    const key = `${request.callId};${request.to.tag};${request.from.tag ?? ''}`;
    const list = this.#incoming.get(key) ?? [];
    return list.find((one) => one.event.name === event.name && one.event.id === event.id);
  }

  #badEvent(tx: ServerHandle): void {
    tx.reply(489, undefined, (response) => {
      if (this.#packages.size > 0) response.set('Allow-Events', this.events.join(', '));
    });
  }
}

/** The id of the first REFER in a dialog may be left out (RFC 3515 §2.4.6), or put in where ours had none. */
function refer(subscription: Subscription, event: EventValue): Subscription | undefined {
  return event.name === 'refer' && subscription.event.name === 'refer' ? subscription : undefined;
}

function covers(range: MediaType, type: string): boolean {
  const [major] = type.split('/');
  return range.essence === '*/*' || range.essence === `${major}/*` || range.is(type);
}

function push<T>(table: Map<string, T[]>, key: string, item: T): void {
  const list = table.get(key);
  if (list) list.push(item);
  else table.set(key, [item]);
}

function pull<T>(table: Map<string, T[]>, key: string, item: T): void {
  const left = (table.get(key) ?? []).filter((one) => one !== item);
  if (left.length > 0) table.set(key, left);
  else table.delete(key);
}
