/** The vocabulary of a call as applications see it. */

import type { SocketAddress } from '../../base/diagnostics.js';
import type { SwitchhookError } from '../../base/errors.js';
import type { MediaStats, NoMediaReport } from '../../media/index.js';
import type { TransportProtocol } from '../../sip/index.js';
import type { TransferEvent, TransferRequest } from '../transfer/transfer-types.js';
import type { Call } from './call.js';
import type { CallCause, EndParty } from './call-causes.js';
import type { DtmfFallback } from './digit-sender.js';
import type { HoldStatus } from './hold.js';

/**
 *     outgoing:  trying ──18x──► ringing ──2xx──► connected ──BYE──► ended
 *     incoming:  ringing ──answer()──► connecting ──ACK──► connected ──BYE──► ended
 *
 * Every state may go to `ended`.
 */
export type CallState = 'trying' | 'ringing' | 'connecting' | 'connected' | 'ended';

export type CallDirection = 'incoming' | 'outgoing';

/** What protects a call from being listened to. */
export interface CallEncryption {
  /** The crypto-suite of the media, e.g. 'AES_CM_128_HMAC_SHA1_80'; undefined = plain RTP, or no media yet. */
  srtp: string | undefined;
  /**
   * How the signalling gets to the first hop; undefined before there was any answer. SRTP keys travel in it: without
   * 'tls' (or 'wss') whoever sees the signalling can open the media.
   */
  signalling: TransportProtocol | undefined;
}

/** How a call came to its end. */
export interface CallEnd {
  /** `local`: we hung up, cancelled or rejected; `remote`: the peer did; `error`: something failed. */
  by: 'local' | 'remote' | 'error';
  /** SIP status that ended it: 487 for a cancelled call, 200 for a BYE, the rejection's status … */
  status: number;
  reason: string;
  /** Q.850 cause from a Reason header (RFC 3326), if the peer gave one. */
  q850?: number;
  /** What the peer says of it in Reason (RFC 3326) or Warning (RFC 3261 §20.43). */
  text?: string;
  error?: SwitchhookError;
  /** The message that ended it: BYE, CANCEL, or the status of a refusal; undefined when none was exchanged. */
  code?: number | 'BYE' | 'CANCEL';
  /** What this phone knows of it; {@link CALL_CAUSES} has the texts. */
  cause: CallCause;
  /** Who did it; 'unknown' for time-outs and what nobody did. */
  party: EndParty;
}

/** A {@link CallEnd} whose cause may follow from the rest. */
export type CallOutcome = Omit<CallEnd, 'cause' | 'party' | 'code'> & { cause?: CallCause };

/** The call detail record; times are Unix milliseconds. */
export interface CallRecord {
  callId: string;
  direction: CallDirection;
  /** Our address. */
  local: string;
  /** The peer's address. */
  remote: string;
  remoteDisplayName?: string;
  startedAt: number;
  ringingAt?: number;
  answeredAt?: number;
  endedAt: number;
  /** INVITE to answer; undefined for a call that was not answered. */
  setupMs?: number;
  /** Answer to end; 0 for a call that was not answered. */
  durationMs: number;
  end: CallEnd;
  codec?: string;
  media?: MediaStats;
  encryption: CallEncryption;
}

export interface DtmfEvent {
  /** One of 0-9 * # A-D. */
  digit: string;
  durationMs: number;
  via: 'rfc4733' | 'inband' | 'info';
}

export interface InfoEvent {
  contentType: string;
  body: string;
}

/** A call of ours got no answer so far, not even a provisional one. */
export interface NoResponseReport {
  /** Who is asked, as `udp:192.0.2.1:5060`; the address called while there is no way to it yet. */
  target: string;
  waitedMs: number;
  /** The same in words, with what to check. */
  explanation: string;
}

export type CallEvents = {
  /** Every change of state. */
  state: [state: CallState, previous: CallState];
  /** The peer rings (180) or tells progress (181-183). */
  progress: [event: { status: number; reason: string; earlyMedia: boolean }];
  /** Nothing has come back after several repetitions of the INVITE; the call goes on until its time is up. */
  noResponse: [report: NoResponseReport];
  /** Answered and confirmed: audio may flow. */
  connected: [];
  /** One side put the call on hold or took it back. */
  hold: [event: { by: 'local' | 'remote'; held: boolean; status: HoldStatus }];
  /** How our transfer of this call goes. */
  transfer: [event: TransferEvent];
  /** The peer asks us to call somebody else (REFER). Without a listener it is done, unless the policies say otherwise. */
  transferRequest: [request: TransferRequest];
  /** At the request of the peer this new call was made, which is to take the place of this one. */
  transferred: [call: Call];
  /** Another call has taken the place of this one (RFC 3891). */
  replaced: [by: Call];
  /** Which audio may flow has changed, by a hold of either side. */
  direction: [status: HoldStatus];
  /** The encryption of an established call has changed. */
  encryption: [encryption: CallEncryption];
  /** A digit from the peer, once. */
  dtmf: [event: DtmfEvent];
  /** The peer did not take a digit by INFO: it goes over RTP. */
  dtmfFallback: [event: DtmfFallback];
  /** A ringback tone of our own is to be played, or to stop: the callee rings and no audio comes from it. */
  ringback: [playing: boolean];
  /** An INFO body that is not DTMF. */
  info: [event: InfoEvent];
  /** The first RTP packet arrived. */
  flowing: [event: { remote: SocketAddress }];
  /** No RTP arrives; `explanation` says why as far as it can be told. */
  noMedia: [report: NoMediaReport];
  mediaBack: [event: { silentMs: number }];
  /** Something failed; the call lives on. */
  error: [error: SwitchhookError];
  ended: [end: CallEnd, record: CallRecord];
};
