/**
 * One REFER of ours and what comes of it (RFC 3515, RFC 5589): sent in the dialog of a call or in one of its own, then
 * the NOTIFYs of its implicit subscription until the new call is answered or has failed.
 *
 *     sent ──2xx──► accepted ──NOTIFY 1xx──► … ──NOTIFY 2xx..6xx, end of subscription, time-out──► over
 *      └─300..699, no answer──► refused
 */
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { NameAddr, SipRequest, SipResponse, SipUri } from '../../sip/index.js';
import type { CallSession } from '../call/call-session.js';
import { DialogWay } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import { buildRequest, sendRequest } from '../out-of-dialog.js';
import type { Subscription } from '../subscription/subscription.js';
import { parseSipfrag } from './sipfrag.js';
import type { TransferOptions } from './transfer-types.js';

export interface ReferResult {
  /** `unknown`: accepted, but nobody told how it went on. */
  kind: 'answered' | 'failed' | 'unknown' | 'timeout';
  status?: number;
  reason?: string;
}

export type ReferEvents = {
  accepted: [response: SipResponse];
  progress: [status: number, reason: string];
};

type ReferSettings = Pick<TransferOptions, 'newDialog' | 'withoutReports' | 'subscribe' | 'timeout'>;

/** After the final report the notifier ends the subscription; one that forgets to is not waited for. */
const LINGER_MS = 2000;
/** No report for that long: SUBSCRIBE, where asked for. */
const SILENCE_MS = 5000;
const DEFAULT_TIMEOUT_S = 180;

export class Refer extends Emitter<ReferEvents> {
  readonly #session: CallSession;
  readonly #settings: ReferSettings;
  #subscription: Subscription | undefined;
  #told: { status: number; reason: string } | undefined;
  #accepted = false;
  #over = false;
  readonly #timers: Array<{ cancel(): void }> = [];
  #resolve!: (result: ReferResult) => void;
  #reject!: (error: SwitchhookError) => void;
  /** Rejects with ERR_TRANSFER when the REFER is refused. */
  readonly result: Promise<ReferResult>;

  constructor(session: CallSession, referTo: NameAddr, referredBy: NameAddr, settings: ReferSettings) {
    super();
    this.#session = session;
    this.#settings = settings;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const request = this.#build();
    request.set('Refer-To', referTo);
    request.set('Referred-By', referredBy);
    request.set('Supported', 'norefersub, tdialog, replaces');
    if (settings.withoutReports) request.set('Refer-Sub', 'false');
    this.#send(request, referTo.uri.toString());
  }

  get accepted(): boolean {
    return this.#accepted;
  }

  #build(): SipRequest {
    const { dialog, env, account } = this.#session;
    if (!dialog)
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'transfer', state: this.#session.state });
    if (!this.#settings.newDialog) return dialog.createRequest('REFER');
    const from = dialog.local.uri.toString();
    const request = buildRequest(env, 'REFER', dialog.remoteTarget as SipUri, { account, from });
    const { callId, localTag, remoteTag } = dialog;
    // RFC 4538 §7: the tags as the receiver has them.
    request.set('Target-Dialog', `${callId};local-tag=${remoteTag};remote-tag=${localTag}`);
    return request;
  }

  #send(request: SipRequest, target: string): void {
    const session = this.#session;
    const { dialog, env, account } = session;
    const own = this.#settings.newDialog ? new DialogWay(env, account, undefined) : undefined;
    const { cseq } = request;
    this.#subscription = env.subscriptions.implicit({
      request,
      event: own ? 'refer' : `refer;id=${cseq.seq}`,
      dialog: own ? undefined : dialog,
      send: own?.send ?? ((inDialog, message, handlers) => session.way.send(inDialog, message, handlers)),
    });
    this.#subscription.on('notify', ({ body }) => this.#notified(body));
    this.#subscription.on('ended', () => this.#ended());
    const handlers = {
      onFinal: (response: SipResponse) => this.#answered(response, target),
      onError: (error: SwitchhookError) => this.#refused(error),
    };
    if (!own && dialog) session.way.send(dialog, request, handlers);
    else sendRequest(env, request, account, handlers).catch((error) => this.#refused(error));
  }

  #answered(response: SipResponse, target: string): void {
    const { status, reason } = response;
    if (status >= 300) {
      const why = `${status} ${reason}`;
      return this.#refused(new SwitchhookError('ERR_TRANSFER', { target, why, status, reason }));
    }
    this.#accepted = true;
    this.emit('accepted', response);
    if (this.#over) return;
    const { clock } = this.#session.env;
    // RFC 4488 §4: no subscription was made.
    if (this.#settings.withoutReports && lenient(() => response.referSub?.value, undefined) === 'false')
      return this.#finish({ kind: 'unknown' });
    const { subscribe = 'never', timeout = DEFAULT_TIMEOUT_S } = this.#settings;
    this.#timers.push(clock.after(timeout * 1000, () => this.#finish({ kind: 'timeout', ...this.#told })));
    if (subscribe === 'always') this.#subscribe();
    else if (subscribe === 'if-silent')
      this.#timers.push(clock.after(SILENCE_MS, () => this.#told ?? this.#subscribe()));
  }

  /** Some servers report only to those who ask for it. */
  #subscribe(): void {
    const { dialog, ended } = this.#session;
    if (!dialog || ended || this.#over) return;
    const request = dialog.createRequest('SUBSCRIBE');
    request.set('Event', this.#subscription?.event ?? 'refer');
    request.set('Expires', this.#settings.timeout ?? DEFAULT_TIMEOUT_S);
    request.set('Accept', 'message/sipfrag');
    this.#session.way.send(dialog, request, { onFinal: () => {}, onError: () => {} });
  }

  #notified(body: string): void {
    const told = parseSipfrag(body);
    if (!told || this.#over) return;
    this.#told = told;
    if (told.status < 200) this.emit('progress', told.status, told.reason);
    else this.#finish({ kind: told.status < 300 ? 'answered' : 'failed', ...told });
  }

  /** The subscription is over; without a final report nobody knows how it went on. */
  #ended(): void {
    if (!this.#over && this.#accepted) this.#finish({ kind: 'unknown', ...this.#told });
  }

  #refused(error: SwitchhookError): void {
    if (this.#over) return;
    this.#close();
    this.#subscription?.abandon();
    this.#reject(error);
  }

  #finish(result: ReferResult): void {
    if (this.#over) return;
    this.#close();
    this.#resolve(result);
    this.#abandonAfter(LINGER_MS);
  }

  /** Nobody waits any more; reports to come are still answered. */
  forget(): void {
    if (this.#over) return;
    this.#close();
    this.#resolve({ kind: 'unknown', ...this.#told });
    this.#abandonAfter(DEFAULT_TIMEOUT_S * 1000);
  }

  #abandonAfter(ms: number): void {
    const subscription = this.#subscription;
    if (!subscription || subscription.phase === 'ended') return;
    const timer = this.#session.env.clock.after(ms, () => subscription.abandon());
    subscription.once('ended', () => timer.cancel());
  }

  #close(): void {
    this.#over = true;
    for (const timer of this.#timers) timer.cancel();
  }
}
