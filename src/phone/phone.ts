/**
 * The SDK's phone: one object to register, call and be called. It makes the SIP stack and the media engine, wires
 * them to a UserAgent and adds the policies of a phone. Everything starts on first use and stops with `close`.
 */
import { isIP } from 'node:net';
import { abortable } from '../base/abort.js';
import { type Clock, systemClock, type Timer } from '../base/clock.js';
import { createDiagnostics, type Diagnostics, type SocketAddress } from '../base/diagnostics.js';
import { Emitter } from '../base/emitter.js';
import { SwitchhookError } from '../base/errors.js';
import { externalAddress } from '../base/interfaces.js';
import { type Logger, nullLogger } from '../base/logger.js';
import { cryptoRandom, type Random } from '../base/random.js';
import { MediaEngine } from '../media/calls.js';
import type { Headset, HeadsetOptions } from '../media/index.js';
import { type EndpointTransport, NameAddr, SipEndpoint, SipUri } from '../sip/index.js';
import {
  type Account,
  type AccountOptions,
  type Call,
  parseServer,
  type Reachability,
  type Registration,
  type RegistrationState,
  UserAgent,
} from '../ua/index.js';
import { type AbilitiesOptions, askAbilities, type ServerAbilities } from './abilities.js';
import { AccountBook } from './account-book.js';
import { PhoneAudio } from './audio/phone-audio.js';
import { Blf } from './blf/blf.js';
import type { CallOptions, LinePreset } from './call-options.js';
import { Conference, type ConferenceOptions } from './conference.js';
import { ConferenceGroups } from './conference-groups.js';
import { ConferenceRosters } from './conference-roster.js';
import { type LanPeer, LanPeers } from './lan-peers.js';
import { LineTable } from './lines.js';
import { Messages } from './messaging/messages.js';
import { MuteControl } from './mute-control.js';
import { NetworkMonitor } from './network-monitor.js';
import { listen, openNetwork } from './phone-network.js';
import {
  accountOf,
  checkOptions,
  type LivePhoneOptions,
  type PhoneMediaEngine,
  type PhoneOptions,
} from './phone-options.js';
import { type BlockedRequest, RequestFilter } from './policies/filter.js';
import type { AutomaticAction, IncomingOffer } from './policies/incoming-desk.js';
import { OtherLines } from './policies/other-lines.js';
import { Policies } from './policies/policies.js';
import type { RedialOptions } from './policies/redial.js';
import { KnownContacts } from './presence/known-contacts.js';
import { Presence } from './presence/presence.js';
import { Recovery } from './recovery.js';
import type { ServiceHost } from './service-host.js';
import { MemoryStore } from './store/memory-store.js';
import type { Store, StoredCall } from './store/store.js';
import { Switchboard } from './switchboard.js';
import { Voicemail } from './voicemail/voicemail.js';

export type PhoneEvents = {
  /** A call arrives. Answer or reject it; it rings meanwhile. Without a listener calls are refused with 480. */
  incoming: [call: Call];
  /** The registration of an account changed its state. */
  registration: [event: { account: Account; state: RegistrationState; error?: SwitchhookError }];
  /** The server of an account with `ping` began or ceased to answer. */
  reachability: [
    event: { account: Account; state: Reachability; roundTripMs?: number; error?: SwitchhookError },
  ];
  /** A call was answered, forwarded, refused or left alone by a policy. */
  automatic: [call: Call, action: AutomaticAction];
  /** A call that failed or was cut off is placed again. */
  redial: [event: { before: Call; call: Call; why: keyof RedialOptions }];
  /** A request of somebody who is not wanted. */
  blocked: [event: BlockedRequest];
  /** Another account is the main one. */
  mainAccount: [event: { account: Account | undefined; previous: Account | undefined; by: 'user' | 'phone' }];
  /** A call is over. */
  callEnded: [call: Call];
  /** Its record, which is in the store as well. */
  record: [record: StoredCall];
  /** The addresses of this machine have changed: a restart is recommended. Never told during a call. */
  shouldReset: [event: { reason: string }];
  /** The SIP stack was made anew, with the same accounts. */
  restarted: [];
  /** Another phone on this network. */
  lanPeer: [peer: LanPeer];
};

