/**
 * How calls are made and handled beyond the RFCs' default: what a user agent is told for all calls (and may be told anew
 * at any time), and an INVITE for its own. Data only.
 */

import type { IdentityOptions } from '../identity/caller-id.js';
import type { HeaderLines, SdpLines } from '../identity/custom-lines.js';
import type { SessionIdMode } from '../identity/session-id.js';
import type { UserToUserOptions } from '../identity/user-to-user.js';
import type { TransferPolicies } from '../transfer/transfer-types.js';
import type { DtmfOptions } from './digit-sender.js';
import type { EarlyMediaOptions } from './early-media.js';
import type { EncryptionLevel } from './encryption-level.js';
import type { HoldOptions } from './hold.js';
import type { RequestWay } from './request-way.js';

/** When a call ends by itself, in seconds; 0 or absent = never. */
export interface CallLimits {
  /** From the INVITE to the answer. */
  setup?: number;
  /** From the answer. */
  speech?: number;
  /** From the INVITE to the end. */
  total?: number;
}

/**
 * How a call is ended. 'quick': CANCEL does not wait for a provisional response, and closing waits for no answer to it or
 * to BYE. 'bye-early': after a CANCEL those who ring on get a BYE in their early dialog (RFC 3261 §15). 'twice': every
 * CANCEL and BYE is sent twice.
 */
export type Disconnection = 'quick' | 'rfc' | 'bye-early' | 'twice';

export interface CallPolicies extends TransferPolicies {
  /** What we say of ourselves. */
  identity?: IdentityOptions;
  /** User-to-User information (RFC 7433). */
  uui?: UserToUserOptions;
  /** Session-ID (RFC 7989). Default 'answer'. */
  sessionId?: SessionIdMode | { mode: SessionIdMode; local?: string };
  /** Headers of all messages of the call. */
  callHeaders?: HeaderLines;
  /** SDP lines of all descriptions of the call. */
  sdpLines?: SdpLines;
  /**
   * How a telephone number (`tel:`) is called: as a user of our server (RFC 3261 §19.1.6), or by itself (RFC 3966), as
   * networks that route numbers want it. Default 'user'.
   */
  telephone?: 'user' | 'number';
  /** What `hold()` means without options. */
  hold?: HoldOptions;
  limits?: CallLimits;
  /** Larger requests of the call go over TCP instead of UDP, in bytes. Default 1300 (RFC 3261 §18.1.1). */
  maxUdpBytes?: number;
  /** How often a request of the call is repeated over UDP while nothing comes back. Default as RFC 3261 has it. */
  maxResends?: number;
  /** Default 'rfc'. */
  disconnection?: Disconnection;
  /** How digits are sent. */
  dtmf?: DtmfOptions;
  /** Before a call of ours is answered. */
  earlyMedia?: EarlyMediaOptions;
  /** The least protection a call needs; one with less is ended as 'not-encrypted'. Default: none. */
  encryption?: Exclude<EncryptionLevel, 'unknown'>;
  /** The way of requests within calls. Default 'rfc'. */
  requestWay?: RequestWay;
  /**
   * The ACK of a call of ours does not wait for the media to be set up, where it need not say anything of it. Default
   * false.
   */
  earlyAck?: boolean;
  /**
   * INVITEs that leave the offer to us, or offer nothing yet: how a third party connects two others (RFC 3725). 'refuse'
   * answers them with 403. Default 'accept'.
   */
  thirdParties?: 'accept' | 'refuse';
  /** Send and read Diversion (RFC 5806) when a call is redirected. Default true. */
  diversions?: boolean;
  /** Send History-Info (RFC 7044) when a call is redirected. Default false. */
  historyInfo?: boolean;
}
