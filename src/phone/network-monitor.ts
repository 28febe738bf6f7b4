/**
 * Watches the addresses of this machine, for the registration to follow when they change: Wi-Fi to cable, VPN up,
 * DHCP lease lost, wake from sleep (seen as a jump of the wall clock against the monotonic one). Node has no event
 * for any of these, so it looks every few seconds. Used by Phone.
 */
import type { Clock, Timer } from '../base/clock.js';
import { interfaceAddresses } from '../base/interfaces.js';

const INTERVAL_MS = 5000;
/** A tick this late means that the machine slept. */
const SLEEP_MS = 60_000;

export class NetworkMonitor {
  readonly #clock: Clock;
  readonly #onChange: (reason: string, stillThere: (host: string) => boolean) => void;
  readonly #addresses: () => readonly string[];
  #known: string;
  #wall: number;
  #timer: Timer | undefined;

  /**
   * @param onChange gets what happened in words, and tells of an address whether it is good as before
   * @param addresses gives the present addresses; the machine's when absent
   */
  constructor(
    clock: Clock,
    onChange: (reason: string, stillThere: (host: string) => boolean) => void,
    addresses: () => readonly string[] = localAddresses,
  ) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#addresses = addresses;
    this.#known = text(addresses());
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
    const addresses = this.#addresses();
    const now = text(addresses);
    const wall = this.#clock.wallTime();
    const slept = wall - this.#wall > INTERVAL_MS + SLEEP_MS;
    const changed = now !== this.#known;
    this.#known = now;
    this.#wall = wall;
    this.#arm();
    // After a sleep the servers have forgotten our connections.
    if (slept) this.#onChange('the machine was asleep', () => false);
    else if (changed) {
      this.#onChange(`the addresses changed to ${now || 'none'}`, (host) => addresses.includes(host));
    }
  }
}

/** Comparable: Node lists them in no particular order. */
function text(addresses: readonly string[]): string {
  return [...addresses].sort().join(' ');
}

function localAddresses(): string[] {
  return interfaceAddresses()
    .filter(({ internal }) => !internal)
    .map(({ address }) => address);
}
