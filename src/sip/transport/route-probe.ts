/**
 * Finds the local address the system's routes use towards a peer, for sockets bound to a wildcard: a UDP socket is
 * connected, which sends nothing, and asked for its name. Used by the UDP transport; connections know theirs.
 */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { externalAddress } from '../../base/interfaces.js';

/** After it a route is asked for anew, in the background: the network may have changed. */
const FRESH_MS = 30_000;
const MAX_ROUTES = 1000;
/** Sockets open at one time; a flood from made-up addresses gets no more. */
const MAX_PROBES = 64;
/** Any port will do (RFC 863). */
const DISCARD_PORT = 9;

interface Route {
  local: string;
  freshUntil: number;
}

export class RouteProbe {
  readonly #clock: Clock;
  readonly #routes = new Map<string, Route>();
  readonly #running = new Map<string, Promise<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is known by now. */
  get(remoteHost: string): string | undefined {
    const route = this.#routes.get(remoteHost);
    if (!route) return undefined;
    if (route.freshUntil < this.#clock.now()) {
      route.freshUntil = this.#clock.now() + FRESH_MS;
      this.find(remoteHost).catch(() => this.#routes.delete(remoteHost));
    }
    return route.local;
  }

  /** @throws the system's error when there is no route, or when too many are being looked for */
  find(remoteHost: string): Promise<string> {
    const running = this.#running.get(remoteHost);
    if (running) return running;
    if (this.#running.size >= MAX_PROBES)
      return Promise.reject(new Error('too many routes are being looked for'));
    const probe = probeRoute(remoteHost)
      .then((local) => {
        this.#routes.delete(remoteHost);
        this.#routes.set(remoteHost, { local, freshUntil: this.#clock.now() + FRESH_MS });
        if (this.#routes.size > MAX_ROUTES) this.#routes.delete(this.#routes.keys().next().value ?? '');
        return local;
      })
      .finally(() => this.#running.delete(remoteHost));
    this.#running.set(remoteHost, probe);
    return probe;
  }

  /** Forgets all routes: the network has changed. */
  clear(): void {
    this.#routes.clear();
  }
}

/** Some address of this machine, where the route could not be found. */
export function anyLocalAddress(family: 4 | 6): string {
  return externalAddress(family) ?? (family === 6 ? '::1' : '127.0.0.1');
}

/** The local address of the route to `remoteHost`. @throws the system's error when there is none */
export function probeRoute(remoteHost: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(remoteHost) ? 'udp6' : 'udp4');
    const settle = (error?: Error) => {
      const local = error ? undefined : socket.address().address;
      socket.close();
      if (local === undefined) reject(error);
      else resolve(local);
    };
    socket.once('error', settle);
    socket.connect(DISCARD_PORT, remoteHost, settle);
  });
}
