/**
 * Transfers of the API: which kind `transfertype` means, between which calls, and what is told of them. The transfers
 * themselves are those of the calls.
 */
import type { Call, TransferKind } from '../../ua/index.js';
import type { SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';
import type { StatusBoard } from '../status/status-board.js';

/** By the number of `transfertype`. */
const KINDS: Readonly<Record<number, TransferKind>> = {
  '-1': 'held',
  0: 'disabled',
  1: 'blind',
  2: 'on-target-hangup',
  3: 'on-leave',
  4: 'on-any-hangup',
  5: 'attended',
  6: 'held',
  7: 'refer',
  8: 'bridge',
};

export interface TransferDeskOptions {
  stack: Stack;
  desk: LineDesk;
  board: StatusBoard;
  settings: SettingsReader;
  background(work: Promise<unknown>, what: string): void;
}

export class TransferDesk {
  readonly #options: TransferDeskOptions;

  constructor(options: TransferDeskOptions) {
    this.#options = options;
    options.stack.on('made', (phone) => phone.lines.on('seated', ({ call }) => this.#watch(call)));
  }

  /** @param peer '': the other call there is */
  transfer(line: number, peer: string): boolean {
    const { desk, settings, background } = this.#options;
    const [call] = desk.select(line).filter(({ state }) => state === 'connected');
    if (!call) return false;
    const kind = KINDS[settings.number('transfertype')] ?? 'held';
    if (kind === 'disabled') return false;
    if (peer !== '') {
      background(call.transferTo(peer, { kind }), 'API_Transfer');
      return true;
    }
    const others = desk.calls.filter((one) => one !== call && one.state === 'connected');
    if (others.length !== 1) return false;
    background(call.transferTo(others[0], kind === 'bridge' ? { kind } : {}), 'API_Transfer');
    return true;
  }

  #watch(call: Call): void {
    const { desk, board, stack } = this.#options;
    call.on('transfer', ({ phase, target, status, reason, consultation }) => {
      // Our call to the new party has a line like any other.
      if (consultation) stack.phone?.lines.seat(consultation);
      desk.notes(call).midcall = phase !== 'done' && phase !== 'failed';
      board.monitor(call)?.changed();
      const words = [status, reason].filter((word) => word !== undefined).join(' ');
      board.event(
        `transfer to ${target}: ${phase} ${words}`.trim(),
        phase === 'failed' ? 'WARNING' : 'EVENT',
      );
    });
    call.on('transferred', (next) => void stack.phone?.lines.seat(next));
    call.on('replaced', (by) => void stack.phone?.lines.takeOver(call, by));
  }
}
