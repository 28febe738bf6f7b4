/** What transfers are told and what they tell, both as the one who transfers and as the one who is transferred. */
import type { Call } from '../call/call.js';
import type { CallCause } from '../call/call-causes.js';
import type { InviteOptions } from '../user-agent-types.js';

/**
 * How a call gets to its new party:
 * - `blind`: REFER at once, and our part of the call ends when it is accepted;
 * - `held`: hold, REFER, follow what the peer tells; a failure takes the call back, success ends it (the default);
 * - `refer`: REFER and nothing else; the call stays as it is;
 * - `attended`: the call is held while we talk to the new party; REFER when we hang up there;
 * - `on-leave`: the same without hold;
 * - `on-target-hangup`: REFER when the new party hangs up;
 * - `on-any-hangup`: REFER when either of us hangs up, unless the first party did;
 * - `bridge`: both parties are mixed here, no REFER;
 * - `disabled`: no transfers.
 */
export type TransferKind =
  | 'blind'
  | 'held'
  | 'refer'
  | 'attended'
  | 'on-leave'
  | 'on-target-hangup'
  | 'on-any-hangup'
  | 'bridge'
  | 'disabled';

export interface TransferOptions {
  /** Default 'held'; of no account when the target is a call of ours that is answered. */
  kind?: TransferKind;
  /**
   * Hold of the call: before anything else, or once REFER was accepted or the new party rings; '…-and-back' takes it
   * back when the transfer fails. Default 'before-and-back' for 'held' and 'attended', else 'no'.
   */
  hold?: 'no' | 'before' | 'before-and-back' | 'started' | 'started-and-back';
  /** Take a held call off hold just before REFER: with Replaces only, or always. Default 'no'. */
  unhold?: 'no' | 'with-replaces' | 'always';
  /**
   * Let the new call take the place of the one we have with the target (RFC 3891): where the target knows how, always
   * when there is such a call, also when the target is not known to, or never. Default 'auto'.
   */
  replaces?: 'auto' | 'yes' | 'force' | 'no';
  /** When our part of the call ends; 'auto' as `kind` says. Default 'auto'. */
  disconnect?: 'auto' | 'never' | 'accepted' | 'connected' | 'timeout' | 'connected-or-timeout';
  /**
   * What becomes of the call when the new one could not be made: it stays, off hold as `hold` says ('keep', the default),
   * off hold in any case ('resume'), or as it is ('leave'); or it ends.
   */
  onFailure?: 'keep' | 'resume' | 'leave' | 'hangup';
  /** REFER goes to the new party instead of the first one. Default false. */
  inverse?: boolean;
  /** Pause before REFER and before the call to the new party, in ms. Default 0. */
  delayMs?: number;
  /** REFER in a dialog of its own, with Target-Dialog (RFC 4538), instead of the call's. Default false. */
  newDialog?: boolean;
  /** Where the domain of our server stands in for that of the peer. Default 'none'. */
  serverDomain?: 'none' | 'refer-to' | 'referred-by' | 'both';
  /** Ask for no reports at all (RFC 4488): the outcome is then known only to be accepted. Default false. */
  withoutReports?: boolean;
  /** SUBSCRIBE for the reports as well: never, when none came, always. Default 'never'. */
  subscribe?: 'never' | 'if-silent' | 'always';
  /** How long to wait for the outcome, in seconds. Default 180. */
  timeout?: number;
  /** 'bridge': what becomes of the first party at first. Default 'mute'. */
  oldParty?: 'mute' | 'hold' | 'join';
  /** For the call to the new party. */
  invite?: InviteOptions;
  /** What our part of the call ends by once it is transferred; default as it was done. */
  cause?: CallCause;
  /** Gives the transfer up and takes the call back. */
  signal?: AbortSignal;
}

export interface TransferOutcome {
  /**
   * `transferred`: the peer talks to the target; `accepted`: it agreed to, and told no more; `bridged`: we mix both.
   */
  result: 'transferred' | 'accepted' | 'bridged';
  /** What the peer reported last of the new call. */
  status?: number;
  reason?: string;
}

export interface TransferEvent {
  phase: 'holding' | 'consulting' | 'referring' | 'accepted' | 'progress' | 'done' | 'failed';
  target: string;
  /** 'consulting': our call to the target. */
  consultation?: Call;
  /** Of the new call, as the peer reports, or of the refusal of REFER. */
  status?: number;
  reason?: string;
}

/** What to do with a REFER to us: 'ask' and 'accept' are 'auto' with and without a listener for `transferRequest`. */
export type TransferRequestPolicy = 'auto' | 'ask' | 'accept' | 'ignore' | { refuse: number };

export interface TransferPolicies {
  /** What `transferTo` does without options. */
  transfer?: TransferOptions;
  /** REFER within a call. Default 'auto'. */
  transferRequests?: TransferRequestPolicy;
  /** REFER outside of any call. Default: refused with 403. */
  callRequests?: TransferRequestPolicy;
  /** How a REFER to a target with Replaces is done: with the header, without it, or not at all. Default 'header'. */
  referReplaces?: 'header' | 'in-place' | 'both' | 'refuse';
  /** Whether our part of the old call ends once the new one is answered; by default that is for the other side to do. */
  endReferred?: boolean;
  /**
   * INVITE with Replaces (RFC 3891): refused, or answered at once; the old call then ends, stays while we transfer it, or
   * stays. Default 'end-unless-transferring'.
   */
  replaces?: 'refuse' | 'end' | 'end-unless-transferring' | 'keep';
  /** INVITE with Join (RFC 3911): refused with 488, or a call like any other with `joins` set. Default 'refuse'. */
  joins?: 'refuse' | 'offer';
}

/** The peer asks us to call somebody else. */
export interface TransferRequest {
  /** Whom to call. */
  target: string;
  /** Who asks, as Referred-By says (RFC 3892). */
  referredBy?: string;
  /** The new call is to take the place of another one (RFC 3891). */
  replaces: boolean;
  /** Calls the target; the peer is told how it goes. @throws ERR_CALL_STATE when it was decided before */
  accept(options?: InviteOptions): Call;
  /** Tells the peer that it will not be done. */
  reject(status?: number): void;
}
