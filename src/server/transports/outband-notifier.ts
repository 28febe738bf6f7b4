/**
 * Notifications to a port of this machine that has not asked for them (`wpapiconnectport`, `canuseudpnotifications`):
 * the old way, by which a client also learns the UDP port when the usual one was taken.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { Logger } from '../../base/logger.js';
import type { NotificationJournal } from '../clients/notification-journal.js';
import { notificationDatagram, type UdpServer } from './udp-server.js';

export interface OutbandOptions {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** `unheard`: only while nobody has sent a request over UDP. */
  readonly when: 'unheard' | 'always';
  /** The port to send from; default: that of the UDP server, if there is one. */
  readonly localPort?: number;
}

export class OutbandNotifier {
  readonly #unwatch: () => void;
  #socket: Socket | undefined;

  constructor(
    options: OutbandOptions,
    parts: { journal: NotificationJournal; udp: UdpServer | undefined; log: Logger; pushes(): boolean },
  ) {
    const { port, when, localPort } = options;
    const { journal, udp, log, pushes } = parts;
    if (localPort !== undefined || !udp) {
      this.#socket = createSocket('udp4');
      this.#socket.on('error', (error) => log.warn('socket of the notifications', { error }));
      this.#socket.bind(localPort ?? 0, '127.0.0.1');
    }
    this.#unwatch = journal.watch(({ text }) => {
      if (!pushes() || udp?.hears(port) || (when === 'unheard' && udp && !udp.unasked)) return;
      const datagram = notificationDatagram(text);
      if (this.#socket) this.#socket.send(datagram, port, '127.0.0.1', () => {});
      else udp?.send(datagram, { host: '127.0.0.1', port });
    });
  }

  close(): void {
    this.#unwatch();
    this.#socket?.close();
    this.#socket = undefined;
  }
}
