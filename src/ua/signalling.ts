/**
 * What everything that speaks SIP in a user agent has in common: the endpoint, the clock, who we are for a request
 * that came in. Made by UserAgent; calls see more of it (call/call-host.ts).
 */
import type { Clock } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import type { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type {
  ClientHandle,
  Flow,
  NameAddr,
  SipEndpoint,
  SipMessage,
  SipRequest,
  SipResponse,
  TimerValues,
} from '../sip/index.js';
import type { Account } from './account.js';
import type { CustomLines } from './identity/custom-lines.js';
import type { Partings } from './partings.js';

export interface SignallingEnvironment {
  readonly endpoint: SipEndpoint;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly diagnostics: Diagnostics;
  readonly timers: TimerValues;
  /** Goodbyes under way. */
  readonly partings: Partings;
  /** Fires when the agent is closed and waits for nobody any more. */
  readonly over: AbortSignal;
  /** Who we are in requests of no account. */
  ourselves(): string | undefined;
  /** Adds what every request and response of this UserAgent carries, and the lines of `own`. */
  decorate(message: SipMessage, own?: CustomLines): void;
  /** The account a received request is for. */
  accountFor(request: SipRequest): Account | undefined;
  /** Our Contact in the answer to a received request. */
  contactFor(request: SipRequest, flow: Flow): NameAddr;
}

/** What comes of a request sent within a dialog. */
export interface InDialogHandlers {
  onFinal(response: SipResponse, tx: ClientHandle): void;
  onProvisional?(response: SipResponse, tx: ClientHandle): void;
  onError(error: SwitchhookError): void;
  /** Gives up when it fires. */
  signal?: AbortSignal;
}
