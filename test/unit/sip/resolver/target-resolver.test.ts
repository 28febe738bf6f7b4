import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import { nullLogger } from '../../../../src/base/logger.js';
import { SeededRandom } from '../../../../src/base/random.js';
import { parseUri } from '../../../../src/sip/message/uri.js';
import { Via } from '../../../../src/sip/message/via.js';
import type { DnsClient } from '../../../../src/sip/resolver/dns-client.js';
import { TargetResolver, type TargetResolverOptions } from '../../../../src/sip/resolver/target-resolver.js';
import { hostPort, type Target } from '../../../../src/sip/transport/target.js';

interface Table {
  naptr?: Record<string, Array<[order: number, preference: number, service: string, replacement: string]>>;
  srv?: Record<string, Array<[priority: number, weight: number, port: number, target: string]>>;
  a?: Record<string, string[]>;
  aaaa?: Record<string, string[]>;
  hosts?: Record<string, string[]>;
  ttl?: number;
  /** Queries ('NAPTR example.com') that are refused, or never answered. */
  refused?: string[];
  silent?: string[];
}

function setUp(table: Table, options: Partial<TargetResolverOptions> = {}) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const ttl = table.ttl ?? 300;
  const ask = async <T>(type: string, name: string, records: T[] = []): Promise<T[]> => {
    asked.push(`${type} ${name}`);
    if (table.silent?.includes(`${type} ${name}`)) await new Promise(() => {});
    if (table.refused?.includes(`${type} ${name}`)) throw new Error('ESERVFAIL');
    return records;
  };
  const dns: DnsClient = {
    naptr: (name) =>
      ask(
        'NAPTR',
        name,
        table.naptr?.[name]?.map(([order, preference, service, replacement]) => ({
          order,
          preference,
          flags: 's',
          service,
          regexp: '',
          replacement,
          ttl,
        })),
      ),
    srv: (name) =>
      ask(
        'SRV',
        name,
        table.srv?.[name]?.map(([priority, weight, port, target]) => ({
          priority,
          weight,
          port,
          target,
          ttl,
        })),
      ),
    a: (name) =>
      ask(
        'A',
        name,
        table.a?.[name]?.map((address) => ({ address, ttl })),
      ),
    aaaa: (name) =>
      ask(
        'AAAA',
        name,
        table.aaaa?.[name]?.map((address) => ({ address, ttl })),
      ),
    lookup: (name, family) =>
      ask(
        'LOOKUP',
        name,
        table.hosts?.[name]
          ?.filter((address) => address.includes(':') === (family === 6))
          .map((address) => ({ address, ttl })),
      ),
  };
  const resolver = new TargetResolver({
    dns,
    clock,
    random: new SeededRandom(1),
    logger: nullLogger,
    supported: ['udp', 'tcp', 'tls'],
    family: 'any',
    ...options,
  });
  const resolve = async (uri: string) => (await resolver.resolve(parseUri(uri))).map(show);
  return { clock, asked, resolver, resolve };
}

const show = ({ protocol, host, port, serverName }: Target): string =>
  `${protocol} ${hostPort(host, port)}${serverName ? ` ${serverName}` : ''}`;

/** The example of RFC 3263 §4.1. */
const EXAMPLE: Table = {
  naptr: {
    'example.com': [
      [100, 50, 'SIP+D2U', '_sip._udp.example.com'],
      [50, 50, 'SIPS+D2T', '_sips._tcp.example.com.'],
      [90, 50, 'SIP+D2T', '_sip._tcp.example.com'],
    ],
  },
  srv: {
    '_sips._tcp.example.com': [[0, 1, 5061, 'server1.example.com']],
    '_sip._tcp.example.com': [
      [1, 0, 5060, 'server2.example.com'],
      [0, 0, 5070, 'server1.example.com'],
    ],
    '_sip._udp.example.com': [[0, 1, 5060, 'server1.example.com']],
  },
  a: {
    'server1.example.com': ['192.0.2.1'],
    'server2.example.com': ['192.0.2.2'],
    'example.com': ['192.0.2.9'],
  },
  aaaa: { 'server1.example.com': ['2001:db8::1'] },
};

