/** What a call of the phone can be told when it is dialled. */
import type { Account, InviteOptions } from '../ua/index.js';
import type { RedialOptions } from './policies/redial.js';

export interface CallOptions extends Omit<InviteOptions, 'account'> {
  /** Hangs up (or cancels) when it fires. */
  signal?: AbortSignal;
  /** One of `phone.accounts`; the main one when absent. */
  account?: Account;
  /** The line to take, if it is free; the next free one when absent. */
  line?: number;
  /** Makes of what is to be called, digits split off and rules for numbers applied, the kind of address it is called by. */
  form?: (target: string) => string;
  /** Digits to send once the call is connected. */
  digits?: string;
  /** How long after the connection they follow. Default 0. */
  digitsDelayMs?: number;
  /** How it is placed again when it fails or breaks off; what is absent is as `policies.redial` says. */
  redial?: RedialOptions;
}

/** What a line can have set for its calls. */
export type LinePreset = Omit<CallOptions, 'signal' | 'line'>;
