/**
 * From a text to its answer, the same for all transports: rate, format, token, function. Called by the transports with
 * what they know of the client; never throws.
 */

import type { RateLimit } from './access/rate-limit.js';
import type { AccessToken } from './access/token.js';
import type { ControlClient } from './clients/control-client.js';
import type { ControlCounters, TransportName } from './counters.js';
import { type Dispatcher, unreadable } from './dispatcher.js';
import { detectFormat } from './wire/detect.js';
import type { ControlAnswer, WireFormat } from './wire/request.js';

/** Wrong tokens one address may try in a second. */
export const WRONG_TOKENS_PER_SECOND = 2;

/** Some editors and languages begin every text with it. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Who asks, and what speaks for letting it in. */
export interface Origin {
  /** Of the network: what is limited. */
  readonly address: string;
  /** The token that came beside the request: a header, the first line, the query. */
  readonly token?: string;
  /** True when an earlier request on this connection had the token. */
  readonly admitted?: boolean;
}

export interface Caller extends Origin {
  readonly transport: TransportName;
  /** @param name the client calls itself so, with `client=` */
  client(name: string | undefined): ControlClient;
  /** Fires when the client does not wait for the answer any more. */
  readonly gone?: AbortSignal;
  /** The request had the token, or none is needed. */
  onAdmitted?(): void;
}

export type Outcome = 'done' | 'malformed' | 'unknown' | 'token' | 'rate';

export interface Reply {
  readonly outcome: Outcome;
  readonly text: string;
  readonly mediaType: string;
}

export interface HandleOptions {
  /** Default: what the text looks like. */
  readonly format?: WireFormat;
  /** Of the answer, when it is not that of the request. */
  readonly output?: WireFormat;
  /** The function, when it stood beside the text. */
  readonly named?: string;
}

export class RequestHandler {
  constructor(
    private readonly parts: {
      dispatcher: Dispatcher;
      token: AccessToken;
      requests: RateLimit;
      wrongTokens: RateLimit;
      counters: ControlCounters;
    },
  ) {}

  handle(given: string, caller: Caller, how: HandleOptions = {}): Reply | Promise<Reply> {
    const text = given.replace(BYTE_ORDER_MARK, '');
    const { format = detectFormat(text), output = format, named } = how;
    const { dispatcher, requests, counters } = this.parts;
    counters.requests[caller.transport]++;
    const reply = (outcome: Outcome, answer: ControlAnswer): Reply => {
      if (outcome !== 'done') counters.refused[outcome]++;
      return { outcome, text: output.print(answer), mediaType: output.mediaType };
    };
    if (!requests.allows(caller.address)) return reply('rate', unreadable('too many requests'));
    const parsed = format.parse(text, named);
    if (!parsed.ok) {
      const token = this.#refusal(caller, undefined);
      return token ? reply('token', unreadable(token)) : reply('malformed', unreadable(parsed.problem));
    }
    const prepared = dispatcher.prepare(parsed.request);
    const why = this.#refusal(caller, prepared.token);
    // Who has no token learns nothing, not even how the request was understood.
    if (why) return reply('token', unreadable(why));
    caller.onAdmitted?.();
    const outcome = prepared.spec || prepared.poll ? 'done' : 'unknown';
    const answer = dispatcher.run(prepared, caller.client(prepared.client), caller.gone);
    return answer instanceof Promise ? answer.then((late) => reply(outcome, late)) : reply(outcome, answer);
  }

  /** Counts something else an address asks for, such as a page. @returns false when it asks too often */
  allows({ address }: Origin): boolean {
    const allowed = this.parts.requests.allows(address);
    if (!allowed) this.parts.counters.refused.rate++;
    return allowed;
  }

  /** Checks a token that came alone. @returns why it is refused */
  admit(caller: Origin, token: string | undefined): string | undefined {
    const why = this.#refusal(caller, token);
    if (why) this.parts.counters.refused.token++;
    return why;
  }

  #refusal(caller: Origin, token: string | undefined): string | undefined {
    if (caller.admitted || !this.parts.token.required) return undefined;
    const given = caller.token ?? token;
    if (given === undefined) return 'a token is needed';
    // Nor is the right one tried while wrong ones come too fast.
    if (!this.parts.wrongTokens.has(caller.address)) return 'too many wrong tokens, wait a moment';
    if (this.parts.token.admits(given)) return undefined;
    this.parts.wrongTokens.allows(caller.address);
    return 'the token is wrong';
  }
}
