/**
 * The type of service (the traffic class of IPv6) of what is sent over TCP and TLS, where this Node.js can set one; it
 * has no way to for UDP. What cannot be done is said once each. Held by the transport context.
 */
import type { Socket } from 'node:net';
import type { Logger } from '../../base/logger.js';

/** The method is there from Node.js 24.15 on. */
type MarkableSocket = Socket & { setTypeOfService?(value: number): unknown };

export class TypeOfService {
  readonly #value: number | undefined;
  readonly #logger: Logger;
  readonly #said = new Set<string>();

  /** @param value of the whole byte; undefined leaves it to the system */
  constructor(value: number | undefined, logger: Logger) {
    this.#value = value;
    this.#logger = logger;
  }

  /** @param socket that of TCP: a TLSSocket has the method too, but it reaches nothing there */
  mark(socket: MarkableSocket): void {
    if (this.#value === undefined) return;
    if (!socket.setTypeOfService) {
      this.#missing('TCP and TLS', `Node.js ${process.versions.node} cannot set one, 24.15 and later can`);
      return;
    }
    try {
      socket.setTypeOfService(this.#value);
    } catch (error) {
      this.#missing('TCP and TLS', 'the system does not take it', error);
    }
  }

  /** A UDP socket is about to be used, unmarked. */
  leaveUdp(): void {
    if (this.#value !== undefined) this.#missing('UDP', 'Node.js cannot set one on a UDP socket');
  }

  #missing(what: string, why: string, error?: unknown): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#logger.warn(`SIP over ${what} is sent without a type of service: ${why}`, {
      typeOfService: this.#value,
      ...(error === undefined ? {} : { error }),
    });
  }
}
