/**
 * Taps: places where an observer (pcap writer, trace, metrics) may look at what passes, at no cost while nobody does.
 * The layers publish; only observe/, server/ and cli/ subscribe.
 */

export class Tap<T> {
  #subscribers: ReadonlyArray<(value: T) => void> = [];

  /** Check before building an expensive value. */
  get active(): boolean {
    return this.#subscribers.length > 0;
  }

  /** Hands `value` to the subscribers; one that throws is dropped, since an observer must not disturb a call. */
  publish(value: T): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(value);
      } catch {
        this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
      }
    }
  }

  /** @returns the function that ends the subscription */
  subscribe(subscriber: (value: T) => void): () => void {
    this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((other) => other !== subscriber);
    };
  }
}

/** An IP literal (no brackets) and a port. */
export interface SocketAddress {
  host: string;
  port: number;
}

/** A SIP message as it crossed the wire. */
export interface SipTrace {
  /** Milliseconds since the Unix epoch. */
  time: number;
  direction: 'in' | 'out';
  protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
  local: SocketAddress;
  remote: SocketAddress;
  /** The bytes; valid only during the call. */
  data: Uint8Array;
}

/** One state change of anything with a state. */
export interface StateTrace {
  time: number;
  /** 'registration', 'call', 'connection', … */
  kind: string;
  /** Call-ID or another name the reader can find in the trace. */
  id: string;
  from: string;
  to: string;
  reason?: string;
}

export interface Diagnostics {
  readonly sip: Tap<SipTrace>;
  readonly state: Tap<StateTrace>;
}

export function createDiagnostics(): Diagnostics {
  return { sip: new Tap(), state: new Tap() };
}
