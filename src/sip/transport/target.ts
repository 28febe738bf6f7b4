/** Where a message can go: the outcome of server location (RFC 3263) and the input of the transport layer. */
import { formatHost } from '../message/host.js';

export type TransportProtocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Target {
  protocol: TransportProtocol;
  /** IP literal without brackets. */
  host: string;
  port: number;
  /** The name the certificate must be valid for (RFC 5922 §7.3: the domain before any DNS query), also sent as SNI. */
  serverName?: string;
  /** Of its SRV record (RFC 2782): servers of a higher number stand in for those of a lower one. */
  priority?: number;
  /** The host name that record leads to. */
  srvTarget?: string;
}

/** RFC 3261 §18.1.1, RFC 7118 §5.5: used where no port is given. */
export const DEFAULT_PORTS: Readonly<Record<TransportProtocol, number>> = {
  udp: 5060,
  tcp: 5060,
  tls: 5061,
  ws: 80,
  wss: 443,
};

/** 'tls:[2001:db8::1]:5061', for logs, errors and keys. */
export function targetName(target: { protocol: TransportProtocol; host: string; port: number }): string {
  return `${target.protocol}:${hostPort(target.host, target.port)}`;
}

/** 'host:port' with the brackets an IPv6 literal needs. */
export function hostPort(host: string, port: number): string {
  return `${formatHost(host)}:${port}`;
}
