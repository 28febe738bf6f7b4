/**
 * All connections of a transport layer: how many there may be and which of them can be used again (RFC 3261 §18.1.1,
 * RFC 5923). Used by the stream transport only; opens and closes nothing but what has to make room.
 */
import type { SipRequest } from '../message/message.js';
import type { Connection } from './connection.js';
import { DEFAULT_PORTS, type Target, targetName } from './target.js';

/** The key of a connection that can carry requests for `target`: over TLS only for the name it was verified for. */
export function reuseKey(target: Target): string {
  return target.protocol === 'tls'
    ? `${targetName(target)} ${target.serverName ?? target.host}`
    : targetName(target);
}

export class ConnectionPool {
  readonly #max: number;
  readonly #onEvicted: () => void;
  readonly #connections = new Set<Connection>();
  readonly #byKey = new Map<string, Connection>();
  readonly #keys = new Map<Connection, Set<string>>();

  constructor(max: number, onEvicted: () => void) {
    this.#max = max;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#connections.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#connections.values();
  }

  /**
   * @param target what it was opened for. A connection the peer opened can be used for its own address and port only,
   * where nothing else listens; over TLS for no other name than that address.
   */
  add(connection: Connection, target: Target): void {
    this.#connections.add(connection);
    this.#addKey(connection, reuseKey(target));
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
    for (const key of this.#keys.get(connection) ?? []) {
      if (this.#byKey.get(key) === connection) this.#byKey.delete(key);
    }
    this.#keys.delete(connection);
  }

  find(target: Target): Connection | undefined {
    const connection = this.#byKey.get(reuseKey(target));
    return connection?.open ? connection : undefined;
  }

  /**
   * Honours the `alias` parameter (RFC 5923 §8.2): requests to the advertised address go over this connection, but
   * only where the peer has proved by its certificate (§9.2) who it is, and only for those names.
   */
  addAliases(connection: Connection, request: SipRequest): void {
    if (connection.direction !== 'in' || connection.identities.length === 0) return;
    const via = request.topVia;
    if (!via?.params.has('alias')) return;
    const { protocol, remote } = connection;
    const port = via.port ?? DEFAULT_PORTS[protocol];
    for (const serverName of connection.identities) {
      this.#addKey(connection, reuseKey({ protocol, host: remote.host, port, serverName }));
    }
  }

  /**
   * True when one more of our own may be opened besides `pending` on their way; of `max`, the one that nobody watches
   * and that was used longest ago is closed for it.
   */
  makeRoomForServer(max: number, pending: number): boolean {
    const ours = [...this.#connections].filter(({ direction, open }) => direction === 'out' && open);
    if (ours.length + pending < max) return true;
    const idle = ours.filter(({ watched }) => !watched).sort((a, b) => a.lastActive - b.lastActive);
    if (idle.length === 0) return false;
    idle[0].closeSoon();
    this.remove(idle[0]);
    return true;
  }

  /** True when there is room for one more besides `pending` on their way; closes a silent stranger for it. */
  makeRoom(pending: number): boolean {
    if (this.#connections.size + pending < this.#max) return true;
    for (const connection of this.#connections) {
      if (connection.direction !== 'in' || connection.proven || connection.watched) continue;
      connection.closeSoon();
      this.remove(connection);
      this.#onEvicted();
      return true;
    }
    return false;
  }

  #addKey(connection: Connection, key: string): void {
    const current = this.#byKey.get(key);
    if (current === connection) return;
    let keys = this.#keys.get(connection);
    if (!keys) this.#keys.set(connection, (keys = new Set()));
    // A peer cannot fill our memory with aliases: one more than its certificate has names is enough.
    if (keys.size > connection.identities.length + 1) return;
    keys.add(key);
    this.#byKey.set(key, connection);
  }
}
