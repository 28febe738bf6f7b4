/**
 * REFER to us (RFC 3515, RFC 5589): the peer of a call asks us to call somebody else, or somebody asks us to place a call.
 * Decides by policy or by the application, places the call, and reports how it goes in the implicit subscription.
 */
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import {
  Dialog,
  EventValue,
  type NameAddr,
  type ServerHandle,
  type SipRequest,
  type SipUri,
} from '../../sip/index.js';
import type { Call } from '../call/call.js';
import type { CallEnvironment } from '../call/call-host.js';
import type { CallSession } from '../call/call-session.js';
import { callable } from '../call-target.js';
import { DialogWay, type SendInDialog } from '../dialog-way.js';
import { lenient } from '../lenient.js';
import type { IncomingSubscription } from '../subscription/incoming-subscription.js';
import type { InviteOptions } from '../user-agent-types.js';
import { SIPFRAG, sipfrag } from './sipfrag.js';
import type { TransferPolicies, TransferRequest, TransferRequestPolicy } from './transfer-types.js';

/** Who hears of a REFER outside of calls. @returns false when nobody does */
export type AskApplication = (request: TransferRequest) => boolean;

/** Headers a Refer-To URI may put into our INVITE (RFC 3261 §19.1.5 warns of the others). */
const TAKEN_OVER = new Set(['replaces', 'user-to-user', 'subject', 'priority', 'join', 'require']);
const REPORTS_S = 300;

export class ReferServer {
  readonly #env: CallEnvironment;
  readonly #policies: () => TransferPolicies;
  readonly #ask: AskApplication;

  constructor(env: CallEnvironment, policies: () => TransferPolicies, ask: AskApplication) {
    this.#env = env;
    this.#policies = policies;
    this.#ask = ask;
    env.methods.register('REFER', {
      standalone: (request, tx) => this.#standalone(request, tx),
      inCall: (request, tx, dialog, call) => this.#inCall(request, tx, dialog, call),
    });
  }

  #inCall(request: SipRequest, tx: ServerHandle, dialog: Dialog, session: CallSession): void {
    const policy = this.#policies().transferRequests ?? 'auto';
    if (session.referral) {
      tx.reply(491); // two transfers at once
      return;
    }
    if (session.state !== 'connected') {
      tx.reply(session.ended ? 481 : 403);
      return;
    }
    dialog.refreshTarget(request);
    const send: SendInDialog = (within, message, handlers) => session.way.send(within, message, handlers);
    const listens = session.events.listenerCount('transferRequest') > 0;
    this.#serve(request, tx, policy, { dialog, send, session }, (asked) =>
      listens ? session.events.emit('transferRequest', asked) : false,
    );
  }

  #standalone(request: SipRequest, tx: ServerHandle): void {
    const reference = lenient(() => request.targetDialog, undefined);
    const session = reference && this.#env.calls.find(reference.callId, reference.toTag, reference.fromTag);
    const policies = this.#policies();
    const policy = session
      ? (policies.transferRequests ?? 'auto')
      : (policies.callRequests ?? { refuse: 403 });
    if (session?.referral) return void tx.reply(491);
    const listens = (session?.events.listenerCount('transferRequest') ?? 0) > 0;
    const way = new DialogWay(this.#env, this.#env.accountFor(request), tx.flow);
    if (request.contacts.length === 0) return void tx.reply(400, 'Missing Contact');
    const dialog = Dialog.fromRequest(request, tx.toTag);
    this.#serve(request, tx, policy, { dialog, send: way.send, session }, (asked) =>
      listens && session ? session.events.emit('transferRequest', asked) : session ? false : this.#ask(asked),
    );
  }

  #serve(
    request: SipRequest,
    tx: ServerHandle,
    policy: TransferRequestPolicy,
    way: { dialog: Dialog; send: SendInDialog; session: CallSession | undefined },
    ask: AskApplication,
  ): void {
    if (typeof policy === 'object') return void tx.reply(policy.refuse);
    // The peer hears nothing: 408 ends the transaction and is never sent (RFC 4320 §4.2).
    if (policy === 'ignore') return void tx.reply(408);
    const problem = this.#problem(request);
    if (problem) return void tx.reply(problem.status, problem.reason);
    const reports = lenient(() => request.referSub?.value.toLowerCase(), undefined) !== 'false';
    tx.reply(202, undefined, (response) => {
      response.set('Contact', way.session?.way.contact(tx.flow) ?? this.#env.contactFor(request, tx.flow));
      response.set('Supported', this.#env.supported);
      if (!reports) response.set('Refer-Sub', 'false');
      this.#env.decorate(response);
    });
    const subscription = reports ? this.#report(request, way) : undefined;
    const referral = new Referral(this.#env, request, way.session, subscription, this.#policies());
    if (way.session) way.session.referral = referral;
    if (policy === 'accept' || !ask(referral)) {
      if (policy === 'ask') referral.reject(480);
      else referral.acceptQuietly();
    }
  }

  #problem(request: SipRequest): { status: number; reason?: string } | undefined {
    // RFC 3515 §2.4.2
    if (request.getAll('Refer-To').length !== 1) return { status: 400, reason: 'One Refer-To needed' };
    const { uri } = request.referTo as NameAddr;
    if (uri.kind !== 'sip') return { status: 416 };
    const method = uri.params.get('method');
    if (method !== undefined && method.toUpperCase() !== 'INVITE') return { status: 603 };
    const replaces = uri.headers.some(([name]) => /^replaces$/i.test(name));
    return replaces && this.#policies().referReplaces === 'refuse' ? { status: 603 } : undefined;
  }

  #report(
    request: SipRequest,
    { dialog, send }: { dialog: Dialog; send: SendInDialog },
  ): IncomingSubscription {
    // RFC 3515 §2.4.6: several REFERs of a dialog are told apart by their CSeq.
    const event = new EventValue('refer', { id: String(request.cseq.seq) });
    const first = { contentType: SIPFRAG, body: sipfrag(100) };
    return this.#env.subscriptions.notifier({ dialog, send, event, expires: REPORTS_S }, first);
  }
}

