import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.js';
import { nullLogger } from '../../../../src/base/logger.js';
import { cryptoRandom } from '../../../../src/base/random.js';
import { parseUri } from '../../../../src/sip/message/uri.js';
import { createDnsClient, type DnsClient } from '../../../../src/sip/resolver/dns-client.js';
import { TargetResolver } from '../../../../src/sip/resolver/target-resolver.js';
import { DnsServer } from '../../../../src/testing/dns-server.js';

let server: DnsServer;
let client: DnsClient;

beforeEach(async () => {
  server = await DnsServer.start({
    'example.com': {
      naptr: [{ order: 50, preference: 10, service: 'SIPS+D2T', replacement: '_sips._tcp.example.com' }],
      a: ['192.0.2.1', '192.0.2.2'],
      aaaa: ['2001:db8::1', '::1'],
      ttl: 17,
    },
    '_sips._tcp.example.com': { srv: [{ priority: 1, weight: 2, port: 5061, target: 'sip.example.com' }] },
    'sip.example.com': { a: ['192.0.2.7'] },
    'broken.example': { fault: 'servfail' },
    'silent.example': { fault: 'silent' },
  });
  client = createDnsClient({ servers: [server.address], timeoutMs: 100, tries: 1 });
});

afterEach(() => server.close());

describe("the client on Node's resolver", () => {
  it('reads all four kinds of records over the wire', async () => {
    expect(await client.naptr('example.com')).toMatchObject([
      {
        order: 50,
        preference: 10,
        flags: 's',
        service: 'SIPS+D2T',
        regexp: '',
        replacement: '_sips._tcp.example.com',
      },
    ]);
    expect(await client.srv('_sips._tcp.example.com')).toMatchObject([
      { priority: 1, weight: 2, port: 5061, target: 'sip.example.com' },
    ]);
    expect(await client.a('Example.com')).toEqual([
      { address: '192.0.2.1', ttl: 17 },
      { address: '192.0.2.2', ttl: 17 },
    ]);
    expect((await client.aaaa('example.com')).map(({ address }) => address)).toEqual(['2001:db8::1', '::1']);
  });

  it('tells "there is none" from "no answer"', async () => {
    expect(await client.srv('example.com')).toEqual([]);
    expect(await client.a('nowhere.example')).toEqual([]);
    await expect(client.a('broken.example')).rejects.toThrow();
    await expect(client.srv('silent.example')).rejects.toThrow();
  });

  it('leads the resolver from a domain to a server', async () => {
    const resolver = new TargetResolver({
      dns: client,
      clock: systemClock,
      random: cryptoRandom,
      logger: nullLogger,
      supported: ['udp', 'tcp', 'tls'],
      family: 4,
    });
    expect(await resolver.resolve(parseUri('sip:bob@example.com'))).toEqual([
      {
        protocol: 'tls',
        host: '192.0.2.7',
        port: 5061,
        serverName: 'example.com',
        srvTarget: 'sip.example.com',
        priority: 1,
      },
    ]);
    expect(server.queries).toContain('NAPTR example.com');
    expect(server.queries.filter((query) => query === 'SRV _sips._tcp.example.com')).toHaveLength(1);
  });

  it('asks the system for what only it knows', async () => {
    expect(await client.lookup?.('localhost', 4)).toMatchObject([{ address: '127.0.0.1' }]);
  });
});
