/**
 * A network for media in virtual time: carries datagrams between the sessions opened on it, with delay, jitter, loss,
 * reordering and duplication as asked for. Given to MediaEngine as its transport.
 */
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { DatagramHandler, DatagramPair, DatagramTransport } from '../media/index.js';

export interface DatagramConditions {
  /** One way, in ms. */
  delayMs?: number;
  /** Added at random, 0 to this, in ms; reorders when longer than the packet time. */
  jitterMs?: number;
  /** Share of datagrams lost, 0 to 1. */
  loss?: number;
  /** Share of datagrams that arrive twice. */
  duplication?: number;
  /** Decides alone about each datagram when given: true = lost. */
  drop?: (data: Uint8Array, to: { address: string; port: number }) => boolean;
}

const FIRST_PORT = 10_000;

export class DatagramNetwork implements DatagramTransport {
  conditions: DatagramConditions;
  /** Datagrams sent so far, lost ones included. */
  sent = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ports = new Map<string, { handler: DatagramHandler; rtcp: boolean }>();
  #nextPort = FIRST_PORT;

  constructor(clock: Clock, random: Random, conditions: DatagramConditions = {}) {
    this.#clock = clock;
    this.#random = random;
    this.conditions = conditions;
  }

  /** Listening ports: a leak check. */
  get openPorts(): number {
    return this.#ports.size;
  }

  async open({ address }: { address: string }, handler: DatagramHandler): Promise<DatagramPair> {
    const rtpPort = this.#nextPort;
    const rtcpPort = rtpPort + 1;
    this.#nextPort += 2;
    this.#ports.set(`${address}:${rtpPort}`, { handler, rtcp: false });
    this.#ports.set(`${address}:${rtcpPort}`, { handler, rtcp: true });
    return {
      address,
      rtpPort,
      rtcpPort,
      send: (data, start, length, host, port, rtcp) =>
        this.inject(data.subarray(start, start + length), address, rtcp ? rtcpPort : rtpPort, host, port),
      close: () => {
        this.#ports.delete(`${address}:${rtpPort}`);
        this.#ports.delete(`${address}:${rtcpPort}`);
      },
    };
  }

  /** Sends a datagram under the present conditions, as from any address. */
  inject(data: Uint8Array, fromHost: string, fromPort: number, toHost: string, toPort: number): void {
    this.sent++;
    const { delayMs = 0, jitterMs = 0, loss = 0, duplication = 0, drop } = this.conditions;
    if (drop ? drop(data, { address: toHost, port: toPort }) : this.#random.float() < loss) return;
    const copies = this.#random.float() < duplication ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const copy = Buffer.from(data);
      this.#clock.after(delayMs + this.#random.float() * jitterMs, () => {
        const target = this.#ports.get(`${toHost}:${toPort}`);
        target?.handler(copy, fromHost, fromPort, target.rtcp);
      });
    }
  }
}
