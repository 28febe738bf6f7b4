/** Collects the times of a call while it lasts and makes the call record of them at its end. Used by CallSession. */
import type { Clock } from '../../base/clock.js';
import type { NameAddr } from '../../sip/index.js';
import type { CallDirection, CallEnd, CallRecord } from './call-types.js';

interface CallParties {
  callId: string;
  direction: CallDirection;
  local: NameAddr;
  remote: NameAddr;
}

export class CallTimes {
  readonly #clock: Clock;
  readonly #startedAt: number;
  #ringingAt: number | undefined;
  #answeredAt: number | undefined;
  #endedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.wallTime();
  }

  /** The first time counts, as with the others. */
  ringing(): void {
    this.#ringingAt ??= this.#clock.wallTime();
  }

  answered(): void {
    this.#answeredAt ??= this.#clock.wallTime();
  }

  get rang(): boolean {
    return this.#ringingAt !== undefined;
  }

  get wasAnswered(): boolean {
    return this.#answeredAt !== undefined;
  }

  ended(): void {
    this.#endedAt ??= this.#clock.wallTime();
  }

  record(
    { callId, direction, local, remote }: CallParties,
    end: CallEnd,
    outcome: Pick<CallRecord, 'codec' | 'media' | 'encryption'>,
  ): CallRecord {
    const answeredAt = this.#answeredAt;
    const endedAt = this.#endedAt ?? this.#clock.wallTime();
    return {
      callId,
      direction,
      local: local.uri.toString(),
      remote: remote.uri.toString(),
      remoteDisplayName: remote.displayName,
      startedAt: this.#startedAt,
      ringingAt: this.#ringingAt,
      answeredAt,
      endedAt,
      setupMs: answeredAt === undefined ? undefined : answeredAt - this.#startedAt,
      durationMs: answeredAt === undefined ? 0 : endedAt - answeredAt,
      end,
      ...outcome,
    };
  }
}
