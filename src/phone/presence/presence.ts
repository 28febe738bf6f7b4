/**
 * Presence (RFC 3856): whether others are there, and whether we are. `phone.presence` watches peers, publishes our own
 * state to the server where it takes it (RFC 3903) and tells it to those who subscribed to us.
 */
import { Emitter } from '../../base/emitter.js';
import type { SipRequest } from '../../sip/index.js';
import {
  type Call,
  type EventPackage,
  type IncomingSubscription,
  PIDF_TYPE,
  type Publication,
  printPidf,
  resolveTarget,
  type UserAgent,
} from '../../ua/index.js';
import { type Peer, peerOf } from '../peer-name.js';
import type { ServiceHost } from '../service-host.js';
import { type OwnStatus, presenceDocument } from './presence-status.js';
import { type PresenceState, PresenceWatch } from './presence-watch.js';
import { nameOf, type StrangerPolicy, Watchers, type WatchRequest } from './watchers.js';

export interface PresenceOptions {
  /** False: we neither watch, publish nor can be watched. Default true. */
  enabled?: boolean;
  /** Lifetime of subscriptions and publications, in seconds. Default 3600. */
  expires?: number;
  /** What strangers who want to watch us get. Default `ask`. */
  strangers?: StrangerPolicy;
  /** Who is no stranger: user names or addresses. */
  contacts?: readonly string[];
  /** PUBLISH to the server: `auto` until it refuses. Default `auto`. */
  publish?: 'auto' | 'always' | 'never';
  displayName?: string;
  email?: string;
  /** A text about us, beside the status. */
  text?: string;
  /** What we are before anything is set. Default `online`. */
  status?: OwnStatus;
  /** Watch whom we have called, from the end of the call on: everybody, or those of our contacts. Default false. */
  watchCalled?: boolean | 'contacts';
}

export type PresenceEvents = {
  /** The state of a watched peer is told or has changed. */
  change: [state: PresenceState];
  /** A stranger wants to watch us; the request waits for {@link WatchRequest.accept} or `reject`. */
  watcher: [request: WatchRequest];
};

/** Watches beyond that number are for the user to begin. */
const MAX_CALLED = 50;

export class Presence extends Emitter<PresenceEvents> {
  readonly #host: ServiceHost;
  readonly #options: PresenceOptions;
  readonly #watches = new Map<string, PresenceWatch>();
  readonly #forOne = new Map<string, OwnStatus>();
  /** They go on with the next SIP stack. */
  #paused: PresenceWatch[] = [];
  /** Who may see us. */
  readonly watchers: Watchers;
  #agent: UserAgent | undefined;
  #withdraw: (() => void) | undefined;
  #publication: Publication | undefined;
  #noPublish = false;
  #status: OwnStatus;
  #note: string | undefined;
  #told = false;
  #leaving = false;

  constructor(host: ServiceHost, options: PresenceOptions = {}) {
    super();
    this.#host = host;
    this.#options = { ...options };
    this.#status = options.status ?? 'online';
    this.watchers = new Watchers(
      options.strangers ?? 'ask',
      (request) => void this.emit('watcher', request),
      (peer) => host.isContact(peer),
    );
    this.watchers.know(options.contacts ?? []);
  }

  get enabled(): boolean {
    return this.#options.enabled !== false;
  }

  /** Our own. */
  get status(): OwnStatus {
    return this.#status;
  }

  get note(): string | undefined {
    return this.#note;
  }

