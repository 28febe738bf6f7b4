/**
 * A state of ours kept at a server (RFC 3903): published, refreshed in time under the entity-tag the server gives,
 * modified, and removed. Applications get it from `UserAgent.publish`. One PUBLISH at a time (§4.1).
 *
 * ```
 *  publishing ──2xx──▶ published ──refresh, update()──▶ publishing
 *      │  412: anew without tag; 423: with the lifetime wanted
 *      ├──5xx, no answer──▶ waiting ──▶ publishing
 *      └──403, 405, 489 …──▶ ended ◀── close(): Expires 0
 * ```
 */
import type { Timer } from '../../base/clock.js';
import { Emitter } from '../../base/emitter.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { SipResponse, SipUri } from '../../sip/index.js';
import { lenient } from '../lenient.js';
import { type RequestOptions, requestOnce } from '../out-of-dialog.js';
import { backoff, refreshDelay } from '../registration-retry.js';
import type { SignallingEnvironment } from '../signalling.js';
import { resubscribeDelay } from './resubscribe.js';

export type PublicationPhase = 'publishing' | 'published' | 'waiting' | 'ended';

export interface PublishOptions extends Omit<RequestOptions, 'signal' | 'body'> {
  body: string;
  contentType: string;
  /** Lifetime to ask for, in seconds. Default 3600. */
  expires?: number;
}

export type PublicationEvents = {
  /** Every change; `error` tells why for `waiting`, and for `ended` when the server does not take it. */
  state: [phase: PublicationPhase, error?: SwitchhookError];
};

export class Publication extends Emitter<PublicationEvents> {
  readonly event: string;
  readonly #env: SignallingEnvironment;
  readonly #target: SipUri;
  readonly #options: PublishOptions;
  readonly #onEnded: (publication: Publication) => void;
  #phase: PublicationPhase = 'publishing';
  #error: SwitchhookError | undefined;
  #expires: number;
  #body: string;
  /** What the server has under `#tag` is not `#body`. */
  #dirty = true;
  #tag: string | undefined;
  #busy = false;
  #closing = false;
  #failures = 0;
  #timer: Timer | undefined;

  constructor(
    env: SignallingEnvironment,
    target: SipUri,
    event: string,
    options: PublishOptions,
    onEnded: (publication: Publication) => void,
  ) {
    super();
    this.#env = env;
    this.#target = target;
    this.event = event;
    this.#options = options;
    this.#onEnded = onEnded;
    this.#expires = options.expires ?? 3600;
    this.#body = options.body;
    void this.#run();
  }

  get phase(): PublicationPhase {
    return this.#phase;
  }

  /** Why it is `waiting`, or `ended` without {@link close}. */
  get error(): SwitchhookError | undefined {
    return this.#error;
  }

  /** Publishes another state in place of the one before. */
  update(body: string): void {
    if (this.#phase === 'ended' || this.#closing) return;
    this.#body = body;
    this.#dirty = true;
    if (!this.#busy) void this.#run();
  }

  /** Takes the state back. */
  close(): void {
    if (this.#phase === 'ended' || this.#closing) return;
    this.#closing = true;
    this.#timer?.cancel();
    if (!this.#busy) void this.#run();
  }

  /** Forgets it without a word. */
  abandon(): void {
    this.#timer?.cancel();
    this.#enter('ended');
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    this.#busy = true;
    const parted = this.#closing ? this.#env.partings.begin() : undefined;
    while (this.#phase !== 'ended') {
      if (this.#closing && this.#tag === undefined) {
        this.#enter('ended');
        break;
      }
      if (this.#dirty) this.#enter('publishing');
      if (!(await this.#publish())) break;
      if (!this.#dirty && !this.#closing) break;
    }
    this.#busy = false;
    parted?.();
  }

  /** One PUBLISH with its answer; true when the next may follow. */
  async #publish(): Promise<boolean> {
    const removing = this.#closing;
    const sent = !removing && (this.#dirty || this.#tag === undefined);
    if (sent) this.#dirty = false;
    const { headers = {}, contentType, account, from } = this.#options;
    let response: SipResponse;
    try {
      ({ response } = await requestOnce(this.#env, 'PUBLISH', this.#target, {
        account,
        from,
        headers: {
          ...headers,
          Event: this.event,
          Expires: String(removing ? 0 : this.#expires),
          ...(this.#tag === undefined ? {} : { 'SIP-If-Match': this.#tag }),
        },
        ...(sent ? { body: this.#body, contentType } : {}),
      }));
    } catch (error) {
      this.#failed(
        sent,
        isSwitchhookError(error) ? error : this.#refused(String(error), undefined),
        undefined,
      );
      return false;
    }
    if (this.#phase === 'ended') return false;
    if (removing) {
      this.#enter('ended');
      return false;
    }
    return this.#answered(response, sent);
  }

  #answered(response: SipResponse, sent: boolean): boolean {
    const { status } = response;
    if (status < 300) {
      this.#tag = response.sipEtag;
      this.#failures = 0;
      const granted = Math.min(lenient(() => response.expires, undefined) ?? this.#expires, this.#expires);
      this.#timer?.cancel();
      this.#timer = this.#env.clock.after(
        refreshDelay(granted, this.#env.random) * 1000,
        () => void this.#run(),
      );
      if (!this.#dirty) this.#enter('published');
      return true;
    }
    if (sent) this.#dirty = true;
    const known = this.#tag;
    if (status === 412 && known !== undefined) {
      // §4.1: the server has forgotten it; it gets the whole anew.
      this.#tag = undefined;
      this.#dirty = true;
      return true;
    }
    const minimum = status === 423 ? lenient(() => response.minExpires, undefined) : undefined;
    if (minimum !== undefined && minimum > this.#expires) {
      this.#expires = minimum;
      this.#dirty = true;
      return true;
    }
    const retryAfter = lenient(() => response.retryAfter?.delta, undefined);
    this.#failed(false, this.#refused(`${status} ${response.reason}`, status), retryAfter);
    return false;
  }

  #failed(unsent: boolean, error: SwitchhookError, retryAfter: number | undefined): void {
    if (unsent) this.#dirty = true;
    if (this.#phase === 'ended') return;
    const status = error.details.status as number | undefined;
    const hopeless =
      this.#closing ||
      resubscribeDelay({ reason: 'failed', status, error }, this.#failures, this.#env.random) === undefined;
    if (hopeless) return this.#enter('ended', this.#closing ? undefined : error);
    this.#failures++;
    const seconds = Math.max(retryAfter ?? 0, backoff(this.#failures, this.#env.random));
    this.#timer = this.#env.clock.after(seconds * 1000, () => void this.#run());
    this.#enter('waiting', error);
  }

  #refused(why: string, status: number | undefined): SwitchhookError {
    return new SwitchhookError('ERR_PUBLICATION', { event: this.event, why, status });
  }

  #enter(phase: PublicationPhase, error?: SwitchhookError): void {
    this.#error = error;
    if (phase === this.#phase) return;
    this.#env.logger.info('publication', {
      event: this.event,
      from: this.#phase,
      to: phase,
      reason: error?.message,
    });
    this.#phase = phase;
    if (phase === 'ended') {
      this.#timer?.cancel();
      this.#onEnded(this);
    }
    this.emit('state', phase, error);
  }
}
