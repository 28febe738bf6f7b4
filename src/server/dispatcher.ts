/**
 * Runs requests: finds the function, hands it to the target, and makes the answer. The functions that read
 * notifications are answered here, from the client's own place in the journal. Every transport comes through
 * {@link Dispatcher.run}; nothing here can throw at them.
 */
import type { Logger } from '../base/logger.js';
import { callArguments, splitArguments } from './arguments-of.js';
import type { ControlClient } from './clients/control-client.js';
import { framedNotification } from './clients/notification-journal.js';
import type { CommandTarget, ControlFunctionSpec } from './command-target.js';
import type { ControlAnswer, ControlRequest, WireValue } from './wire/request.js';

/** A blocking read of notifications ends after this time without any: proxies cut silent requests off. */
export const BLOCKING_READ_MS = 25_000;

type PollKind = 'all' | 'one' | 'wait';

const POLLS: ReadonlyMap<string, PollKind> = new Map([
  ['api_pollnotificationstrings', 'all'],
  ['api_getnotifications', 'all'],
  ['api_pollnotification', 'one'],
  ['api_getnotificationstrings', 'wait'],
  ['api_getnotificationssync', 'wait'],
]);

type CallArguments = ReturnType<typeof callArguments>;

export interface Prepared {
  readonly request: ControlRequest;
  readonly spec: ControlFunctionSpec | undefined;
  readonly poll: PollKind | undefined;
  readonly token?: string;
  readonly client?: string;
}

export class Dispatcher {
  readonly #target: CommandTarget;
  readonly #functions = new Map<string, ControlFunctionSpec>();
  readonly #log: Logger;

  constructor(target: CommandTarget, log: Logger) {
    this.#target = target;
    this.#log = log;
    for (const spec of target.functions) {
      for (const name of [spec.name, ...(spec.aliases ?? [])]) this.#functions.set(name.toLowerCase(), spec);
    }
  }

  /** Takes out what is meant for the server. */
  prepare(request: ControlRequest): Prepared {
    const key = request.name.toLowerCase();
    const spec = this.#functions.get(key) ?? this.#functions.get(`api_${key}`);
    const { args, token, client } = splitArguments(request.args, spec);
    const poll = POLLS.get(key.startsWith('api_') ? key : `api_${key}`);
    return { request: { ...request, args }, spec, poll, token, client };
  }

  /**
   * @param gone fires when nobody waits for the answer any more
   * @returns the answer, at once when the function gives it at once
   */
  run(
    { request, spec, poll }: Prepared,
    client: ControlClient,
    gone?: AbortSignal,
  ): ControlAnswer | Promise<ControlAnswer> {
    if (poll) return this.#poll(poll, request, client, gone);
    if (!spec) return failure(request, this.#why(request, []) ?? `there is no function ${request.name}`);
    if (spec.remote === false) return failure(request, `${spec.name} takes or gives what cannot be sent`);
    this.#log.debug('runs', { function: spec.name });
    try {
      const args = callArguments(request.args, spec);
      const result = this.#target.execute(request.name, args);
      if (!(result instanceof Promise)) return this.#answer(request, result, args);
      return result.then(
        (value: unknown) => this.#answer(request, value, args),
        (error: unknown) => this.#broken(request, error),
      );
    } catch (error) {
      return this.#broken(request, error);
    }
  }

  /** A failure says what to do about it, where the request is to blame. */
  #answer(request: ControlRequest, result: unknown, args: CallArguments): ControlAnswer {
    const why = result === false || result === -1 || result === '' ? this.#why(request, args) : undefined;
    return why === undefined ? answerOf(request, result) : failure(request, why);
  }

  #why({ name }: ControlRequest, args: CallArguments): string | undefined {
    return this.#target.explain?.(name, args);
  }

  #poll(
    kind: PollKind,
    request: ControlRequest,
    client: ControlClient,
    gone: AbortSignal | undefined,
  ): ControlAnswer | Promise<ControlAnswer> {
    client.polls = true;
    if (kind === 'wait') {
      const waited = client.cursor.wait(BLOCKING_READ_MS, {
        until: client.signal,
        gone,
        maxBytes: client.maxBytes,
      });
      return waited.then((entries) =>
        answerOf(request, entries.map(({ text }) => framedNotification(text)).join('')),
      );
    }
    const entries = client.cursor.take(kind === 'one' ? 1 : undefined, client.maxBytes);
    return answerOf(request, entries.map(({ text }) => framedNotification(text)).join(''));
  }

  /** The target promises never to throw. */
  #broken(request: ControlRequest, error: unknown): ControlAnswer {
    this.#log.error('function failed', { function: request.name, error });
    return failure(request, 'failed');
  }
}

export function failure(request: Pick<ControlRequest, 'name' | 'args' | 'id'>, why: string): ControlAnswer {
  const { name, args, id } = request;
  const text = `ERROR: ${why}`;
  return { name, args, ok: false, value: text, text, ...(id !== undefined && { id }) };
}

/** The answer to a text that is no request. */
export function unreadable(problem: string): ControlAnswer {
  return failure({ name: '', args: [] }, problem);
}

function answerOf(request: ControlRequest, result: unknown): ControlAnswer {
  const { name, args, id } = request;
  if (result !== null && (typeof result === 'object' || typeof result === 'function')) {
    return failure(request, 'the result is an object, which cannot be sent');
  }
  const value = wireValue(result);
  const text = resultText(result);
  return { name, args, ok: isSuccess(result), value, text, ...(id !== undefined && { id }) };
}

function wireValue(result: unknown): WireValue {
  if (typeof result === 'bigint') return String(result);
  return result === undefined ? null : (result as WireValue);
}

/** Success and failure of functions that only tell that are told in the words of the manual. */
function resultText(result: unknown): string {
  if (result === true) return 'OK: initiated';
  if (result === false) return 'ERROR: failed';
  return result === undefined || result === null ? 'OK' : String(result);
}

function isSuccess(result: unknown): boolean {
  return typeof result === 'string' ? !/^ERROR\b/.test(result) : result !== false && result !== -1;
}
