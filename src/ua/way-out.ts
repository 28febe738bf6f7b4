/**
 * Which way a request takes that opens a call or stands alone: the connection of the registration, the account's
 * server or proxy, or the server of the address called. sips goes over TLS only (RFC 3261 §26.2.2). Used by UserAgent.
 */
import { SwitchhookError } from '../base/errors.js';
import { type Flow, type SipEndpoint, SipUri, type Target } from '../sip/index.js';
import type { Account } from './account.js';

export interface WayOut {
  /** A flow of that way: tells the local address. */
  flow: Flow;
  /** Servers to try in this order; absent when only `flow` will do. */
  targets?: Target[];
}

/** @throws ERR_DNS_NOT_FOUND, ERR_SIP_TRANSPORT */
export async function findWayOut(
  endpoint: SipEndpoint,
  uri: SipUri,
  account: Account | undefined,
  signal?: AbortSignal,
): Promise<WayOut> {
  const registered = account?.flow;
  if (registered?.open && registered.reliable && (registered.secure || !uri.secure))
    return { flow: registered };
  const route = account?.routes()[0]?.uri;
  const hop = account ? (route instanceof SipUri ? route : account.nextHop) : uri;
  const located = await locate(endpoint, hop, uri.secure, signal);
  // The server that has our binding answers; one of better rank may not be back yet.
  const targets = registered?.open ? first(located, registered) : located;
  let failure: unknown = new SwitchhookError('ERR_DNS_NOT_FOUND', {
    domain: hop.host,
    why: uri.secure ? 'it offers no TLS, which a sips address needs' : 'it has no usable address',
  });
  for (const [index, target] of targets.entries()) {
    try {
      return { flow: await endpoint.connect(target, signal), targets: targets.slice(index) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function first(targets: readonly Target[], { protocol, remote }: Flow): Target[] {
  const ours = ({ protocol: by, host, port }: Target): boolean =>
    by === protocol && host === remote.host && port === remote.port;
  return [...targets.filter(ours), ...targets.filter((target) => !ours(target))];
}

async function locate(
  endpoint: SipEndpoint,
  hop: SipUri,
  secure: boolean,
  signal: AbortSignal | undefined,
): Promise<Target[]> {
  const targets = await endpoint.resolve(secure ? overTls(hop) : hop, signal);
  return secure ? targets.filter(({ protocol }) => protocol === 'tls' || protocol === 'wss') : targets;
}

/** The same hop by sips: its transport and the port that belongs to that are not those of TLS. */
function overTls(hop: SipUri): SipUri {
  if (hop.secure) return hop;
  const copy = hop.clone();
  copy.secure = true;
  if (hop.transport === 'tls') return copy;
  copy.port = undefined;
  copy.params.delete('transport');
  return copy;
}
