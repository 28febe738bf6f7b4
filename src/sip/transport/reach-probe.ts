/**
 * Whether something listens at an address, found out beside SIP: for the question why no answer comes. A connection is
 * opened and closed again; over UDP a keep-alive (RFC 5626 §3.5.1) is sent from a connected socket, the only one that
 * hears the ICMP error of a host where nobody listens.
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

/** `silent`: neither answer nor refusal; over UDP that may still be somebody who listens. */
export type Reach = 'open' | 'refused' | 'unreachable' | 'silent';

const PING = Buffer.from('\r\n\r\n');

/** @param host an IP address @param timeoutMs after it the address is `silent` */
export function probeReach(
  protocol: 'udp' | 'tcp',
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Reach> {
  return new Promise((resolve) => {
    let close = (): void => {};
    const settle = (reach: Reach): void => {
      clearTimeout(patience);
      close();
      resolve(reach);
    };
    const fail = ({ code }: NodeJS.ErrnoException): void =>
      settle(code === 'ECONNREFUSED' ? 'refused' : 'unreachable');
    const patience = setTimeout(settle, timeoutMs, 'silent');
    if (protocol === 'tcp') {
      const socket = connect({ host, port }, () => settle('open'));
      close = () => socket.destroy();
      socket.on('error', fail);
      return;
    }
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    close = () => {
      close = () => {};
      socket.close();
    };
    socket.on('error', fail);
    socket.on('message', () => settle('open'));
    socket.connect(port, host, (error?: Error) => {
      if (error) fail(error);
      else socket.send(PING, (failed) => failed && fail(failed));
    });
  });
}