/** The name of a value in the store. */
const LAST_DIALLED = 'lastDialled';

interface Parts {
  transport: EndpointTransport;
  endpoint: SipEndpoint;
  engine: PhoneMediaEngine;
  agent: UserAgent;
  monitor: NetworkMonitor;
  board: Switchboard;
  peers: LanPeers;
}

/** Between attempts to start anew. */
const REVIVE_MS = 30_000;
/** Lines a phone may grow to, unless it is told otherwise or to let in more calls. */
const LINES = 512;

export class Phone extends Emitter<PhoneEvents> {
  /** Taps for traces; see base/diagnostics. */
  readonly diagnostics: Diagnostics;
  /** Where the calls sit: which is the active one, which line a call has. */
  readonly lines: LineTable<Call, LinePreset>;
  /** What the phone does by itself; see {@link Policies.configure}. */
  readonly policies: Policies;
  /** Whether others are there, and whether we are. */
  readonly presence: Presence;
  /** The calls of other extensions, and ours for them. */
  readonly blf: Blf;
  /** Who is in conferences that servers hold. */
  readonly rosters: ConferenceRosters;
  /** Whether messages wait in our mailbox. */
  readonly voicemail: Voicemail;
  /** Text messages. */
  readonly messages: Messages;
  /** Microphone, speaker, ringer, and the tones of the phone. */
  readonly audio: PhoneAudio;
  /** What the phone remembers. */
  readonly store: Store;
  /** Calls brought together. */
  readonly conferences: ConferenceGroups;
  /** The accounts, which of them is the main one, and how they are doing. */
  readonly accountBook: AccountBook;
  /** Muting by line and direction. */
  readonly mutes: MuteControl;
  readonly #options: PhoneOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #offers = new WeakMap<Call, IncomingOffer>();
  readonly #recovery: Recovery;
  #starting: Promise<Parts> | undefined;
  #parts: Parts | undefined;
  #closing: Promise<void> | undefined;
  #reviveTimer: Timer | undefined;

