/** What a UserAgent is made with, what it is told for a call, and what it tells. */
import type { Clock } from '../base/clock.js';
import type { Diagnostics } from '../base/diagnostics.js';
import type { SwitchhookError } from '../base/errors.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import type { Flow, NameAddr, SipEndpoint, SipRequest } from '../sip/index.js';
import type { Account } from './account.js';
import type { Call } from './call/call.js';
import type { CallMediaEngine, ReliableProvisionals } from './call/call-host.js';
import type { MediaPreferences, OfferKind } from './call/call-media.js';
import type { CallPolicies } from './call/call-policies.js';
import type { CustomHeaderMode } from './identity/custom-lines.js';
import type { Diversion } from './identity/diversion.js';
import type { Reachability } from './options-ping.js';
import type { TransferRequest } from './transfer/transfer-types.js';

export interface UserAgentOptions {
  endpoint: SipEndpoint;
  engine: CallMediaEngine;
  clock: Clock;
  random: Random;
  logger: Logger;
  diagnostics: Diagnostics;
  /** Product name for User-Agent and Server. */
  userAgent: string;
  /** Who we are, as a SIP address, in requests of no account; nobody by default. */
  ourselves?: () => string | undefined;
  media?: MediaPreferences;
  /** Seconds; 0 turns session timers off. Default 1800. */
  sessionExpires?: number;
  /** Seconds, at least 90. */
  minSessionExpires?: number;
  /**
   * Reliable provisional responses (RFC 3262). `supported`: for early media, when the caller knows them; `required`: for
   * all, and callees have to use them. Default `supported`.
   */
  reliableProvisionals?: ReliableProvisionals;
  /** Option tags of what the application does itself: they stand in Supported, and a Require with them is met. */
  extensions?: readonly string[];
  /** How long a call may ring, in seconds, whoever calls; 0 = for ever. Default 180. */
  ringTimeout?: number;
  /** The status to refuse a request with that would begin something; undefined lets it pass. */
  refuse?: (request: SipRequest, flow: Flow) => number | undefined;
  /** Calls at once; a further one gets 486. Default 1000. */
  maxCalls?: number;
  /** For all calls; {@link UserAgent.policies} changes them later. */
  policies?: CallPolicies;
  /** What becomes of a header that both the stack and the application have. Default 'keep'. */
  customHeaders?: CustomHeaderMode;
  /** Value of Allow-Events in requests and answers that may have it; default: what is served, in answers to OPTIONS. */
  allowEvents?: string;
  /** Data of this device for all messages; nothing of it is sent unless asked for. */
  device?: DeviceHeaders;
}

/** What may be changed while it runs. */
export type LiveUserAgentOptions = Pick<
  UserAgentOptions,
  'media' | 'ringTimeout' | 'maxCalls' | 'reliableProvisionals' | 'policies' | 'customHeaders' | 'device'
>;

export interface DeviceHeaders {
  /** For X-MAC. */
  mac?: string;
  /** For X-Country, in two letters. */
  country?: string;
}

export interface InviteOptions {
  account?: Account;
  /** Who calls, when there is no account. */
  from?: string;
  displayName?: string;
  /** The Call-ID; a random one when absent. */
  callId?: string;
  /** Further headers for the INVITE. */
  headers?: Readonly<Record<string, string>>;
  media?: MediaPreferences;
  /** Leave the offer to the callee. The same as `offer: 'none'`. */
  offerless?: boolean;
  /**
   * What the INVITE offers. 'none' leaves the offer to the callee; 'zero-address' and 'no-media' (RFC 3725) offer no way
   * for the media yet, which follows with a re-INVITE once the call is answered. Default 'full'.
   */
  offer?: OfferKind | 'none';
  /** Who has passed this call on to the one we call now, the last one first (RFC 5806). */
  diversion?: Diversion | readonly Diversion[];
  /** What differs from the policies of the user agent. */
  policies?: CallPolicies;
  /** How many redirections to follow; default 5. */
  redirects?: number;
  /** How long to wait for the answer, in seconds, before the call is cancelled with ERR_TIMEOUT; 0 = for ever. */
  ringTimeout?: number;
}

/** What is alive in a user agent: all 0 when nothing is. */
export interface UserAgentCounters {
  calls: number;
  /** SIP dialogs, early ones and those whose BYE is unanswered included. */
  dialogs: number;
  /** Goodbyes (BYE, CANCEL) the peer has not answered yet. */
  partings: number;
  /** Subscriptions of ours and to us; goodbyes included. */
  subscriptions: number;
}

/** What a listener of `incoming` decides beside the call itself. */
export interface IncomingHandling {
  /** Send 180 when the listeners have returned; set to false by one that sees to it. */
  ring: boolean;
}

export type UserAgentEvents = {
  /** A call arrives; nothing but 100 has been answered yet. */
  incoming: [call: Call, handling: IncomingHandling];
  /**
   * A call was started on behalf of another one: to consult, because the peer asked for it (REFER), or to take its place
   * (an INVITE with Replaces).
   */
  placed: [call: Call, by: Call | undefined];
  /** Somebody outside of any call asks us to place one (REFER); see the policy `callRequests`. */
  callRequest: [request: TransferRequest];
  /** A call begins, from us or to us; it comes before `incoming`. */
  callStarted: [call: Call];
  /** Somebody has sent a request outside of our calls: is there. */
  traffic: [from: NameAddr];
  /** A call is over and its resources are free. */
  callEnded: [call: Call];
  /** The server of an account with `ping` began or ceased to answer. */
  reachability: [
    event: { account: Account; state: Reachability; roundTripMs?: number; error?: SwitchhookError },
  ];
};
