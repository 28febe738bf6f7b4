/**
 * What goes into the messages of a call beside what the protocol needs: identity headers, User-to-User, Session-ID and
 * the lines of the application; and the last messages, to read such things from. Part of CallSession.
 */
import type { Random } from '../../base/random.js';
import type { LocalAudio } from '../../sdp/index.js';
import { type NameAddr, type SipMessage, SipRequest, SipResponse } from '../../sip/index.js';
import { wantsAnonymity, writeIdentity } from '../identity/caller-id.js';
import { CustomLines, sdpLinesOf } from '../identity/custom-lines.js';
import { SessionId } from '../identity/session-id.js';
import { checkUserToUser, type UserToUserOptions } from '../identity/user-to-user.js';
import { lenient } from '../lenient.js';
import type { CallPolicies } from './call-policies.js';
import { MessageLog } from './message-log.js';

export class CallExtras {
  readonly log = new MessageLog();
  /** The lines of this call. */
  readonly custom: CustomLines;
  readonly sessionId: SessionId;
  readonly anonymous: boolean;
  uui: UserToUserOptions | undefined;
  #peerSupported: readonly string[] = [];
  readonly #policies: CallPolicies;
  readonly #own: NameAddr;
  readonly #all: CustomLines;

  /**
   * @param own who we are, whatever From says
   * @param all the lines of all calls
   * @throws ERR_INVALID_ARGUMENT
   */
  constructor(policies: CallPolicies, own: NameAddr, all: CustomLines, random: Random) {
    this.#policies = policies;
    this.#own = own;
    this.#all = all;
    this.custom = new CustomLines(policies.callHeaders, policies.sdpLines);
    const { sessionId = 'answer', uui } = policies;
    const { mode, local } = typeof sessionId === 'string' ? { mode: sessionId, local: undefined } : sessionId;
    this.sessionId = new SessionId(mode, random, local);
    this.anonymous = wantsAnonymity(policies.identity, own.displayName);
    if (uui) checkUserToUser(uui);
    this.uui = uui;
  }

  /** Puts everything into a request or response of the call that is complete otherwise. */
  decorate(message: SipMessage, decorateAll: (message: SipMessage, own: CustomLines) => void): void {
    const request = message instanceof SipRequest;
    const method = request ? message.method : message.cseq.method;
    const identifies = method === 'INVITE' || (request && (method === 'UPDATE' || method === 'REFER'));
    if (identifies && (!(message instanceof SipResponse) || message.status < 300)) {
      writeIdentity(message, this.#policies.identity ?? {}, this.#own, this.anonymous);
    }
    const { uui } = this;
    if (uui && uui.to !== 'target' && carriesUui(message, method)) message.set('User-to-User', uui.value);
    this.sessionId.apply(message);
    decorateAll(message, this.custom);
  }

  sent(message: SipMessage): void {
    this.log.note('sent', message);
  }

  /** The peer has announced this option tag. */
  peerSupports(option: string): boolean {
    return this.#peerSupported.includes(option);
  }

  received(message: SipMessage): void {
    this.log.note('received', message);
    if (message.has('Supported')) this.#peerSupported = lenient(() => message.supported, this.#peerSupported);
    this.sessionId.learn(message);
  }

  get sdpLines(): LocalAudio['extraLines'] {
    return sdpLinesOf(this.#all, this.custom);
  }

  /** The User-to-User data for the target of a transfer or redirection. */
  get targetUui(): string | undefined {
    return this.uui && this.uui.to !== 'peer' ? this.uui.value : undefined;
  }
}

/** RFC 7433 §3: the INVITE that makes the call, the responses to it, and BYE. */
function carriesUui(message: SipMessage, method: string): boolean {
  const initial = !(message instanceof SipRequest) || message.to.tag === undefined;
  return method === 'INVITE' ? initial : method === 'BYE' && message instanceof SipRequest;
}