describe('a numeric host (RFC 3263 §4.1, §4.2)', () => {
  it('needs no DNS: UDP for sip, TLS for sips, the default port of the transport', async () => {
    const { resolve, asked } = setUp({});
    expect(await resolve('sip:alice@192.0.2.1')).toEqual(['udp 192.0.2.1:5060']);
    expect(await resolve('sip:[2001:db8::1]')).toEqual(['udp [2001:db8::1]:5060']);
    expect(await resolve('sips:192.0.2.1')).toEqual(['tls 192.0.2.1:5061 192.0.2.1']);
    expect(await resolve('sip:192.0.2.1:5099;transport=TCP')).toEqual(['tcp 192.0.2.1:5099']);
    expect(await resolve('sip:192.0.2.1;transport=tls')).toEqual(['tls 192.0.2.1:5061 192.0.2.1']);
    expect(await resolve('sips:192.0.2.1;transport=tcp')).toEqual(['tls 192.0.2.1:5061 192.0.2.1']);
    expect(asked).toEqual([]);
  });

  it('of a family that is not enabled is refused', async () => {
    const { resolve } = setUp({}, { family: 4 });
    await expect(resolve('sip:[::1]')).rejects.toMatchObject({ code: 'ERR_DNS_NOT_FOUND' });
  });

  it('in maddr is where the request goes, while the certificate names the domain', async () => {
    const { resolve } = setUp({});
    expect(await resolve('sips:example.com;maddr=192.0.2.7')).toEqual(['tls 192.0.2.7:5061 example.com']);
  });
});

describe('a name with a port', () => {
  it('is looked up as an address only', async () => {
    const { resolve, asked } = setUp(EXAMPLE);
    expect(await resolve('sip:example.com:5060')).toEqual(['udp 192.0.2.9:5060']);
    expect(await resolve('sips:example.com:5071')).toEqual(['tls 192.0.2.9:5071 example.com']);
    expect(asked.every((query) => /^A+ /.test(query))).toBe(true);
  });

  it('gives all addresses, IPv4 first', async () => {
    const { resolve } = setUp({
      a: { 'x.example': ['192.0.2.1', '192.0.2.2'] },
      aaaa: { 'x.example': ['2001:db8::5'] },
    });
    expect(await resolve('sip:x.example:5060;transport=tcp')).toEqual([
      'tcp 192.0.2.1:5060',
      'tcp 192.0.2.2:5060',
      'tcp [2001:db8::5]:5060',
    ]);
  });
});

describe('a name with a transport', () => {
  it('asks for the SRV records of that transport, and their order is kept', async () => {
    const { resolve, asked } = setUp(EXAMPLE);
    expect(await resolve('sip:example.com;transport=tcp')).toEqual([
      'tcp 192.0.2.1:5070',
      'tcp [2001:db8::1]:5070',
      'tcp 192.0.2.2:5060',
    ]);
    expect(asked.some((query) => query.startsWith('NAPTR'))).toBe(false);
  });

  it('uses _sips for TLS', async () => {
    const { resolve } = setUp(EXAMPLE, { family: 4 });
    expect(await resolve('sip:example.com;transport=tls')).toEqual(['tls 192.0.2.1:5061 example.com']);
  });

  it('falls back to the address and the default port', async () => {
    const { resolve } = setUp({ a: { 'plain.example': ['192.0.2.3'] } });
    expect(await resolve('sip:plain.example;transport=tls')).toEqual(['tls 192.0.2.3:5061 plain.example']);
  });

  it('is refused when it is not supported or not secure enough', async () => {
    const { resolve } = setUp(EXAMPLE);
    await expect(resolve('sip:example.com;transport=sctp')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
    });
    await expect(resolve('sips:example.com;transport=udp')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
    });
    await expect(resolve('sip:example.com;transport=ws')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
    });
  });

  it('stops where the service is decidedly not available (RFC 2782, target ".")', async () => {
    const { resolve } = setUp({
      srv: { '_sip._udp.no.example': [[0, 0, 0, '.']] },
      a: { 'no.example': ['192.0.2.1'] },
    });
    await expect(resolve('sip:no.example;transport=udp')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
    });
  });
});

