/**
 * Watches the addresses of this machine, for the registration to follow when they change: Wi-Fi to cable, VPN up,
 * DHCP lease lost, wake from sleep (seen as a jump of the wall clock against the monotonic one). Node has no event
 * for any of these, so it looks every few seconds. Used by Phone.
 */
import { networkInterfaces } from 'node:os';
import type { Clock, Timer } from '../base/clock.js';

const INTERVAL_MS = 5000;
/** A tick this late means that the machine slept. */
const SLEEP_MS = 60_000;

export class NetworkMonitor {
  readonly #clock: Clock;
  readonly #onChange: (reason: string) => void;
  readonly #addresses: () => string;
  #known: string;
  #wall: number;
  #timer: Timer | undefined;

  /** @param addresses gives the present addresses as one comparable text; the machine's when absent */
  constructor(clock: Clock, onChange: (reason: string) => void, addresses: () => string = localAddresses) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#addresses = addresses;
    this.#known = addresses();
    this.#wall = clock.wallTime();
    this.#arm();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#clock.after(INTERVAL_MS, () => this.#look());
  }

  #look(): void {
    const now = this.#addresses();
    const wall = this.#clock.wallTime();
    const slept = wall - this.#wall > INTERVAL_MS + SLEEP_MS;
    const changed = now !== this.#known;
    this.#known = now;
    this.#wall = wall;
    this.#arm();
    if (changed) this.#onChange(`the addresses changed to ${now || 'none'}`);
    else if (slept) this.#onChange('the machine was asleep');
  }
}

function localAddresses(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, list]) =>
      (list ?? []).filter((entry) => !entry.internal).map((entry) => `${name}/${entry.address}`),
    )
    .sort()
    .join(' ');
}
