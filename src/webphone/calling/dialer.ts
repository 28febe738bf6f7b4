/**
 * Places the calls of the API: by the main account, or by one the settings of the line name, on the line that is
 * wanted. Knows the calls that are not there yet, since the phone is still starting.
 */
import { randomBytes } from 'node:crypto';
import type { Call } from '../../ua/index.js';
import type { AccountDesk } from '../accounts/account-desk.js';
import { callOptions } from '../mapping/call-options.js';
import type { NetworkView } from '../network-view.js';
import { NEXT_LINE, type Settings } from '../settings/settings.js';
import type { LineExtras } from '../signalling/line-extras.js';
import type { Stack } from '../stack.js';
import type { StatusBoard } from '../status/status-board.js';

export interface DialerOptions {
  stack: Stack;
  accounts: AccountDesk;
  settings: Settings;
  board: StatusBoard;
  extras: LineExtras;
  network: NetworkView;
  report(message: string, error?: unknown): void;
}

export class Dialer {
  readonly #options: DialerOptions;
  readonly #pending = new Set<AbortController>();
  #nextCallId: string | undefined;

  constructor(options: DialerOptions) {
    this.#options = options;
    options.stack.on('made', (phone) => {
      phone.lines.on('freed', ({ line }) => options.settings.closeLine(line));
    });
  }

  /** Sets the Call-ID of the next call; an empty one is made. */
  nextCallId(callId: string): string {
    this.#nextCallId = callId || randomBytes(12).toString('hex');
    return this.#nextCallId;
  }

  /**
   * Begins a call.
   * @param line the line wanted; any when less than 1
   * @param peer empty: who is set for the line, else who was dialled last
   * @returns the call once it has a line; undefined when it could not be placed, which was reported
   */
  async dial(line: number, peer: string): Promise<Call | undefined> {
    const { stack, accounts, settings, board, extras, report } = this.#options;
    const phone = stack.start();
    const abort = new AbortController();
    this.#pending.add(abort);
    board.callBegins(peer.trim() || phone.lastDialled || '');
    try {
      await phone.start();
      const chosen = phone.lines.free(line > 0 ? line : undefined);
      if (chosen !== undefined) settings.openLine(chosen);
      const reader = settings.snapshot(chosen ?? NEXT_LINE);
      const account = accounts.forCall(reader);
      if (abort.signal.aborted) {
        board.rest();
        return undefined;
      }
      const callId = this.#nextCallId ?? (reader.text('callid') || undefined);
      this.#nextCallId = undefined;
      const uui = extras.takeUserToUser();
      const how = callOptions(reader);
      return await phone.dial(peer || reader.text('peer'), {
        ...how,
        policies: uui ? { ...how.policies, uui } : how.policies,
        line: chosen,
        account,
        from: account || accounts.main ? undefined : this.#options.network.ourselves(reader),
        callId,
        signal: abort.signal,
      });
    } catch (error) {
      report('API_Call', error);
      board.rest();
      return undefined;
    } finally {
      this.#pending.delete(abort);
    }
  }

  /** Whether there is somebody to call: `peer`, or who is set for the line, or was dialled last. */
  knows(line: number, peer: string): boolean {
    const { settings, stack } = this.#options;
    if (peer.trim() !== '' || stack.phone?.lastDialled) return true;
    const chosen = line > 0 ? line : (stack.phone?.lines.free() ?? NEXT_LINE);
    return [chosen, NEXT_LINE].some((one) => settings.forLine(one).text('peer') !== '');
  }

  /** Gives up the calls that have no line yet. @returns false when there are none */
  abandon(): boolean {
    const { board } = this.#options;
    const waiting = [...this.#pending].filter(({ signal }) => !signal.aborted);
    for (const abort of waiting) {
      board.hangupBegins(undefined);
      abort.abort();
    }
    return waiting.length > 0;
  }
}