  /** @throws ERR_INVALID_ARGUMENT naming the option that is wrong */
  constructor(options: PhoneOptions = {}) {
    super();
    checkOptions(options);
    this.#options = { ...options };
    const { maxCalls = 0, lines } = options;
    // Every call that is let in needs a line.
    this.lines = new LineTable({ maximum: Math.max(LINES, maxCalls), ...lines });
    this.policies = new Policies(options.policies);
    this.store = options.store ?? new MemoryStore();
    this.mutes = new MuteControl(this.lines, options.mute);
    this.conferences = new ConferenceGroups(
      {
        lines: this.lines,
        open: () => this.conference(),
        dial: (target, call) => this.dial(target, call),
      },
      options.conferences,
    );
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? cryptoRandom;
    this.#logger = options.logger ?? nullLogger;
    this.#recovery = new Recovery(
      {
        logger: this.#logger,
        hasCalls: () => this.calls.length > 0,
        recommend: (reason) => void this.emit('shouldReset', { reason }),
        restart: () => this.#revive(() => this.restart()),
      },
      options.recovery,
    );
    this.diagnostics = options.diagnostics ?? createDiagnostics();
    this.accountBook = new AccountBook(this.#clock, this.#random, options.accountBook);
    const own = accountOf(options);
    if (own) this.accountBook.add(own);
    this.#followAccounts();
    const known = new KnownContacts(this.#clock, this.store.contacts);
    const host: ServiceHost = {
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger.child('phone'),
      agent: async () => (await this.#ready()).agent,
      account: () => this.accountBook.main,
      isContact: (peer) => known.has(peer),
    };
    this.presence = new Presence(host, { displayName: options.displayName, ...options.presence });
    this.rosters = new ConferenceRosters(host);
    this.blf = new Blf(host, this.presence.watchers, options.blf);
    this.voicemail = new Voicemail(host, options.voicemail);
    this.messages = new Messages(host, { store: this.store.messages, ...options.messages });
    this.audio = new PhoneAudio(
      (headset) => this.#openHeadset(headset),
      options.audio,
      this.#logger.child('audio'),
    );
    this.lines.on('seated', ({ call }) => this.audio.watch(call));
    new OtherLines({
      lines: this.lines,
      policies: this.policies,
      logger: this.#logger.child('phone'),
      together: (one, other) => this.conferences.together(one, other),
      mute: (call) => void this.mutes.set(call, true, 'microphone'),
    });
  }

  /**
   * Changes what was given when the phone was made. Calls there are keep what they began with; sockets, timers and media
   * threads stay as they are until the next {@link restart}.
   */
  configure(changes: LivePhoneOptions): void {
    Object.assign(this.#options, changes);
    const { policies, lines, mute, conferences, presence, blf, voicemail, messages, ...more } = changes;
    const { accountBook, calls, ...agent } = more;
    if (policies) this.policies.configure(policies);
    if (lines) this.lines.configure(lines);
    if (mute) this.mutes.options = mute;
    if (conferences) this.conferences.options = conferences;
    if (presence) this.presence.configure(presence);
    if (blf) this.blf.configure(blf);
    if (voicemail) this.voicemail.configure(voicemail);
    if (messages) this.messages.configure(messages);
    if (accountBook) this.accountBook.configure(accountBook);
    this.#parts?.agent.configure(calls ? { ...agent, policies: calls } : agent);
  }

  /** What has no method here: any request, lines for all messages, policies of calls. Undefined before {@link start}. */
  get userAgent(): UserAgent | undefined {
    return this.#parts?.agent;
  }

  /** The calls there are, in any state but `ended`. */
  get calls(): readonly Call[] {
    return this.#parts?.board.calls ?? [];
  }

  /** How an incoming call was offered: its line, the number to show, whether it will be answered by itself. */
  offerOf(call: Call): IncomingOffer | undefined {
    return this.#offers.get(call);
  }

  /** What was dialled last. */
  get lastDialled(): string | undefined {
    return this.#parts?.board.lastDialled ?? this.store.values.get(LAST_DIALLED);
  }

  /** The accounts, the main one first. */
  get accounts(): readonly Account[] {
    return this.accountBook.accounts;
  }

  /** Their registrations; empty before {@link start}. */
  get registrations(): readonly Registration[] {
    return this.accountBook.registrations;
  }

  /** Addresses SIP is listened on; empty before {@link start}. */
  get addresses(): ReadonlyArray<SocketAddress & { protocol: string }> {
    return (this.#parts?.transport.listeners ?? []).map(({ protocol, address }) => ({
      protocol,
      ...address,
    }));
  }

  /** Opens the sockets and starts the media threads; done by itself on first use. @throws ERR_SIP_TRANSPORT, ERR_CLOSED */
  async start(): Promise<void> {
    await this.#ready();
  }

  /**
   * Registers the main account, then the others, and stays registered until {@link unregister} or {@link close}.
   * @throws ERR_REGISTRATION_REJECTED {status, reason}, ERR_AUTHENTICATION_FAILED, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT,
   * ERR_DNS_NOT_FOUND; ERR_INVALID_ARGUMENT without a server; ERR_ABORTED when `signal` fires, which gives up;
   * all of them for the main account: what becomes of the others the `registration` event tells
   */
  async register(options: { signal?: AbortSignal } = {}): Promise<void> {
    await abortable(this.#ready(), options.signal, 'the registration');
    await this.accountBook.registerAll(options);
  }

  /**
   * Takes all registrations back; never throws for a server that does not answer.
   * @param options.hangUp ends all calls as well
   */
  async unregister(options: { hangUp?: boolean } = {}): Promise<void> {
    if (options.hangUp) for (const call of this.calls) void call.hangup();
    await Promise.all(this.accounts.map((account) => this.accountBook.unregister(account)));
  }

  /** Adds a further account, or changes the one of that user and domain; register it with the Registration returned. */
  async addAccount(options: AccountOptions): Promise<Registration> {
    await this.#ready();
    return this.accountBook.registrationOf(this.accountBook.add(options)) as Registration;
  }

  /** Unregisters and forgets an account; its calls go on. */
  async removeAccount(account: Account): Promise<void> {
    await this.accountBook.remove(account);
  }

  /**
   * Starts a call and gives it at once, while it is still `trying`. Digits after a comma are sent when it is answered
   * (`1234,56`); an empty target is the one dialled last.
   * @throws ERR_INVALID_ARGUMENT for an address that cannot be called, ERR_CALL_REFUSED {rule} when a policy is against
   * it, ERR_CLOSED
   */
  async dial(target: string, options: CallOptions = {}): Promise<Call> {
    const { board } = await this.#ready();
    const lookingUp = board.lookUp(target, options);
    if (lookingUp) await lookingUp;
    return board.dial(target, options);
  }

  /**
   * Calls and resolves when the call is answered.
   * @throws ERR_CALL_REJECTED {status, reason}, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND,
   * ERR_MEDIA_NO_COMMON_CODEC, ERR_ABORTED when `signal` fires; what {@link dial} throws
   */
  async call(target: string, options: CallOptions = {}): Promise<Call> {
    const { signal, ...rest } = options;
    await abortable(this.#ready(), signal, 'the call');
    let call = await this.dial(target, rest);
    for (;;) {
      try {
        // After the answer the signal no longer ends the call.
        await call.answered(signal);
        return call;
      } catch (error) {
        const next = await this.#parts?.board.nextAttempt(call);
        if (!next) throw error;
        call = next;
      }
    }
  }

  /**
   * Brings calls together: each hears all others. Calls we hold are taken off hold.
   * @throws ERR_CALL_STATE when one of them is not connected
   */
  async conference(calls: readonly Call[] = [], options: ConferenceOptions = {}): Promise<Conference> {
    const { engine } = await this.#ready();
    const { openBridge } = engine;
    if (!openBridge) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: "option 'engine' cannot mix conferences" });
    }
    return Conference.open({ openBridge: (bridge) => openBridge.call(engine, bridge) }, calls, options);
  }

