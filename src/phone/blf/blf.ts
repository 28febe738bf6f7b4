/**
 * Busy lamps (RFC 4235): `phone.blf` watches the calls of other extensions, and lets others watch ours. A server that
 * offers no dialog events switches it off by itself, unless it was told to go on.
 */
import { Emitter } from '../../base/emitter.js';
import { DIALOG_INFO_TYPE, resolveTarget, type SubscriptionEnd, type UserAgent } from '../../ua/index.js';
import { peerOf } from '../peer-name.js';
import type { Watchers } from '../presence/watchers.js';
import type { ServiceHost } from '../service-host.js';
import { type BlfState, BlfWatch } from './blf-watch.js';
import { OwnDialogs } from './own-dialogs.js';

/**
 * `auto` becomes `on` when the first extension answers and `off` when it refuses; `on` gives up the extensions that
 * refuse; `always` goes on asking them.
 */
export type BlfMode = 'off' | 'auto' | 'on' | 'always';

export interface BlfOptions {
  /** Default `auto`. */
  mode?: BlfMode;
  /** Extensions to watch. */
  watch?: readonly string[];
  /** Who may watch our calls: those presence knows, all, or nobody. Default `known`. */
  share?: 'known' | 'all' | 'none';
  /** Seconds. Default 3600. */
  expires?: number;
}

export type BlfEvents = {
  change: [state: BlfState];
  /** It has switched itself on or off. */
  mode: [mode: BlfMode];
};

/** An extension that refused is asked again after that, in seconds, with `always`. */
const ASK_AGAIN_S = 300;

export class Blf extends Emitter<BlfEvents> {
  readonly #host: ServiceHost;
  readonly #options: BlfOptions;
  readonly #watchers: Watchers;
  readonly #watches = new Map<string, BlfWatch>();
  readonly #again = new Map<string, { cancel(): void }>();
  /** They go on with the next SIP stack. */
  #paused: BlfWatch[] = [];
  #mode: BlfMode;
  #own: OwnDialogs | undefined;

  constructor(host: ServiceHost, watchers: Watchers, options: BlfOptions = {}) {
    super();
    this.#host = host;
    this.#watchers = watchers;
    this.#options = { ...options };
    this.#mode = options.mode ?? 'auto';
  }

  get mode(): BlfMode {
    return this.#mode;
  }

  /** Extensions watched now. */
  get watched(): readonly BlfWatch[] {
    return [...this.#watches.values()];
  }

  /** Changes what was given when the phone was made; extensions no longer named are watched no longer. */
  configure(options: BlfOptions): void {
    const gone = (this.#options.watch ?? []).filter((target) => !options.watch?.includes(target));
    Object.assign(this.#options, options);
    for (const target of gone) this.unwatch(target);
    this.setMode(options.mode ?? this.#mode);
  }

  /** Switches it; the extensions of the options are watched again. */
  setMode(mode: BlfMode): void {
    this.#enter(mode);
    if (mode !== 'off') this.#watchAll();
  }

  /** Watches the calls of an extension; watched already, it is that watch. @throws ERR_INVALID_ARGUMENT */
  watch(target: string): BlfWatch {
    const uri = resolveTarget(target, this.#host.account()).toString();
    const { uri: key } = peerOf(uri);
    const known = this.#watches.get(key);
    if (known && !known.closed) return known;
    const watch = new BlfWatch(uri, this.#host.logger);
    this.#watches.set(key, watch);
    watch.on('change', (state) => {
      if (state.state !== 'failed') this.#succeeded();
      this.emit('change', state);
    });
    watch.on('ended', (end) => {
      if (this.#watches.get(key) === watch) this.#watches.delete(key);
      this.#ended(uri, key, end);
    });
    if (this.#mode === 'off') watch.close();
    else void this.#begin(watch);
    return watch;
  }

  /** Ends all watches, or that of one extension. */
  unwatch(target?: string): void {
    const key = target === undefined ? undefined : peerOf(resolveTarget(target, this.#host.account())).uri;
    for (const [uri, timer] of [...this.#again]) {
      if (key !== undefined && key !== uri) continue;
      timer.cancel();
      this.#again.delete(uri);
    }
    for (const [uri, watch] of [...this.#watches]) if (key === undefined || key === uri) watch.close();
  }

  /** For the phone: it has started. */
  attach(agent: UserAgent): void {
    const { share = 'known' } = this.#options;
    if (share !== 'none') {
      this.#own = new OwnDialogs(agent, (subscription) => {
        const allowed = share === 'all' || this.#watchers.knows(peerOf(subscription.subscriber));
        if (!allowed) subscription.reject(403);
      });
    }
    for (const watch of this.#paused.splice(0)) if (!watch.closed) void this.#begin(watch);
    if (this.#mode !== 'off') this.#watchAll();
  }

  /** For the phone: the SIP stack ends and another one will come; what is watched is watched again then. */
  detach(): void {
    this.#paused = this.watched.filter((watch) => watch.pause());
    this.#withhold();
  }

  /** Stops watching and being watched. */
  close(): void {
    this.unwatch();
    this.#withhold();
  }

  #withhold(): void {
    this.#own?.close();
    this.#own = undefined;
  }

  #watchAll(): void {
    for (const target of this.#options.watch ?? []) this.watch(target);
  }

  async #begin(watch: BlfWatch): Promise<void> {
    try {
      const agent = await this.#host.agent();
      if (watch.closed) return;
      const { expires } = this.#options;
      const account = this.#host.account();
      watch.begin(
        agent.subscribe(watch.target, { event: 'dialog', accept: [DIALOG_INFO_TYPE], expires, account }),
      );
    } catch (error) {
      this.#host.logger.warn('a watch could not begin', { peer: watch.target, error });
      watch.close();
    }
  }

  #succeeded(): void {
    if (this.#mode === 'auto') this.#enter('on');
  }

  #ended(uri: string, key: string, end: SubscriptionEnd): void {
    if (end.reason === 'closed') return;
    if (this.#mode === 'auto' && end.reason === 'failed') {
      this.#enter('off');
    } else if (this.#mode === 'always') {
      const timer = this.#host.clock.after(ASK_AGAIN_S * 1000, () => {
        this.#again.delete(key);
        if (this.#mode === 'always') this.watch(uri);
      });
      this.#again.set(key, timer);
    }
  }

  #enter(mode: BlfMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#host.logger.info('busy lamps', { mode });
    if (mode === 'off') this.unwatch();
    this.emit('mode', mode);
  }
}
