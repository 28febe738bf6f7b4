/**
 * Watches the addresses of this machine and the way to the server, for registrations and calls to follow when they change:
 * Wi-Fi to cable, VPN up, DHCP lease lost, another default route, wake from sleep (seen as a jump of the wall clock against
 * the monotonic one). Node has no event for any of these, so it looks every few seconds. Used by Phone.
 */
import type { Clock, Timer } from '../base/clock.js';
import { interfaceAddresses } from '../base/interfaces.js';

const INTERVAL_MS = 5000;
/** A tick this late means that the machine slept. */
const SLEEP_MS = 60_000;

/** The address of ours that the way to a server leads over. */
export interface Way {
  to: string;
  from: string;
}

export interface MonitorSources {
  /** The present addresses; default: the machine's. */
  addresses?: () => readonly string[];
  /** The way to the server, while there is one. May fail. */
  way?: () => Promise<Way | undefined>;
}

export class NetworkMonitor {
  readonly #clock: Clock;
  readonly #onChange: (reason: string, stillThere: (host: string) => boolean) => void;
  readonly #addresses: () => readonly string[];
  readonly #way: () => Promise<Way | undefined>;
  #knownWay: Way | undefined;
  #closed = false;
  #known: string;
  #wall: number;
  #timer: Timer | undefined;

  /**
   * @param onChange gets what happened in words, and tells of an address whether it is good as before
   */
  constructor(
    clock: Clock,
    onChange: (reason: string, stillThere: (host: string) => boolean) => void,
    { addresses = localAddresses, way = async () => undefined }: MonitorSources = {},
  ) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#addresses = addresses;
    this.#way = way;
    this.#known = text(addresses());
    this.#wall = clock.wallTime();
    this.#arm();
  }

  close(): void {
    this.#closed = true;
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
    if (slept || changed) this.#knownWay = undefined;
    // After a sleep the servers have forgotten our connections.
    if (slept) this.#onChange('the machine was asleep', () => false);
    else if (changed) {
      this.#onChange(`the addresses changed to ${now || 'none'}`, (host) => addresses.includes(host));
    } else void this.#lookAtWay(addresses);
  }

  /** All addresses may be there, and another one be the way out. */
  async #lookAtWay(addresses: readonly string[]): Promise<void> {
    const way = await this.#way().catch(() => undefined);
    const before = this.#knownWay;
    if (this.#closed || !way) return;
    this.#knownWay = way;
    if (before?.to !== way.to || before.from === way.from) return;
    this.#onChange(
      `the way to ${way.to} leads over ${way.from} now`,
      (host) => host !== before.from && addresses.includes(host),
    );
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