  /** Changes what was given when the phone was made. */
  configure(options: PresenceOptions): void {
    const before = this.#about;
    Object.assign(this.#options, options);
    if (options.strangers) this.watchers.strangers = options.strangers;
    this.watchers.know(options.contacts ?? []);
    if (options.enabled === false) this.#switchOff();
    else if (this.#agent) this.attach(this.#agent);
    if (this.#about !== before && this.#agent && this.enabled) {
      if (this.#told) this.#publishTo(this.#agent);
      if (this.#status !== 'invisible') this.#tell();
    }
  }

  /** What of the options is in our documents. */
  get #about(): string {
    const { displayName, email, text } = this.#options;
    return JSON.stringify([displayName, email, text]);
  }

  /** Watches the presence of a peer; watched already, it is that watch. @throws ERR_INVALID_ARGUMENT */
  watch(target: string): PresenceWatch {
    const uri = resolveTarget(target, this.#host.account()).toString();
    const { uri: key } = peerOf(uri);
    const known = this.#watches.get(key);
    if (known && !known.closed) return known;
    const watch = new PresenceWatch(uri, this.#host.logger);
    this.#watches.set(key, watch);
    watch.on('change', (state) => void this.emit('change', state));
    watch.on('ended', () => {
      if (this.#watches.get(key) === watch) this.#watches.delete(key);
    });
    if (this.enabled) void this.#begin(watch);
    return watch;
  }

  /** Those watched. */
  get watched(): readonly PresenceWatch[] {
    return [...this.#watches.values()];
  }

  /** Ends all watches, or that of one peer. */
  unwatch(target?: string): void {
    const key = target === undefined ? undefined : peerOf(resolveTarget(target, this.#host.account())).uri;
    for (const [uri, watch] of [...this.#watches]) if (key === undefined || key === uri) watch.close();
  }

  /**
   * Says how we are: to the server if it takes it, and to everybody who watches us. Invisible tells nobody anything any
   * more, and looks offline to who asks.
   */
  async publish(status: OwnStatus, note?: string): Promise<void> {
    this.#status = status;
    this.#note = note;
    this.#told = true;
    const agent = await this.#host.agent();
    if (!this.enabled) return;
    this.#publishTo(agent);
    if (status !== 'invisible') this.#tell();
  }

  /** Shows one peer, named by the address or the user alone, another status than all others; undefined ends that. */
  async publishTo(user: string, status: OwnStatus | undefined): Promise<void> {
    const name = nameOf(user).toLowerCase();
    if (status) this.#forOne.set(name, status);
    else this.#forOne.delete(name);
    await this.#host.agent();
    if (status !== 'invisible') this.#tell((peer) => namesOf(peer).includes(name));
  }

  /** For the phone: it has started. */
  attach(agent: UserAgent): void {
    if (this.#agent !== agent) agent.on('callEnded', (call) => this.#called(call));
    this.#agent = agent;
    if (!this.enabled) return;
    this.#withdraw ??= agent.subscriptions.offer(this.#package());
    for (const watch of this.#paused.splice(0)) if (!watch.closed) void this.#begin(watch);
  }

  /** For the phone: the SIP stack ends and another one will come; what is watched is watched again then. */
  detach(): void {
    this.#paused = this.watched.filter((watch) => watch.pause());
    this.#withhold();
    this.#agent = undefined;
  }

  /** For the phone: calls go out by another account. */
  mainChanged(): void {
    if (!this.#withdraw) return;
    this.#publication?.close();
    this.#publication = undefined;
    this.#noPublish = false;
    this.registered();
  }

  /** For the phone: it is registered now, so what was said before can be published. */
  registered(): void {
    if (this.#agent && this.enabled && this.#told && !this.#publication) this.#publishTo(this.#agent);
  }

  /** For the phone: it closes. Who watches us hears that we are not there, when the SIP stack says goodbye. */
  close(): void {
    this.#leaving = true;
    this.unwatch();
    this.#withhold();
  }

  /** Stops watching and being watched. */
  #switchOff(): void {
    this.unwatch();
    this.#withhold();
    for (const one of this.#agent?.subscriptions.subscribers('presence') ?? []) one.terminate('noresource');
  }

  /** Nobody is told anything any more. */
  #withhold(): void {
    this.#publication?.close();
    this.#publication = undefined;
    this.#withdraw?.();
    this.#withdraw = undefined;
  }

  #called(call: Call): void {
    const { watchCalled = false } = this.#options;
    if (!this.enabled || !watchCalled || call.direction !== 'outgoing') return;
    const peer = peerOf(call.remote.uri);
    const wanted = watchCalled === true || this.watchers.knows(peer);
    if (wanted && this.#watches.size < MAX_CALLED) this.watch(peer.uri);
  }

  async #begin(watch: PresenceWatch): Promise<void> {
    try {
      const agent = await this.#host.agent();
      if (watch.closed) return;
      const { email, expires } = this.#options;
      const subscription = agent.subscribe(watch.target, {
        event: 'presence',
        accept: [PIDF_TYPE],
        expires,
        account: this.#host.account(),
        // Who we are, for a user who is asked about us.
        headers: email ? { 'Call-Info': `<mailto:${email}>;purpose=info` } : {},
      });
      watch.begin(subscription);
    } catch (error) {
      this.#host.logger.warn('a watch could not begin', { peer: watch.target, error });
      watch.close();
    }
  }

  #package(): EventPackage {
    return {
      name: 'presence',
      contentTypes: [PIDF_TYPE],
      expires: { default: this.#options.expires },
      interval: 1000,
      onSubscribe: (subscription, request) => this.watchers.admit(subscription, emailOf(request)),
      render: (subscription) => ({ contentType: PIDF_TYPE, body: this.#document(subscription) }),
    };
  }

  /** To everybody who watches us, or to one. */
  #tell(whom: (peer: Peer) => boolean = () => true): void {
    for (const subscription of this.#agent?.subscriptions.subscribers('presence') ?? []) {
      if (whom(peerOf(subscription.subscriber))) subscription.notify();
    }
  }

  #document(subscription?: IncomingSubscription): string {
    const account = this.#host.account();
    const { uri } = account
      ? peerOf(account.uri)
      : peerOf(subscription?.dialog.local.uri ?? 'sip:anonymous.invalid');
    const names = subscription ? namesOf(peerOf(subscription.subscriber)) : [];
    const one = names.map((name) => this.#forOne.get(name)).find((status) => status !== undefined);
    const { email, text, displayName = account?.displayName } = this.#options;
    const status = this.#leaving ? 'offline' : (one ?? this.#status);
    return printPidf(
      presenceDocument({
        entity: uri,
        contact: uri,
        status,
        note: one || this.#leaving ? undefined : this.#note,
        text,
        email,
        displayName,
      }),
    );
  }

  #publishTo(agent: UserAgent): void {
    const { publish = 'auto', expires } = this.#options;
    const account = this.#host.account();
    if (publish === 'never' || !account || (this.#noPublish && publish !== 'always')) return;
    if (this.#status === 'invisible') {
      this.#publication?.close();
      this.#publication = undefined;
      return;
    }
    const body = this.#document();
    if (this.#publication) return this.#publication.update(body);
    const publication = agent.publish('presence', { account, expires, contentType: PIDF_TYPE, body });
    this.#publication = publication;
    publication.on('state', (phase, error) => {
      if (phase !== 'ended' || this.#publication !== publication) return;
      this.#publication = undefined;
      // A server that takes no PUBLISH is not asked again: our watchers come to us.
      this.#noPublish = error !== undefined;
    });
  }
}

/** What a SUBSCRIBE tells about its sender. */
function emailOf(request: SipRequest): string | undefined {
  const mails = request.callInfo.map(({ uri }) => uri.toString()).filter((uri) => /^mailto:/i.test(uri));
  return mails[0]?.slice('mailto:'.length);
}

function namesOf({ uri, user }: Peer): string[] {
  return [uri.toLowerCase(), user.toLowerCase()];
}
