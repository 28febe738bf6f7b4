/** The UDP sockets of a transport layer: which one a request leaves by, and binding them. */
import { isIPv6 } from 'node:net';
import { isLoopback } from '../../base/address-scope.js';
import type { SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import { type TransportContext, transportError } from './context.js';
import { RouteProbe } from './route-probe.js';
import { targetName } from './target.js';
import { type UdpFlow, UdpSocket } from './udp-socket.js';

export class UdpTransport {
  readonly #context: TransportContext;
  readonly #routes: RouteProbe;
  readonly #sockets = new Set<UdpSocket>();
  /** Sockets being opened for want of a bound one. */
  readonly #opening = new Map<4 | 6, Promise<UdpSocket>>();
  #open = true;

  constructor(context: TransportContext) {
    this.#context = context;
    this.#routes = new RouteProbe(context.clock);
  }

  /** @throws SwitchhookError ERR_SIP_LISTEN */
  async listen(address: SocketAddress): Promise<UdpSocket> {
    const socket = await UdpSocket.bind(this.#context, this.#routes, address);
    if (!this.#open) {
      await socket.close();
      throw new SwitchhookError('ERR_CLOSED', { what: 'the transport layer' });
    }
    this.#sockets.add(socket);
    return socket;
  }

  async close(socket: UdpSocket): Promise<void> {
    this.#sockets.delete(socket);
    await socket.close();
  }

  async closeAll(): Promise<void> {
    this.#open = false;
    await Promise.all([...this.#sockets].map((socket) => this.close(socket)));
  }

  /** Forgets the routes: the network has changed. */
  networkChanged(): void {
    this.#routes.clear();
  }

  /**
   * The flow to `remote` from the socket whose address the route uses, else from one that can reach it.
   * @throws SwitchhookError ERR_SIP_TRANSPORT when there is no route
   */
  async connect(remote: SocketAddress): Promise<UdpFlow> {
    const target = { protocol: 'udp' as const, ...remote };
    let local: string;
    try {
      local = this.#routes.get(remote.host) ?? (await this.#routes.find(remote.host));
    } catch (cause) {
      throw transportError(target, cause);
    }
    const socket = this.#choose(remote.host, local) ?? (await this.#openSocket(isIPv6(remote.host) ? 6 : 4));
    this.#context.typeOfService.leaveUdp();
    this.#context.logger.debug('UDP flow', { target: targetName(target), local });
    return socket.flow(remote);
  }

  #choose(remoteHost: string, local: string): UdpSocket | undefined {
    const family = isIPv6(remoteHost) ? 6 : 4;
    const usable = [...this.#sockets].filter((socket) => socket.family === family);
    return (
      usable.find((socket) => socket.address.host === local) ??
      usable.find((socket) => socket.wildcard) ??
      // Loopback addresses reach nobody else and are reached by nobody else.
      usable.find((socket) => isLoopback(socket.address.host) === isLoopback(remoteHost))
    );
  }

  #openSocket(family: 4 | 6): Promise<UdpSocket> {
    let opening = this.#opening.get(family);
    if (!opening) {
      opening = this.listen({ host: family === 6 ? '::' : '0.0.0.0', port: 0 }).finally(() =>
        this.#opening.delete(family),
      );
      this.#opening.set(family, opening);
    }
    return opening;
  }
}