describe('a name alone', () => {
  it('follows NAPTR by order and preference, TLS included', async () => {
    const { resolve } = setUp(EXAMPLE, { family: 4 });
    expect(await resolve('sip:bob@example.com')).toEqual([
      'tls 192.0.2.1:5061 example.com',
      'tcp 192.0.2.1:5070',
      'tcp 192.0.2.2:5060',
      'udp 192.0.2.1:5060',
    ]);
  });

  it('discards services the client does not support', async () => {
    const { resolve } = setUp(EXAMPLE, { family: 4, supported: ['udp'] });
    expect(await resolve('sip:example.com')).toEqual(['udp 192.0.2.1:5060']);
  });

  it('takes only SIPS services for a sips URI', async () => {
    const { resolve } = setUp(EXAMPLE, { family: 4 });
    expect(await resolve('sips:example.com')).toEqual(['tls 192.0.2.1:5061 example.com']);
  });

  it('may be led to another domain; the certificate has to name the first one', async () => {
    const { resolve } = setUp({
      naptr: { 'a.example': [[1, 1, 'SIPS+D2T', '_sips._tcp.b.example']] },
      srv: { '_sips._tcp.b.example': [[0, 0, 5061, 'c.example']] },
      a: { 'c.example': ['192.0.2.1'] },
    });
    expect(await resolve('sip:a.example')).toEqual(['tls 192.0.2.1:5061 a.example']);
  });

  it('without NAPTR asks SRV for what the client supports, in its order of preference', async () => {
    const { resolve } = setUp({ ...EXAMPLE, naptr: {} }, { family: 4, supported: ['tcp', 'udp', 'tls'] });
    expect(await resolve('sip:example.com')).toEqual([
      'tcp 192.0.2.1:5070',
      'tcp 192.0.2.2:5060',
      'udp 192.0.2.1:5060',
    ]);
    expect(await resolve('sips:example.com')).toEqual(['tls 192.0.2.1:5061 example.com']);
  });

  it('without NAPTR and SRV goes to its address: UDP for sip, TLS for sips', async () => {
    const { resolve } = setUp({ a: { 'plain.example': ['192.0.2.3'] } });
    expect(await resolve('sip:plain.example')).toEqual(['udp 192.0.2.3:5060']);
    expect(await resolve('sips:plain.example')).toEqual(['tls 192.0.2.3:5061 plain.example']);
    const tcpOnly = setUp({ a: { 'plain.example': ['192.0.2.3'] } }, { supported: ['tcp'] });
    expect(await tcpOnly.resolve('sip:plain.example')).toEqual(['tcp 192.0.2.3:5060']);
  });

  it('with NAPTR but without the SRV records keeps the transport NAPTR chose', async () => {
    const { resolve } = setUp({
      naptr: { 'half.example': [[1, 1, 'SIP+D2T', '_sip._tcp.half.example']] },
      a: { 'half.example': ['192.0.2.4'] },
    });
    expect(await resolve('sip:half.example')).toEqual(['tcp 192.0.2.4:5060']);
  });

  it('that does not exist is an error that says so', async () => {
    const { resolve } = setUp({});
    await expect(resolve('sip:nowhere.example')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
      details: { domain: 'nowhere.example', why: 'it has no address' },
    });
  });
});

