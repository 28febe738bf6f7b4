/**
 * What a phone remembers: contacts, the history of its calls with their records, values by name, and messages that wait
 * to be sent. One interface, kept in memory or in a file; every list has a limit, beyond which the oldest goes.
 */
import type { MessageStore } from '../messaging/message-store.js';
import type { Contact } from './contact.js';

/** The record of a call as it is kept: plain values only. */
export interface StoredCall {
  callId: string;
  line: number;
  direction: 'incoming' | 'outgoing';
  /** The other party: number or name, display name, address. */
  peer: string;
  peerName: string;
  peerAddress: string;
  caller: string;
  called: string;
  /** Unix ms. */
  startedAt: number;
  /** INVITE to answer, or to the end when it was not answered. */
  connectMs: number;
  durationMs: number;
  answered: boolean;
  /** Who ended it. */
  endedBy: 'local' | 'remote' | 'unknown';
  status: number;
  /** One of CALL_CAUSES. */
  cause: string;
  reason: string;
}

export interface StoreLimits {
  contacts: number;
  calls: number;
  messages: number;
  values: number;
}

export const STORE_LIMITS: Readonly<StoreLimits> = {
  contacts: 10_000,
  calls: 10_000,
  messages: 10_000,
  values: 10_000,
};

/** Contacts by name, whatever the case, in the order they came. */
export interface ContactStore {
  all(): readonly Contact[];
  get(name: string): Contact | undefined;
  /** Adds a contact, or changes the one of that name. @returns false for one without a name, or beyond the limit */
  set(contact: Contact): boolean;
  delete(name: string): boolean;
  replaceAll(contacts: readonly Contact[]): void;
}

export interface CallStore {
  add(call: StoredCall): void;
  /** Latest first. */
  latest(count?: number): readonly StoredCall[];
  clear(): void;
}

export interface ValueStore {
  get(name: string): string | undefined;
  set(name: string, value: string | undefined): void;
  names(): readonly string[];
}

export interface Store {
  readonly contacts: ContactStore;
  readonly calls: CallStore;
  readonly values: ValueStore;
  readonly messages: MessageStore;
  /** Everything is on disk when it resolves. */
  close(): Promise<void>;
}
