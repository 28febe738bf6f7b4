/**
 * What the control server needs of a phone, and all it knows of it: the one entry through which every function runs,
 * the table that describes the functions, and the notifications. The Webphone is one; tests make their own.
 */
import type { WireValue } from './wire/request.js';

export interface ControlArgumentSpec {
  readonly name: string;
  readonly type: string;
  readonly optional?: boolean;
  readonly doc?: string;
}

export interface ControlFunctionSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group?: string;
  readonly overloads: ReadonlyArray<readonly ControlArgumentSpec[]>;
  readonly returns: string;
  readonly doc?: string;
}

/** A notification as the server sees it. */
export interface ControlNotification {
  /** `STATUS`, `CDR`, … */
  readonly type: string;
  /** The string of the manual, without prefix and end. */
  toString(): string;
}

export interface CommandTarget {
  /** Never throws and never rejects: a failure is false, -1 or a text that begins with ERROR. */
  execute(name: string, args: readonly unknown[] | Readonly<Record<string, unknown>>): unknown;
  readonly functions: Iterable<ControlFunctionSpec>;
  readonly notifications: {
    /** Every notification from now on, in order. @returns the function that ends it */
    subscribe(listener: (notification: ControlNotification) => void): () => void;
  };
}

export type { WireValue };
