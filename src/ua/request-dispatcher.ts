/**
 * What a user agent does with the requests it receives (RFC 3261 §8.2): checks them in the order of the RFC, finds
 * the dialog or subscription, answers OPTIONS, hands INVITEs that can become calls to its owner and other requests to
 * whoever registered for them. Made by UserAgent; it keeps no state.
 */
import { isSwitchhookError } from '../base/errors.js';
import {
  type DialogTable,
  type Flow,
  type ServerHandle,
  type SipRequest,
  type SipResponse,
  type ValidationRules,
  validateRequest,
} from '../sip/index.js';
import {
  type CallEnvironment,
  type DialogEntry,
  refuseForeignBody,
  tellAbilities,
} from './call/call-host.js';
import { tooShortSession } from './call/session-timer.js';

export interface DispatcherOwner {
  /** The status to refuse a request with that would begin something; undefined lets it pass. */
  refuses(request: SipRequest, flow: Flow): number | undefined;
  /** A further call would be one too many. */
  readonly busy: boolean;
  readonly closed: boolean;
  /** Contact and the like for the answer to OPTIONS. */
  describe(request: SipRequest, tx: ServerHandle, response: SipResponse): void;
  /** A well-formed INVITE for a new call. */
  incomingCall(request: SipRequest, tx: ServerHandle): void;
  /** A well-formed request that is in no call. */
  heardFrom(request: SipRequest): void;
}

/** When a user who is on all lines may be called again, in seconds. */
const BUSY_RETRY_S = 10;

export class RequestDispatcher {
  readonly #env: CallEnvironment;
  readonly #dialogs: DialogTable<DialogEntry>;
  readonly #owner: DispatcherOwner;

  constructor(env: CallEnvironment, owner: DispatcherOwner) {
    this.#env = env;
    this.#dialogs = env.dialogs;
    this.#owner = owner;
  }

  onRequest(request: SipRequest, tx: ServerHandle): void {
    try {
      this.#dispatch(request, tx);
    } catch (error) {
      // A header that is looked at only now turned out malformed; anything else is a defect of ours.
      const malformed = isSwitchhookError(error, 'ERR_SIP_PARSE');
      this.#env.logger[malformed ? 'warn' : 'error']('request refused', { method: request.method, error });
      tx.reply(
        malformed ? 400 : 500,
        malformed ? `Bad ${String(error.details.header ?? 'header')}` : undefined,
      );
    }
  }

  onAck(ack: SipRequest): void {
    try {
      this.#dialogs.find(ack)?.owner.onDialogAck(ack);
    } catch (error) {
      this.#env.logger.warn('an ACK could not be used', { callId: ack.callId, error });
    }
  }

  #dispatch(request: SipRequest, tx: ServerHandle): void {
    if (this.#refused(request, tx)) return;
    const { methods, subscriptions, supported } = this.#env;
    const rules: ValidationRules = {
      role: 'uas',
      methods: methods.methods,
      extensions: supported.split(', '),
    };
    const problem = validateRequest(request, rules);
    if (problem) {
      const { status, why } = problem;
      this.#env.logger.info('request refused', { method: request.method, status, why });
      tx.reply(status, status === 400 ? why : undefined, (response) => {
        for (const [name, value] of problem.headers) response.set(name, value);
      });
      return;
    }
    if (request.to.tag === undefined) this.#owner.heardFrom(request);
    if (request.method === 'SUBSCRIBE' || request.method === 'NOTIFY') {
      subscriptions.onRequest(request, tx); // several may share the dialog of a call (RFC 6665 §4.5.2)
    } else if (request.to.tag !== undefined) {
      const entry = this.#dialogs.find(request);
      if (entry) entry.owner.onDialogRequest(request, tx, entry.dialog);
      else tx.reply(481);
    } else if (request.method === 'INVITE') {
      this.#invite(request, tx);
    } else if (request.method === 'OPTIONS') {
      this.#options(request, tx);
    } else {
      const handler = methods.get(request.method);
      if (!handler?.standalone)
        tx.reply(481); // BYE, PRACK, UPDATE, INFO: all of them need a dialog
      else if (this.#owner.closed) tx.reply(480);
      else handler.standalone(request, tx);
    }
  }

  #refused(request: SipRequest, tx: ServerHandle): boolean {
    if (request.to.tag !== undefined) return false;
    const status = this.#owner.refuses(request, tx.flow);
    if (status !== undefined) tx.reply(status);
    return status !== undefined;
  }

  /** RFC 3261 §11.2: the status is that an INVITE would get. */
  #options(request: SipRequest, tx: ServerHandle): void {
    const status = this.#owner.closed ? 480 : this.#owner.busy ? 486 : 200;
    tx.reply(status, undefined, (response) => {
      tellAbilities(this.#env, response);
      const { events } = this.#env.subscriptions;
      if (events.length > 0) response.set('Allow-Events', events.join(', '));
      this.#owner.describe(request, tx, response);
      this.#env.decorate(response);
    });
  }

  #invite(request: SipRequest, tx: ServerHandle): void {
    if (this.#owner.closed) {
      tx.reply(480);
      return;
    }
    if (this.#owner.busy) {
      tx.reply(486, undefined, (response) => response.set('Retry-After', BUSY_RETRY_S));
      return;
    }
    if (refuseForeignBody(request, tx)) return;
    const tooShort = tooShortSession(request, this.#env.sessionTimer);
    if (tooShort !== undefined) {
      tx.reply(422, undefined, (response) => response.set('Min-SE', tooShort));
      return;
    }
    if (request.contacts.length === 0) {
      tx.reply(400, 'Missing Contact');
      return;
    }
    this.#owner.incomingCall(request, tx);
  }
}
