/**
 * Opens one TCP or TLS connection and verifies who answers (RFC 5922 §7.3). Used by the stream transport.
 *
 *     connecting ──► open                 TCP
 *     connecting ──► securing ──► open    TLS
 *              └──────────┴─────► failed
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';
import { SwitchhookError } from '../../base/errors.js';
import { certificateMatches, sipIdentities } from './certificate.js';
import { type TransportContext, transportError } from './context.js';
import { type Target, targetName } from './target.js';
import type { TlsSettings } from './tls-settings.js';

interface Dialled {
  socket: Socket;
  /** The SIP domains the server has proved to speak for. */
  identities: readonly string[];
}

/**
 * An established connection, for TLS after the handshake.
 * @param signal gives up; the rejection is then of no interest to anybody
 * @throws SwitchhookError ERR_SIP_TRANSPORT, ERR_SIP_CERTIFICATE
 */
export function dial(
  context: TransportContext,
  target: Target,
  tls: TlsSettings,
  signal: AbortSignal,
): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    // Here, since it throws when the certificates cannot be read.
    const secureContext = target.protocol === 'tls' ? tls.clientContext : undefined;
    const tcp = connectTcp({ host: target.host, port: target.port });
    let secured: Secured | undefined;
    const step = stepsOf(context, target);
    const timer = context.clock.after(context.connectTimeoutMs, () =>
      giveUp(transportError(target, `no connection within ${context.connectTimeoutMs} ms`)),
    );
    const giveUp = (error: SwitchhookError) => {
      stop();
      step('failed', error.message);
      const socket = secured?.socket ?? tcp;
      // Errors of a socket given up are of no interest, but unheard they would end the process.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error) => giveUp(transportError(target, error));
    const onClose = () => giveUp(transportError(target, 'the peer closed the connection'));
    const onAbort = () =>
      giveUp(new SwitchhookError('ERR_ABORTED', { what: `connecting to ${targetName(target)}` }));
    const onConnected = () => {
      context.typeOfService.mark(tcp);
      if (!secureContext) {
        open({ socket: tcp, identities: [] });
        return;
      }
      step('securing');
      unwatch(tcp);
      secured = secure(tcp, target, tls, secureContext);
      watch(secured.socket);
      secured.socket.once('secureConnect', onSecured);
    };
    const onSecured = () => {
      if (!secured) return;
      const { socket } = secured;
      const why = secured.refusal();
      if (why !== undefined && tls.verify !== 'warn') {
        giveUp(new SwitchhookError('ERR_SIP_CERTIFICATE', { target: targetName(target), why }));
        return;
      }
      if (why !== undefined)
        context.logger.warn('the certificate is not to be trusted', { target: targetName(target), why });
      open({ socket, identities: identitiesOf(socket) });
    };
    const open = (dialled: Dialled) => {
      stop();
      step('open');
      resolve(dialled);
    };
    const watch = (socket: Socket) => {
      socket.once('error', onError);
      socket.once('close', onClose);
    };
    const unwatch = (socket: Socket) => {
      socket.removeListener('error', onError);
      socket.removeListener('close', onClose);
    };
    const stop = () => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      tcp.removeListener('connect', onConnected);
      unwatch(secured?.socket ?? tcp);
      secured?.socket.removeListener('secureConnect', onSecured);
    };
    watch(tcp);
    tcp.once('connect', onConnected);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** Tells how far a connection is, if anyone looks. */
function stepsOf(context: TransportContext, target: Target): (to: string, reason?: string) => void {
  let from = 'none';
  const step = (to: string, reason?: string): void => {
    const { state } = context.diagnostics;
    const time = context.clock.wallTime();
    if (state.active) state.publish({ time, kind: 'connection', id: targetName(target), from, to, reason });
    from = to;
  };
  step('connecting');
  return step;
}

interface Secured {
  socket: TLSSocket;
  /** Why the peer is not who it should be. */
  refusal(): string | undefined;
}

/** TLS over a connection of TCP, which closes with it: what belongs to the connection can be set on that alone. */
function secure(tcp: Socket, target: Target, tls: TlsSettings, secureContext: SecureContext): Secured {
  const { host, serverName = host } = target;
  let mismatch: string | undefined;
  const socket = connectTls({
    socket: tcp,
    host,
    secureContext,
    // RFC 6066 §3: no literals in SNI.
    servername: isIP(serverName) ? undefined : serverName,
    // Judged by the caller, before anything is sent, so that the reason can be given in words.
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate: PeerCertificate) => {
      if (certificateMatches(certificate, serverName, tls.wildcards)) return undefined;
      mismatch = `it is not valid for ${serverName}`;
      return new Error(mismatch);
    },
  });
  return {
    socket,
    refusal: () => {
      if (!tls.verify || socket.authorized) return undefined;
      return mismatch ?? reason(socket.authorizationError);
    },
  };
}

function identitiesOf(socket: TLSSocket): readonly string[] {
  return socket.authorized ? sipIdentities(socket.getPeerCertificate()) : [];
}

const SENTENCES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the authority that signed it is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority that signed it is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority that signed it is not known',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  INVALID_PURPOSE: 'it is not made for servers',
  // What OpenSSL of Node.js 24 and later finds too weak has no name of its own in Node.
  UNSPECIFIED: 'its keys or signatures are too weak (RSA needs 2048 bits, SHA-1 does not do)',
};

/** Node gives OpenSSL's code, as an Error or (its types say) as such, though as a string in fact. */
function reason(error: unknown): string {
  const code =
    error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
  return SENTENCES[code] ?? code;
}