/** One REFER that was taken, until its call is answered or has failed. */
export class Referral implements TransferRequest {
  readonly target: string;
  readonly referredBy: string | undefined;
  readonly replaces: boolean;
  readonly #env: CallEnvironment;
  readonly #uri: SipUri;
  readonly #request: SipRequest;
  readonly #session: CallSession | undefined;
  readonly #reports: IncomingSubscription | undefined;
  readonly #policies: TransferPolicies;
  #decided = false;

  constructor(
    env: CallEnvironment,
    request: SipRequest,
    session: CallSession | undefined,
    reports: IncomingSubscription | undefined,
    policies: TransferPolicies,
  ) {
    this.#env = env;
    this.#request = request;
    this.#session = session;
    this.#reports = reports;
    this.#policies = policies;
    this.#uri = request.referTo?.uri as SipUri;
    this.target = callable(this.#uri).toString();
    reports?.once('ended', () => {
      if (!this.#decided) this.reject(408);
    });
    this.referredBy = lenient(() => request.referredBy?.uri.toString(), undefined);
    this.replaces = this.#uri.headers.some(([name]) => /^replaces$/i.test(name));
  }

  accept(options: InviteOptions = {}): Call {
    if (this.#decided)
      throw new SwitchhookError('ERR_CALL_STATE', { what: 'accept the transfer', state: 'decided' });
    this.#decided = true;
    const { account } = this.#session ?? {};
    const invite = {
      account: account ?? this.#env.accountFor(this.#request),
      from: this.#session?.local.toString(),
      ...options,
      headers: { ...this.#headers(), ...options.headers },
    };
    let call: Call;
    try {
      call = this.#env.calls.place(this.target, invite, this.#session);
    } catch (error) {
      this.#over(404);
      throw error;
    }
    call.on('progress', ({ status, reason }) => this.#tell(status, reason));
    call.once('connected', () => this.#answered());
    call.once('ended', ({ status, reason }) => this.#over(status >= 300 ? status : 487, reason));
    this.#session?.events.emit('transferred', call);
    return call;
  }

  /** As {@link accept}, for when nobody asked. */
  acceptQuietly(): void {
    try {
      this.accept();
    } catch (error) {
      const why = isSwitchhookError(error) ? error.message : String(error);
      this.#env.logger.warn('a transfer could not be done', { target: this.target, why });
    }
  }

  reject(status = 603): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#over(status);
  }

  /** What the Refer-To URI and the REFER itself want in the INVITE. */
  #headers(): Record<string, string> {
    const { referReplaces = 'header' } = this.#policies;
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#uri.headers) {
      const key = name.toLowerCase();
      if (!TAKEN_OVER.has(key) || /[\r\n]/.test(value)) continue;
      if (key === 'replaces' && referReplaces === 'in-place') continue;
      headers[name] = value;
    }
    const by = this.#request.get('Referred-By');
    if (by !== undefined) headers['Referred-By'] = by;
    return headers;
  }

  #tell(status: number, reason?: string): void {
    if (this.#reports?.state === 'active')
      this.#reports.notify({ contentType: SIPFRAG, body: sipfrag(status, reason) });
  }

  #answered(): void {
    this.#over(200);
    const { referReplaces = 'header', endReferred } = this.#policies;
    const inPlace = this.replaces && referReplaces !== 'header';
    const session = this.#session;
    if (session && !session.ended && (endReferred ?? inPlace))
      session.hangUp({ cause: 'refer-received', reason: 'transferred' });
  }

  /** RFC 3515 §2.4.7: the last report ends the subscription. */
  #over(status: number, reason?: string): void {
    if (this.#session?.referral === this) this.#session.referral = undefined;
    const body = { contentType: SIPFRAG, body: sipfrag(status, reason) };
    this.#reports?.terminate('noresource', { body });
  }
}