  /**
   * Asks a server or phone, by default our server, what it can do (OPTIONS, RFC 3261 §11).
   * @throws ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND, ERR_INVALID_ARGUMENT, ERR_ABORTED
   */
  async options(target?: string, options: AbilitiesOptions = {}): Promise<ServerAbilities> {
    const { agent } = await this.#ready();
    return askAbilities(agent, this.#clock, this.accounts[0], target, options);
  }

  /** Hangs up all calls, unregisters, and frees everything. Never throws; repeated calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#reviveTimer?.cancel();
    const parts = await this.#starting?.catch(() => undefined);
    for (const service of this.#services) service.close();
    await this.audio.close();
    if (parts) {
      await this.#shutDown(parts);
      if (!this.#options.engine) await parts.engine.close();
    }
    this.removeAllListeners();
  }

  /**
   * Makes the SIP stack anew, with the same accounts, which register again if they did before; the media engine and
   * everything applications hold of the phone stay.
   * @returns false, and does nothing, while there is a call or the phone is not up
   * @throws ERR_SIP_LISTEN and the like; the phone then starts again on next use, with the same accounts
   */
  async restart(): Promise<boolean> {
    const parts = this.#parts;
    if (!parts || parts.agent.calls.length > 0 || this.#closing) return false;
    for (const service of this.#services) service.detach();
    this.#parts = undefined;
    this.#starting = this.#shutDown(parts).then(() => this.#start(parts.engine));
    await this.#starting.catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    this.emit('restarted');
    return true;
  }

  /** Nobody may be there to use the phone next: it goes on trying until it is up again. */
  #revive(start: () => Promise<unknown>): void {
    start().catch((error: unknown) => {
      if (this.#closing) return;
      this.#logger.error('the phone could not start anew', { error });
      this.#reviveTimer = this.#clock.after(REVIVE_MS, () =>
        this.#revive(() => this.#ready().then(() => this.emit('restarted'))),
      );
    });
  }

  /** Why the application had better start anew; undefined while it need not. */
  get resetRecommended(): string | undefined {
    return this.#recovery.recommendation;
  }

  /** True when the name can be looked up, which takes a network; the answer may come from the cache. Never throws. */
  async canLookUp(name: string): Promise<boolean> {
    const { endpoint } = await this.#ready();
    try {
      return (await endpoint.resolve(parseServer(name, 'name'))).length > 0;
    } catch {
      return false;
    }
  }

  /** Where others on the network find us: the first of {@link addresses}, one of this machine's where that is all of them. */
  get ownAddress(): SocketAddress | undefined {
    const [first] = this.addresses;
    if (!first) return undefined;
    const { host, port } = first;
    return isIP(host) && !/^(0\.0\.0\.0|::)$/.test(host)
      ? { host, port }
      : { host: externalAddress(4) ?? '127.0.0.1', port };
  }

  /** Other phones found on this network. */
  get lanPeers(): readonly LanPeer[] {
    return this.#parts?.peers.peers ?? [];
  }

  #asLanPeer(): LanPeer {
    const { username = '', displayName = '' } = this.#options;
    const user = username || this.accounts[0]?.uri.user || 'phone';
    return { user, uri: this.#atOurAddress(user).toString(), name: displayName };
  }

  /** What lives as long as the phone, whatever becomes of its SIP stack. */
  get #services() {
    return [this.presence, this.blf, this.voicemail, this.messages, this.rosters];
  }

  /** Who we are without an account. */
  #ourselves(): string | undefined {
    const { from, username, displayName } = this.#options;
    if (from || !username) return from?.();
    return new NameAddr(this.#atOurAddress(username), displayName).toString();
  }

  #atOurAddress(user: string): SipUri {
    const { host, port } = this.ownAddress ?? { host: '127.0.0.1', port: 5060 };
    return new SipUri({ user, host, port });
  }

