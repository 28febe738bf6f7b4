/** What all transports of one layer share. Made by the transport layer; holds no logic of its own. */
import type { Clock } from '../../base/clock.js';
import type { Diagnostics, SocketAddress } from '../../base/diagnostics.js';
import { SwitchhookError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import type { Random } from '../../base/random.js';
import type { MessageLimits } from '../message/limits.js';
import type { SipMessage } from '../message/message.js';
import type { ParseFailure } from '../message/parse-message.js';
import type { Flow } from './flow.js';
import { type TransportProtocol, targetName } from './target.js';
import type { TypeOfService } from './type-of-service.js';

/** Since the layer was made. */
export interface TransportCounters {
  messagesIn: number;
  messagesOut: number;
  /** Messages that could not be parsed. */
  invalid: number;
  keepAlivesIn: number;
  /** Datagrams that are not SIP at all (STUN and the like). */
  ignored: number;
  sendErrors: number;
  connectionsOpened: number;
  /** Connections not taken because there were too many, or closed to make room. */
  connectionsRefused: number;
}

export interface TransportContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly diagnostics: Diagnostics;
  readonly limits: Readonly<MessageLimits>;
  readonly counters: TransportCounters;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly firstMessageTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxSendQueueBytes: number;
  readonly maxServers: number;
  readonly udpBufferBytes: { readonly receive: number; readonly send: number };
  readonly typeOfService: TypeOfService;
  /** What others are told in place of the local address. */
  told(local: string): string;
  /** Hands a message up; never throws. */
  deliver(message: SipMessage, flow: Flow): void;
  /** Hands a broken message up; never throws. */
  deliverInvalid(result: ParseFailure, flow: Flow): void;
  /** The port we listen on for `protocol` at the address `local`, if we do. */
  listeningPort(protocol: TransportProtocol, local: string): number | undefined;
}

/** Publishes a message as it crosses the wire, if anyone looks. */
export function trace(
  context: TransportContext,
  direction: 'in' | 'out',
  flow: { protocol: TransportProtocol; local: SocketAddress; remote: SocketAddress },
  data: Uint8Array,
): void {
  const { protocol, local, remote } = flow;
  context.diagnostics.sip.publish({
    time: context.clock.wallTime(),
    direction,
    protocol,
    local,
    remote,
    data,
  });
}

/** `code` in the details is that of the system, 'ECONNREFUSED' for one. */
export function transportError(
  target: { protocol: TransportProtocol; host: string; port: number },
  cause: unknown,
): SwitchhookError {
  const why = typeof cause === 'string' ? cause : describe(cause);
  return new SwitchhookError(
    'ERR_SIP_TRANSPORT',
    { method: 'the message', target: targetName(target), why, code: systemCode(cause) },
    cause instanceof Error ? { cause } : undefined,
  );
}

export function connectionLost(
  target: { protocol: TransportProtocol; host: string; port: number },
  cause: unknown,
): SwitchhookError {
  const why = typeof cause === 'string' ? cause : describe(cause);
  return new SwitchhookError('ERR_SIP_CONNECTION_LOST', {
    target: targetName(target),
    why,
    code: systemCode(cause),
  });
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer has closed the connection',
  ETIMEDOUT: 'the peer does not answer',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'the address is not available',
  EADDRINUSE: 'the port is in use by another program',
  EACCES: 'the system does not permit it',
  EMSGSIZE: 'the message is larger than a datagram can be',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS here',
  // OpenSSL of Node.js 24 and later.
  ERR_SSL_DH_KEY_TOO_SMALL: 'the peer agrees on keys that are too short (Diffie-Hellman needs 2048 bits)',
  ERR_SSL_EE_KEY_TOO_SMALL: 'the key is too short, RSA needs 2048 bits',
};

/** An error of the system or of OpenSSL in words. */
export function describe(error: unknown): string {
  const code = systemCode(error);
  const sentence = code === undefined ? undefined : SENTENCES[code];
  if (sentence) return sentence;
  // What OpenSSL says otherwise is a line with an address and a place of its source.
  if (code?.startsWith('ERR_SSL_') && error instanceof Error && 'reason' in error)
    return String(error.reason);
  return error instanceof Error ? error.message : String(error);
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
