/**
 * Server location from a table, for tests: names lead to the targets given, numeric hosts to themselves. Stands where
 * the real TargetResolver stands (see EndpointResolver).
 */
import { isIP } from 'node:net';
import { SwitchhookError } from '../base/errors.js';
import type { EndpointResolver, Target, TransportProtocol, Uri, Via } from '../sip/index.js';

const DEFAULT_PORTS: Readonly<Record<TransportProtocol, number>> = {
  udp: 5060,
  tcp: 5060,
  tls: 5061,
  ws: 80,
  wss: 443,
};

export class FakeResolver implements EndpointResolver {
  /** Host name → targets, in order. */
  readonly table: Map<string, Target[]>;
  /** In the order they were marked. */
  readonly failed: Target[] = [];
  /** For how many ms, where that was said. */
  readonly failedMs: number[] = [];

  constructor(table: Readonly<Record<string, Target[]>> = {}) {
    this.table = new Map(Object.entries(table));
  }

  async resolve(uri: Uri): Promise<Target[]> {
    if (uri.kind === 'sip') {
      const targets = this.table.get(uri.host);
      if (targets) return targets;
      if (isIP(uri.host)) {
        const protocol = (uri.transport ?? (uri.secure ? 'tls' : 'udp')) as TransportProtocol;
        return [{ protocol, host: uri.host, port: uri.port ?? DEFAULT_PORTS[protocol] }];
      }
    }
    throw new SwitchhookError('ERR_DNS_NOT_FOUND', { domain: String(uri), why: 'it is not in the table' });
  }

  async resolveSentBy(via: Via): Promise<Target[]> {
    const protocol = via.transport.toLowerCase() as TransportProtocol;
    const { host, port = DEFAULT_PORTS[protocol] } = via;
    return this.table.get(host) ?? [{ protocol, host, port }];
  }

  markFailed(target: Target, ms?: number): void {
    this.failed.push(target);
    if (ms !== undefined) this.failedMs.push(ms);
  }

  markGood(target: Target): void {
    const index = this.failed.indexOf(target);
    if (index >= 0) this.failed.splice(index, 1);
  }
}