  /** Everything but the media engine and the services. */
  async #shutDown(parts: Parts): Promise<void> {
    this.accountBook.detach();
    parts.monitor.close();
    parts.board.close();
    await parts.peers.close();
    await parts.agent.close();
    await parts.endpoint.close();
  }

  #ready(): Promise<Parts> {
    if (this.#closing) return Promise.reject(new SwitchhookError('ERR_CLOSED', { what: 'the phone' }));
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /** @param before the media engine there was */
  async #start(before?: PhoneMediaEngine): Promise<Parts> {
    const options = this.#options;
    const common = {
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      diagnostics: this.diagnostics,
    };
    const userAgent = options.userAgent ?? 'Switchhook';
    const network = openNetwork(options, common);
    const { transport, resolver, failoverRetries } = network;
    const endpoint = new SipEndpoint({
      ...common,
      transport,
      resolver,
      userAgent,
      timers: options.sipTimers,
      failoverRetries,
      tryingFrom: () => options.tryingFrom ?? Number.POSITIVE_INFINITY,
      acknowledgesChallenges: () => options.acknowledgesChallenges ?? true,
      asksRport: () => options.asksRport ?? true,
    });
    let engine = options.engine ?? before;
    try {
      await listen(network, options.listen ?? {}, options.outboundProxy ?? options.server, {
        random: this.#random,
        store: this.store.values,
      });
      const { workers, portRange, portOrder, bufferBytes } = options.media ?? {};
      engine ??= await MediaEngine.start({
        workers,
        logger: this.#logger,
        rtp: {
          portRange:
            typeof portRange === 'function' ? portRange(transport.listeners[0].address.port) : portRange,
          portOrder,
          bufferBytes,
        },
      });
      const filter = new RequestFilter({
        policies: this.policies,
        accounts: () => this.accounts,
        ownUsers: options.username ? [options.username] : [],
        blocked: (event) => void this.emit('blocked', event),
      });
      const agent = new UserAgent({
        ...common,
        endpoint,
        engine,
        userAgent,
        ourselves: () => this.#ourselves(),
        media: options.media,
        sessionExpires: options.sessionExpires,
        minSessionExpires: options.minSessionExpires,
        reliableProvisionals: options.reliableProvisionals,
        // RFC 5373: calls are answered as policies say, with the wish of the caller.
        extensions: ['answermode'],
        ringTimeout: options.ringTimeout,
        maxCalls: options.maxCalls,
        policies: options.calls,
        customHeaders: options.customHeaders,
        allowEvents: options.allowEvents,
        device: options.device,
        refuse: (request, flow) => filter.refuses(request, flow),
      });
      agent.on('reachability', (event) => void this.emit('reachability', event));
      const monitor = new NetworkMonitor(
        this.#clock,
        (reason, stillThere) => {
          network.changed();
          agent.networkChanged(reason, stillThere);
          this.#recovery.networkChanged(reason);
        },
        {
          way: async () => {
            const to = this.accountBook.main?.flow?.remote.host;
            const from = to === undefined ? undefined : await network.wayTo(to);
            return to !== undefined && from !== undefined ? { to, from } : undefined;
          },
        },
      );
      const board = new Switchboard({
        agent,
        endpoint,
        engine,
        clock: this.#clock,
        logger: this.#logger.child('phone'),
        lines: this.lines,
        policies: this.policies,
        conferences: this.conferences,
        book: this.accountBook,
        filter,
        displayName: options.displayName,
        reports: {
          incoming: (call, offer) => {
            this.#offers.set(call, offer);
            return this.emit('incoming', call);
          },
          automatic: (call, action) => {
            if (action === 'answer' || action === 'bargeIn') this.audio.tones.answeredAutomatically(call);
            this.emit('automatic', call, action);
          },
          redial: (before, call, why) => void this.emit('redial', { before, call, why }),
          callEnded: (call) => {
            this.emit('callEnded', call);
            this.#recovery.callEnded();
          },
          record: (record) => {
            this.#remember(() => this.store.calls.add(record));
            this.emit('record', record);
          },
          dialled: (target) => this.#remember(() => this.store.values.set(LAST_DIALLED, target)),
        },
      });
      board.lastDialled = this.#remember(() => this.store.values.get(LAST_DIALLED));
      const peers = new LanPeers({ ...common, self: () => this.#asLanPeer() }, options.lanPeers);
      peers.on('found', (peer) => void this.emit('lanPeer', peer));
      // Calls need nobody found.
      await peers.start().catch((error: unknown) => {
        this.#logger.warn('other phones on this network are not looked for', { error });
      });
      const parts = { transport, endpoint, engine, agent, monitor, board, peers };
      this.#parts = parts;
      this.accountBook.attach(agent);
      for (const service of this.#services) service.attach(agent);
      if (options.capabilityRequest) void this.options().catch(() => {}); // it opens the way through a NAT, too
      this.audio.prepare();
      return parts;
    } catch (error) {
      await endpoint.close();
      if (!options.engine) await engine?.close();
      throw error;
    }
  }

  /** What cannot be remembered must end no call. */
  #remember<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#logger.error('the store of the phone failed', { error });
      return undefined;
    }
  }

  async #openHeadset(options: HeadsetOptions): Promise<Headset> {
    const { engine } = await this.#ready();
    if (engine.openHeadset) return engine.openHeadset(options);
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: "option 'engine' has no sound devices" });
  }

  #followAccounts(): void {
    this.accountBook.on('gone', (account) => this.voicemail.forget(account));
    this.accountBook.on('main', (event) => {
      this.presence.mainChanged();
      this.emit('mainAccount', event);
    });
    this.accountBook.on('registration', (event) => {
      const { account, state, error } = event;
      if (state === 'registered') {
        this.presence.registered();
        this.voicemail.registered(account);
        this.messages.registered();
      }
      this.emit('registration', event);
      this.#recovery.registration(state, error?.code);
    });
  }
}