describe('names of the system', () => {
  it('are found when the DNS knows no address', async () => {
    const { resolve } = setUp({ hosts: { 'pbx.lan': ['10.0.0.1'], pbx: ['10.0.0.2'] } });
    expect(await resolve('sip:pbx.lan')).toEqual(['udp 10.0.0.1:5060']);
    expect(await resolve('sip:pbx;transport=tcp')).toEqual(['tcp 10.0.0.2:5060']);
  });

  it('without a dot are not asked of the DNS', async () => {
    const { resolve, asked } = setUp({ hosts: { pbx: ['10.0.0.2'] } });
    await resolve('sip:pbx');
    expect(asked.every((query) => query === 'LOOKUP pbx')).toBe(true);
  });

  it('include localhost even without a hosts file', async () => {
    const { resolve } = setUp({});
    expect(await resolve('sip:localhost')).toEqual(['udp 127.0.0.1:5060', 'udp [::1]:5060']);
  });
});

describe('trouble with the DNS', () => {
  it('of one kind of query does not stop the others', async () => {
    const { resolve } = setUp({ ...EXAMPLE, refused: ['NAPTR example.com'] }, { family: 4 });
    expect(await resolve('sip:example.com')).toEqual([
      'udp 192.0.2.1:5060',
      'tcp 192.0.2.1:5070',
      'tcp 192.0.2.2:5060',
    ]);
  });

  it('that never answers ends with a time-out, asked once a query', async () => {
    const all = ['NAPTR', 'A', 'AAAA', 'LOOKUP'].map((type) => `${type} dead.example`);
    const srv = ['_udp', '_tcp'].map((protocol) => `SRV _sip.${protocol}.dead.example`);
    const { resolve, clock, asked } = setUp({ silent: [...all, ...srv] });
    const outcome = expect(resolve('sip:dead.example')).rejects.toMatchObject({
      code: 'ERR_DNS_NOT_FOUND',
      details: { why: 'the DNS servers do not answer' },
    });
    await clock.run(60_000);
    await outcome;
    expect(clock.pending).toBe(0);
    expect(asked.filter((query) => query.startsWith('SRV'))).toHaveLength(2);
  });

  it('is left at once when the signal fires', async () => {
    const { resolver } = setUp({ silent: ['A slow.example'] });
    const controller = new AbortController();
    const outcome = resolver.resolve(parseUri('sip:slow.example:5060'), controller.signal);
    controller.abort();
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('the cache', () => {
  it('keeps answers for their TTL', async () => {
    const { resolve, asked, clock } = setUp({ a: { 'x.example': ['192.0.2.1'] }, ttl: 30 }, { family: 4 });
    await resolve('sip:x.example:5060');
    clock.advance(29_000);
    await resolve('sip:x.example:5060');
    expect(asked).toEqual(['A x.example']);
    clock.advance(1001);
    await resolve('sip:x.example:5060');
    expect(asked).toHaveLength(2);
  });

  it('keeps "there is none" only for seconds', async () => {
    const table: Table = { a: {} };
    const { resolve, clock } = setUp(table, { family: 4 });
    await expect(resolve('sip:new.example:5060')).rejects.toThrow();
    (table.a ??= {})['new.example'] = ['192.0.2.1'];
    await expect(resolve('sip:new.example:5060')).rejects.toThrow();
    clock.advance(10_001);
    expect(await resolve('sip:new.example:5060')).toEqual(['udp 192.0.2.1:5060']);
  });

  it('shares a query that is on its way, and is emptied by clear()', async () => {
    const { resolve, resolver, asked } = setUp({ a: { 'x.example': ['192.0.2.1'] } }, { family: 4 });
    await Promise.all([resolve('sip:x.example:5060'), resolve('sip:x.example:5061')]);
    expect(asked).toHaveLength(1);
    resolver.clear();
    await resolve('sip:x.example:5060');
    expect(asked).toHaveLength(2);
  });

  it('survives hostile answers: the list stays bounded', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `192.0.${i >> 8}.${i & 255}`);
    const { resolve } = setUp({ a: { 'big.example': many } });
    expect((await resolve('sip:big.example:5060')).length).toBeLessThanOrEqual(64);
  });
});

describe('failed targets', () => {
  it('[dns-srv/0] priority, weight and what happened before order the servers of SRV records; without them addresses do', async () => {
    const { resolver, resolve } = setUp({
      srv: {
        '_sip._udp.x.example': [
          [20, 1, 5060, 'late.example'],
          [10, 0, 5060, 'light.example'],
          [10, 1000, 5060, 'heavy.example'],
        ],
      },
      a: {
        'late.example': ['192.0.2.3'],
        'light.example': ['192.0.2.2'],
        'heavy.example': ['192.0.2.1'],
        'y.example': ['192.0.2.4'],
      },
      aaaa: { 'y.example': ['2001:db8::4'] },
    });
    const uri = 'sip:x.example;transport=udp';
    const orders: string[] = [];
    for (let i = 0; i < 50; i++) orders.push((await resolve(uri)).map((one) => one.slice(12, 13)).join(''));
    expect(orders.filter((order) => order === '123').length).toBeGreaterThan(45);
    expect(orders.every((order) => order.endsWith('3'))).toBe(true);
    resolver.markFailed({ protocol: 'udp', host: '192.0.2.1', port: 5060 });
    expect(await resolve(uri)).toEqual(['udp 192.0.2.2:5060', 'udp 192.0.2.3:5060', 'udp 192.0.2.1:5060']);
    expect(await resolve('sip:y.example;transport=udp')).toEqual([
      'udp 192.0.2.4:5060',
      'udp [2001:db8::4]:5060',
    ]);
  });

  it('are tried last for the penalty time', async () => {
    const { resolver, resolve, clock } = setUp({
      a: { 'x.example': ['192.0.2.1', '192.0.2.2', '192.0.2.3'] },
    });
    const [first, second] = await resolver.resolve(parseUri('sip:x.example:5060'));
    resolver.markFailed(first);
    expect(await resolve('sip:x.example:5060')).toEqual([
      'udp 192.0.2.2:5060',
      'udp 192.0.2.3:5060',
      'udp 192.0.2.1:5060',
    ]);
    resolver.markFailed(second);
    resolver.markGood(first);
    expect((await resolve('sip:x.example:5060'))[2]).toBe('udp 192.0.2.2:5060');
    clock.advance(60_001);
    expect((await resolve('sip:x.example:5060'))[1]).toBe('udp 192.0.2.2:5060');
  });

  it('are tried last for as long as they have asked for', async () => {
    const { resolver, resolve, clock } = setUp({ a: { 'x.example': ['192.0.2.1', '192.0.2.2'] } });
    const [first] = await resolver.resolve(parseUri('sip:x.example:5060'));
    resolver.markFailed(first);
    resolver.markFailed(first, 300_000);
    clock.advance(299_000);
    expect((await resolve('sip:x.example:5060'))[1]).toBe('udp 192.0.2.1:5060');
    clock.advance(2000);
    expect((await resolve('sip:x.example:5060'))[0]).toBe('udp 192.0.2.1:5060');
  });
});

describe('the way back of a response (RFC 3263 §5)', () => {
  it('follows sent-by: address, name with port, name alone', async () => {
    const { resolver } = setUp(EXAMPLE, { family: 4 });
    const targets = async (via: string) => (await resolver.resolveSentBy(Via.parse(via))).map(show);
    expect(await targets('SIP/2.0/TCP 192.0.2.8;branch=z9hG4bKx')).toEqual(['tcp 192.0.2.8:5060']);
    expect(await targets('SIP/2.0/UDP example.com:5080')).toEqual(['udp 192.0.2.9:5080']);
    expect(await targets('SIP/2.0/TLS example.com')).toEqual(['tls 192.0.2.1:5061 example.com']);
  });
});
