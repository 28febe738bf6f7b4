/**
 * What one row of the function table is: a name, its argument lists, what it gives back, and what it does. The table
 * is the only list of functions: execution, the typed `API_*` methods, the documentation and the servers read it.
 */
import type { Notification } from '../notifications/notification.js';
import type { WebphoneContext } from '../webphone-context.js';

/** What goes in and comes out of functions: everything but bytes and notifications travels as text as well. */
export type ApiValue = boolean | number | string | Uint8Array | Notification | undefined;

export type ArgumentType =
  /** A whole number; texts and booleans are converted. */
  | 'int'
  | 'boolean'
  | 'string'
  /** Raw bytes; not available to clients that send texts. */
  | 'bytes'
  /** Any object; not available to clients that send texts. */
  | 'object';

export interface ArgumentSpec {
  readonly name: string;
  readonly type: ArgumentType;
  /** Other spellings of the name accepted from clients. */
  readonly aliases?: readonly string[];
  /** Taken when the argument is left out; an argument without a default is mandatory. */
  readonly default?: number | boolean | string;
  readonly doc?: string;
  /** Of an object: its type in methods/. */
  readonly typed?: string;
}

export type ReturnType = 'boolean' | 'int' | 'string' | 'void' | 'bytes' | 'notification';

export type FunctionGroup =
  | 'lifecycle'
  | 'settings'
  | 'accounts'
  | 'lines'
  | 'calls'
  | 'conference'
  | 'video'
  | 'dtmf'
  | 'chat'
  | 'recording'
  | 'audio'
  | 'streaming'
  | 'status'
  | 'notifications'
  | 'presence'
  | 'contacts'
  | 'sip'
  | 'logs'
  | 'http'
  | 'files'
  | 'lists';

type Overloads = ReadonlyArray<readonly ArgumentSpec[]>;

/** One function as everybody but its own row sees it. */
export interface FunctionSpec {
  readonly name: `API_${string}`;
  readonly aliases: readonly string[];
  readonly group: FunctionGroup;
  /** Argument lists, the shortest first; trailing arguments with defaults need no list of their own. */
  readonly overloads: Overloads;
  readonly returns: ReturnType;
  /** What comes back when it failed. 'ERROR' stands for a text `ERROR: reason`. */
  readonly failure: ApiValue;
  /** It may take a while: the result is a promise. */
  readonly waits: boolean;
  /** Arguments and result can be written as text. */
  readonly remote: boolean;
  /** What is not there yet and makes the function give its failure value. */
  readonly waitingFor?: string;
  readonly doc: string;
  run(context: WebphoneContext, args: Readonly<Record<string, unknown>>): ApiValue | Promise<ApiValue>;
}

type TypeOf = {
  int: number;
  boolean: boolean;
  string: string;
  bytes: Uint8Array;
  object: unknown;
};

type ResultOf = {
  boolean: boolean;
  int: number;
  string: string;
  void: undefined;
  bytes: Uint8Array;
  notification: Notification | undefined;
};

/** False when one of the lists lacks the argument. */
type InEvery<O extends Overloads, N extends string> = false extends (
  O[number] extends infer L
    ? L extends readonly ArgumentSpec[]
      ? N extends L[number]['name']
        ? true
        : false
      : never
    : never
)
  ? false
  : true;

/** The arguments as the function itself gets them: by name, defaults filled in. */
export type BoundArguments<O extends Overloads> = {
  [N in O[number][number]['name']]:
    | TypeOf[Extract<O[number][number], { name: N }>['type']]
    | (InEvery<O, N> extends true ? never : undefined);
};

export interface FunctionDefinition<O extends Overloads, R extends ReturnType, W extends boolean> {
  aliases?: readonly string[];
  group: FunctionGroup;
  overloads: O;
  returns: R;
  failure?: ResultOf[R];
  waits?: W;
  remote?: boolean;
  waitingFor?: string;
  doc: string;
  run(
    context: WebphoneContext,
    args: BoundArguments<O>,
  ): W extends true ? ResultOf[R] | Promise<ResultOf[R]> : ResultOf[R];
}

const FAILURES: Readonly<Record<ReturnType, ApiValue>> = {
  boolean: false,
  int: -1,
  string: '',
  void: undefined,
  bytes: new Uint8Array(0),
  notification: undefined,
};

/** Makes a row of the table. */
export function define<
  const O extends Overloads,
  const R extends ReturnType,
  const W extends boolean = false,
>(name: FunctionSpec['name'], definition: FunctionDefinition<O, R, W>): FunctionSpec {
  const { aliases = [], remote = true, waits = false, failure, run, ...rest } = definition;
  return {
    ...rest,
    name,
    aliases,
    remote,
    waits,
    failure: failure ?? FAILURES[definition.returns],
    run: run as FunctionSpec['run'],
  };
}
