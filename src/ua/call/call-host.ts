/**
 * What the parts of a call (outgoing and incoming INVITE, re-negotiation, session timer) see of it and of the
 * UserAgent. Internal to ua/: applications see {@link Call} only.
 */
import type { Clock } from '../../base/clock.js';
import type { Diagnostics } from '../../base/diagnostics.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { MediaEngine } from '../../media/index.js';
import type {
  ClientHandle,
  Dialog,
  DialogTable,
  Flow,
  NameAddr,
  ServerHandle,
  SipEndpoint,
  SipMessage,
  SipRequest,
  SipResponse,
  TimerValues,
} from '../../sip/index.js';
import type { Account } from '../account.js';
import type { CallMedia } from './call-media.js';
import type { CallEnd } from './call-types.js';
import type { SessionTimer, SessionTimerOptions } from './session-timer.js';

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

export interface CallEnvironment {
  readonly endpoint: SipEndpoint;
  readonly engine: MediaEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly diagnostics: Diagnostics;
  readonly dialogs: DialogTable<DialogEntry>;
  readonly timers: TimerValues;
  readonly sessionTimer: SessionTimerOptions;
  /** RFC 3262. */
  readonly reliable: ReliableProvisionals;
  /** Methods for Allow. */
  readonly allow: string;
  /** Option tags for Supported in an INVITE. */
  readonly supported: string;
  /** Adds what every request and response of this UserAgent carries. */
  decorate(message: SipMessage): void;
}

export interface CallHost extends DialogOwner {
  readonly env: CallEnvironment;
  readonly logger: Logger;
  readonly account: Account | undefined;
  readonly callId: string;
  readonly localTag: string;
  readonly media: CallMedia | undefined;
  readonly timer: SessionTimer;
  readonly ended: boolean;
  /** The established dialog. */
  dialog: Dialog | undefined;
  contact(flow: Flow): NameAddr;
  /** Sends a request of `dialog` on the way the dialog was made. */
  sendInDialog(dialog: Dialog, request: SipRequest, handlers: InDialogHandlers): ClientHandle;
  sendAck(dialog: Dialog, ack: SipRequest): void;
  /** Ends `dialog` with BYE and forgets it. */
  bye(dialog: Dialog, reason?: string): void;
  /** The call is established. */
  established(dialog: Dialog): void;
  finish(end: CallEnd): void;
}

export interface InDialogHandlers {
  onFinal(response: SipResponse, tx: ClientHandle): void;
  onProvisional?(response: SipResponse, tx: ClientHandle): void;
  onError(error: SwitchhookError): void;
}

export const SDP_TYPE = 'application/sdp';

/** The session description in a message; undefined when it has none. */
export function sdpOf(message: SipMessage): string | undefined {
  return message.body.length > 0 && message.contentType?.is(SDP_TYPE) ? message.bodyText : undefined;
}

export function setSdp(message: SipMessage, sdp: string): void {
  message.set('Content-Type', SDP_TYPE);
  message.body = Buffer.from(sdp, 'utf8');
}

/** The Q.850 cause of a Reason header (RFC 3326), if there is one. */
export function q850Cause(message: SipMessage): number | undefined {
  return message.reasons.find((reason) => reason.protocol.toUpperCase() === 'Q.850')?.cause;
}
