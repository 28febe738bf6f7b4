/**
 * Every call the phone places passes here: the number is made of what was dialled, the limits are asked, the call gets
 * its line and what is set for that line, and its digits after the answer. Made by Phone.
 */
import { isIP } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { type SipEndpoint, SipUri } from '../../sip/index.js';
import { type Account, type Call, resolveTarget, type UserAgent } from '../../ua/index.js';
import type { AccountBook } from '../account-book.js';
import type { CallOptions, LinePreset } from '../call-options.js';
import type { LineTable } from '../lines.js';
import type { RequestFilter } from './filter.js';
import { checkOutgoing, refused } from './limits.js';
import { isAddress, rewriteCalled, splitDialString } from './number-rules.js';
import type { Policies } from './policies.js';

export interface OutgoingDeskOptions {
  agent: UserAgent;
  endpoint: Pick<SipEndpoint, 'resolve'>;
  clock: Clock;
  logger: Logger;
  lines: LineTable<Call, LinePreset>;
  filter: RequestFilter;
  policies: Policies;
  book: AccountBook;
  displayName: string | undefined;
}

const MAX_NOWHERE = 100;

export class OutgoingDesk {
  readonly #options: OutgoingDeskOptions;
  readonly #started = new WeakMap<Call, number>();
  #last: string | undefined;
  /** Hosts nobody answers for, as found by {@link lookUp} last. */
  readonly #nowhere = new Set<string>();

  constructor(options: OutgoingDeskOptions) {
    this.#options = options;
  }

  /** What was dialled last. */
  get last(): string | undefined {
    return this.#last;
  }

  set last(target: string | undefined) {
    this.#last = target;
  }

  /** Notes when a call began, whoever did. */
  began(call: Call): void {
    this.#started.set(call, this.#options.clock.now());
  }

  /**
   * Finds out whether the domain of an address exists where that decides the way of a call; to be waited for before
   * {@link dial}. @returns undefined when there is nothing to find out
   */
  lookUp(dialled: string, { account }: CallOptions = {}): Promise<void> | undefined {
    const { endpoint, policies } = this.#options;
    if (policies.numbers.directCalls !== 'resolvable') return undefined;
    const { target } = splitDialString(dialled.trim() || (this.#last ?? ''));
    if (!isAddress(target) || /^tel:/i.test(target)) return undefined;
    const own = account ?? this.#accountFor(target);
    const uri = resolveTarget(target, own);
    if (!own || uri.host === own.uri.host || isIP(uri.host)) return undefined;
    return endpoint.resolve(uri).then(
      () => void this.#nowhere.delete(uri.host),
      () => {
        if (this.#nowhere.size >= MAX_NOWHERE) this.#nowhere.clear();
        this.#nowhere.add(uri.host);
      },
    );
  }

  /**
   * Places a call; an empty target is the one dialled last.
   * @throws ERR_INVALID_ARGUMENT for an address that cannot be called, ERR_CALL_REFUSED {rule}, ERR_CLOSED
   */
  dial(dialled: string, options: CallOptions = {}): Call {
    const { agent, lines, policies, displayName } = this.#options;
    const text = dialled.trim() || this.#last;
    if (!text) throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'nothing has been dialled yet' });
    const { target: wanted, digits, digitsDelayMs } = splitDialString(text);
    const line = lines.free(options.line);
    const preset = line === undefined ? {} : lines.presets.get(line);
    const { signal, line: _, form, ...rest } = { ...preset, ...options };
    const account = rest.account ?? this.#accountFor(wanted);
    const { target, direct } = this.#target(wanted, account);
    this.#check(target, account);
    if (line === undefined) throw refused('line', { uri: target }, 'all lines are taken');
    const call = agent.invite(form?.(target) ?? target, {
      displayName: account?.displayName ?? displayName,
      ...(direct && account ? { from: account.uri.toString() } : {}),
      ...rest,
      account: direct && policies.numbers.directRoute === 'target' ? undefined : account,
    });
    lines.presets.take(line);
    this.#last = text;
    lines.seat(call, line);
    this.#sendDigits(call, rest.digits ?? digits, rest.digitsDelayMs ?? digitsDelayMs);
    if (signal) hangUpOn(signal, call);
    return call;
  }

  /** The main account, unless the address is of the domain of another. */
  #accountFor(wanted: string): Account | undefined {
    const { book } = this.#options;
    if (!isAddress(wanted) || /^tel:/i.test(wanted)) return book.main;
    return book.forCallTo(resolveTarget(wanted, undefined).host);
  }

  /** What to call for what was dialled. */
  #target(wanted: string, account: Account | undefined): { target: string; direct: boolean } {
    const { numbers } = this.#options.policies;
    if (!isAddress(wanted)) {
      return { target: rewriteCalled(wanted, numbers, account?.uri.user), direct: false };
    }
    const uri = resolveTarget(wanted, account);
    const foreign = account !== undefined && uri.host !== account.uri.host && !/^tel:/i.test(wanted);
    if (!foreign) return { target: wanted, direct: false };
    const { directCalls } = numbers;
    if (directCalls === 'never' || (directCalls === 'resolvable' && this.#nowhere.has(uri.host))) {
      return { target: rewriteCalled(uri.user ?? '', numbers, account.uri.user), direct: false };
    }
    return { target: wanted, direct: true };
  }

  #check(target: string, account: Account | undefined): void {
    const { agent, clock, policies } = this.#options;
    const uri = resolveTarget(target, account);
    const { user = '', host } = uri;
    if (this.#options.filter.blocksTarget({ user, host })) {
      throw refused('blocked', { uri: target }, 'it is on the list of those not wanted');
    }
    checkOutgoing({ user: uri.user ?? '', uri: printed(uri) }, policies.limits, {
      calls: agent.calls.map((call) => ({
        direction: call.direction,
        remote: call.remote,
        startedMs: this.#started.get(call) ?? 0,
      })),
      registered: this.#options.book.stateOf(account) === 'registered',
      nowMs: clock.now(),
    });
  }

  #sendDigits(call: Call, digits: string | undefined, delayMs: number): void {
    if (!digits) return;
    const { clock, logger } = this.#options;
    call.once('connected', () => {
      clock.after(delayMs, () => {
        if (call.state !== 'connected') return;
        call.sendDtmf(digits).catch((error: unknown) => logger.warn('digits were not sent', { error }));
      });
    });
  }
}

function printed(uri: SipUri): string {
  return new SipUri({ user: uri.user, host: uri.host, port: uri.port, secure: uri.secure }).toString();
}

function hangUpOn(signal: AbortSignal, call: Call): void {
  const abort = (): void => void call.hangup({ reason: 'aborted' });
  signal.addEventListener('abort', abort, { once: true });
  void call.ended.then(() => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
}
