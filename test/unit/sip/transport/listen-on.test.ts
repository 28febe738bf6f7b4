import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../../src/base/errors.js';
import { listenOn } from '../../../../src/sip/transport/listen-on.js';
import type { Listener, ListenOptions } from '../../../../src/sip/transport/transport-layer.js';

/** Gives out ports from 5001 on; those in `taken` are in use. */
class Ports {
  readonly open = new Set<string>();
  #next = 5001;

  constructor(readonly taken: ReadonlySet<string>) {}

  async listen({ protocol, port }: ListenOptions): Promise<Listener> {
    const name = `${protocol}:${port || this.#next++}`;
    if (this.taken.has(name)) throw new SwitchhookError('ERR_SIP_LISTEN', { address: name, why: 'in use' });
    this.open.add(name);
    const address = { host: '127.0.0.1', port: Number(name.slice(name.indexOf(':') + 1)) };
    return { protocol, address, close: async () => void this.open.delete(name) };
  }
}

describe('listening on one port for several protocols', () => {
  it('takes another when the number is taken for one of them, and keeps nothing of the first', async () => {
    const ports = new Ports(new Set(['tcp:5001', 'tls:5003']));
    await listenOn(ports, ['udp', 'tcp', 'tls'], {});
    expect([...ports.open]).toEqual(['udp:5003', 'tcp:5003', 'tls:5004']);
  });

  it('keeps to a port that was asked for', async () => {
    const ports = new Ports(new Set(['tcp:5060']));
    await expect(listenOn(ports, ['udp', 'tcp'], { port: 5060 })).rejects.toMatchObject({
      code: 'ERR_SIP_LISTEN',
    });
    expect(ports.open.size).toBe(0);
  });

  it('gives up in the end', async () => {
    const taken = Array.from({ length: 100 }, (_, i) => `tcp:${5001 + i}`);
    await expect(listenOn(new Ports(new Set(taken)), ['udp', 'tcp'], {})).rejects.toMatchObject({
      code: 'ERR_SIP_LISTEN',
    });
  });

  it('gives TLS alone the port asked for', async () => {
    const ports = new Ports(new Set());
    await listenOn(ports, ['tls'], { port: 5061 });
    expect([...ports.open]).toEqual(['tls:5061']);
  });
});
