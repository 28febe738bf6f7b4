/**
 * Notices that a call of ours gets no answer at all, long before its transaction gives up (64*T1), so that whoever waits
 * can look for the reason meanwhile. Changes nothing about the call. Part of CallSession.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { type Flow, targetName } from '../../sip/index.js';
import type { NoResponseReport } from './call-types.js';

/** In T1: over UDP the INVITE has then been sent four times (RFC 3261 §17.1.1.2). */
const PATIENCE = 7;

export class ResponseWatch {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #tell: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, t1: number, tell: (ms: number) => void) {
    this.#clock = clock;
    this.#ms = PATIENCE * t1;
    this.#tell = () => tell(this.#ms);
  }

  /** A request leaves, or its way is being looked for. */
  begin(): void {
    this.stop();
    this.#timer = this.#clock.after(this.#ms, this.#tell);
  }

  /** Something has come back, or nobody waits any more. */
  stop(): void {
    this.#timer?.cancel();
  }
}

/** @param flow the way the INVITE went; undefined while there is none */
export function noResponse(called: string, flow: Flow | undefined, ms: number): NoResponseReport {
  const waited = `for ${ms / 1000} s`;
  if (!flow) {
    const explanation =
      `${called} could not be reached ${waited}: ` +
      'check the name and the port, that it is switched on, and the network and firewalls on the way';
    return { target: called, waitedMs: ms, explanation };
  }
  const target = targetName({ protocol: flow.protocol, ...flow.remote });
  const check = flow.reliable
    ? 'it takes connections: check that it is a SIP server or phone'
    : 'check the address, that a SIP server or phone listens there for UDP, and the firewalls on the way';
  return { target, waitedMs: ms, explanation: `${target} has not answered ${waited}: ${check}` };
}
