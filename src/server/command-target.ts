/**
 * What the control server needs of a phone, and all it knows of it: the one entry through which every function runs,
 * the table that describes the functions, and the notifications. The Webphone is one; tests make their own.
 */
export interface ControlArgumentSpec {
  readonly name: string;
  /** `int`, `boolean` or `string`; anything else cannot be sent. */
  readonly type: string;
  /** Taken when the argument is left out; without one it is mandatory. */
  readonly default?: unknown;
  readonly doc?: string;
}

export interface ControlFunctionSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group?: string;
  readonly overloads: ReadonlyArray<readonly ControlArgumentSpec[]>;
  readonly returns: string;
  /** False: it takes or gives bytes or objects, and cannot be called from here. */
  readonly remote?: boolean;
  readonly doc?: string;
}

/** A notification as the server sees it. */
export interface ControlNotification {
  /** `STATUS`, `CDR`, … */
  readonly kind: string;
  /** The string of the manual, without prefix and end. */
  toString(): string;
}

export interface CommandTarget {
  /** Never throws and never rejects: a failure is false, -1 or a text that begins with ERROR. */
  execute(name: string, args: readonly unknown[] | Readonly<Record<string, unknown>>): unknown;
  /** What is wrong with a request that failed; undefined when the request is not to blame. */
  explain?(name: string, args: readonly unknown[] | Readonly<Record<string, unknown>>): string | undefined;
  readonly functions: Iterable<ControlFunctionSpec>;
  readonly notifications: {
    /** Every notification from now on, in order, whatever ways of delivery are chosen. @returns what ends it */
    subscribe(listener: (notification: ControlNotification) => void, way: 'all'): () => void;
    /** Whether notifications may be pushed into sockets at the moment. */
    allows(way: 'socket'): boolean;
  };
}
