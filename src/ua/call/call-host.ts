/**
 * What the parts of a call (outgoing and incoming INVITE, re-negotiation, session timer) see of it and of the
 * UserAgent. Internal to ua/: applications see {@link Call} only.
 */

import { utf8Text } from '../../base/bytes.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { MediaEngine } from '../../media/index.js';
import {
  type Dialog,
  type DialogTable,
  findPart,
  type ServerHandle,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../sip/index.js';
import type { Account } from '../account.js';
import type { CustomLines } from '../identity/custom-lines.js';
import { lenient } from '../lenient.js';
import type { MethodTable } from '../method-table.js';
import type { SignallingEnvironment } from '../signalling.js';
import type { Subscriptions } from '../subscription/subscriptions.js';
import type { InviteOptions } from '../user-agent-types.js';
import type { Call } from './call.js';
import type { CallMedia } from './call-media.js';
import type { CallPolicies } from './call-policies.js';
import type { CallSession } from './call-session.js';
import type { CallOutcome } from './call-types.js';
import type { CallWay } from './call-way.js';
import type { SessionTimer, SessionTimerOptions } from './session-timer.js';

/** What calls need of the media room: a MediaEngine, or in tests something else that opens sessions. */
export type CallMediaEngine = Pick<MediaEngine, 'openSession'> & Partial<Pick<MediaEngine, 'openBridge'>>;

export type ReliableProvisionals = 'off' | 'supported' | 'required';

/** Who may receive requests within a dialog. */
export interface DialogOwner {
  onDialogRequest(request: SipRequest, tx: ServerHandle, dialog: Dialog): void;
  onDialogAck(ack: SipRequest): void;
}

export interface DialogEntry {
  readonly dialog: Dialog;
  readonly owner: DialogOwner;
}

/** The calls of the user agent, for those that have to do with others. */
export interface CallRegistry {
  /** Starts a call on behalf of another one. @throws ERR_INVALID_ARGUMENT, ERR_CLOSED */
  place(target: string, options: InviteOptions, by: CallSession | undefined): Call;
  sessionOf(call: Call): CallSession | undefined;
  /** By a dialog of it, as Replaces names it: `localTag` is ours. */
  find(callId: string, localTag: string, remoteTag: string): CallSession | undefined;
}

export interface CallEnvironment extends SignallingEnvironment {
  readonly engine: CallMediaEngine;
  readonly dialogs: DialogTable<DialogEntry>;
  /** Requests besides those of calls, and who serves them. */
  readonly methods: MethodTable;
  /** Both ways; a REFER makes one. */
  readonly subscriptions: Subscriptions;
  readonly sessionTimer: SessionTimerOptions;
  /** RFC 3262. */
  readonly reliable: ReliableProvisionals;
  /** Methods for Allow. */
  readonly allow: string;
  /** Body types for Accept. */
  readonly accept: string;
  /** Option tags for Supported in an INVITE. */
  readonly supported: string;
  readonly calls: CallRegistry;
  /** Hosts where a codec named in the ACK was followed by silence. */
  readonly codecTrouble: Set<string>;
  /** Header and SDP lines of the application for all messages. */
  readonly custom: CustomLines;
  /** Adds what every request and response of this UserAgent carries, and the lines of `own`. */
  decorate(message: SipMessage, own?: CustomLines): void;
}

export interface CallHost extends DialogOwner {
  readonly env: CallEnvironment;
  readonly policies: CallPolicies;
  readonly logger: Logger;
  readonly account: Account | undefined;
  readonly callId: string;
  readonly localTag: string;
  readonly media: CallMedia | undefined;
  readonly timer: SessionTimer;
  readonly way: CallWay;
  readonly ended: boolean;
  /** Why the call ended, when that was an error. */
  readonly endError: SwitchhookError | undefined;
  /** The established dialog. */
  dialog: Dialog | undefined;
  /** Adds what every message of the call carries. */
  decorate(message: SipMessage): void;
  /** The message goes out as it is now. */
  noteSent(message: SipMessage): void;
  noteReceived(message: SipMessage): void;
  /** An INVITE leaves: when nothing comes back that is told. */
  awaitResponse(): void;
  /** The call is established. */
  established(dialog: Dialog): void;
  /** Ends the call by BYE, CANCEL or a refusal, whatever fits its state. */
  fail(end: CallOutcome): void;
  /** The call is over and the peer knows. */
  finish(end: CallOutcome): void;
}

/** A re-INVITE asks no user: a peer that has only said that it is at it is not waited for any longer. */
export const REINVITE_PATIENCE_MS = 60_000;

export const SDP_TYPE = 'application/sdp';

/**
 * The session description in a message, on its own or as a part of a multipart body (RFC 5621); undefined when it has
 * none.
 * @throws ERR_SIP_PARSE for a broken multipart body
 */
export function sdpOf(message: SipMessage): string | undefined {
  if (message.body.length === 0) return undefined;
  const type = message.contentType;
  if (type?.is(SDP_TYPE)) return message.bodyText;
  if (type?.type !== 'multipart') return undefined;
  const part = findPart(message, SDP_TYPE);
  return part && utf8Text(part.body);
}

export function setSdp(message: SipMessage, sdp: string): void {
  message.setBody(sdp, SDP_TYPE);
}

/** Answers a request whose body must be understood and is not with 415 (RFC 3261 §8.2.3). @returns true then */
export function refuseForeignBody(request: SipRequest, tx: ServerHandle): boolean {
  if (request.body.length === 0) return false;
  if (request.contentDisposition?.params.get('handling')?.toLowerCase() === 'optional') return false;
  if (request.contentEncoding.some((coding) => coding.toLowerCase() !== 'identity')) {
    tx.reply(415, undefined, (response) => response.set('Accept-Encoding', 'identity'));
    return true;
  }
  const type = request.contentType;
  if (type?.is(SDP_TYPE) || (type?.type === 'multipart' && findPart(request, SDP_TYPE))) return false;
  tx.reply(415, undefined, (response) => response.set('Accept', SDP_TYPE));
  return true;
}

/** What an answer to OPTIONS says (RFC 3261 §11.2). */
export function tellAbilities(
  { allow, accept, supported }: Pick<CallEnvironment, 'allow' | 'accept' | 'supported'>,
  response: SipResponse,
): void {
  response.set('Allow', allow).set('Accept', accept).set('Accept-Encoding', 'identity');
  response.set('Accept-Language', 'en').set('Supported', supported);
}

/** The Q.850 cause of a Reason header (RFC 3326), if there is one. */
export function q850Cause(message: SipMessage): number | undefined {
  return message.reasons.find((reason) => reason.protocol.toUpperCase() === 'Q.850')?.cause;
}

/** What the Reason headers say in words. */
export function reasonText(message: SipMessage): string | undefined {
  return message.reasons.find((reason) => reason.text)?.text;
}

/** What a message says of the end of a call in Reason or Warning. */
export function endText(message: SipMessage): string | undefined {
  return lenient(() => reasonText(message), undefined) ?? lenient(() => message.warnings[0]?.text, undefined);
}

/** A value for Reason: a SIP status, or normal clearing (Q.850 cause 16). */
export function reasonHeader(status: number | undefined, text: string): string {
  const cause = status === undefined ? 'Q.850;cause=16' : `SIP;cause=${status}`;
  return `${cause};text="${text.replace(/["\\\r\n]/g, "'")}"`;
}

export function asSdpError(error: unknown): SwitchhookError {
  return isSwitchhookError(error)
    ? error
    : new SwitchhookError('ERR_SDP_PARSE', { line: 0, why: String(error) }, { cause: error });
}

/** How to refuse an offer for that error: malformed 400, unusable 488 (RFC 3261 §13.3.1.3), our own trouble 500. */
export function refusalOf(error: SwitchhookError): { status: number; warning: string } {
  const warning = `399 switchhook "${error.message.replace(/["\\\r\n]/g, "'")}"`;
  switch (error.code) {
    case 'ERR_SDP_PARSE':
    case 'ERR_SIP_PARSE':
      return { status: 400, warning };
    case 'ERR_MEDIA_NO_COMMON_CODEC':
    case 'ERR_MEDIA_SRTP':
    case 'ERR_SDP_UNACCEPTABLE':
      return { status: 488, warning };
    default:
      return { status: 500, warning };
  }
}
