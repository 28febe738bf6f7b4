/**
 * Opens the listeners of a phone or exchange: all protocols on one port number, TLS on the next beside a plain
 * transport (RFC 3261 §19.1.2), at every host given. Where no port is asked for the system chooses one for the first
 * protocol; the number may be taken for the others, and then it tries again.
 */
import { isSwitchhookError } from '../../base/errors.js';
import type { TransportProtocol } from './target.js';
import type { Listener, ListenOptions } from './transport-layer.js';

const TRIES = 20;

export interface ListenOnOptions {
  /** One address or several, all with the same ports. */
  host?: string | readonly string[];
  port?: number;
  /** Ports of their own. */
  ports?: Partial<Record<TransportProtocol, number>>;
}

/** @throws SwitchhookError ERR_SIP_LISTEN and what else `listen` throws; nothing is left open then */
export async function listenOn(
  transport: { listen(options: ListenOptions): Promise<Listener> },
  protocols: readonly TransportProtocol[],
  { host, port, ports = {} }: ListenOnOptions,
): Promise<Listener[]> {
  const hosts = host === undefined || typeof host === 'string' ? [host] : host;
  for (let left = TRIES; ; left--) {
    const opened: Listener[] = [];
    let common = port || undefined;
    try {
      for (const protocol of protocols) {
        let wanted = ports[protocol];
        for (const one of hosts) {
          wanted ??= protocol === 'tls' && common && protocols.length > 1 ? common + 1 : common;
          const listener = await transport.listen({ protocol, host: one, port: wanted });
          opened.push(listener);
          wanted = listener.address.port;
          if (protocol !== 'tls' && ports[protocol] === undefined) common ??= wanted;
        }
      }
      return opened;
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close()));
      const another = !port && opened.length > 0 && isSwitchhookError(error, 'ERR_SIP_LISTEN') && left > 1;
      if (!another) throw error;
    }
  }
}
