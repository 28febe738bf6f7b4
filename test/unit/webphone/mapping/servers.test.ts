/** Settings about finding servers, on real sockets and with a DNS server of the test. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type LoopbackWorld, type LoopServer, onLoopback } from '../../../support/loopback-world.js';
import type { Given } from '../../../support/settings-world.js';

const NEVER_MS = 700;

/** Two servers with the same port on two addresses; the name leads to the first, its SRV record to the second. */
async function twoServers(
  world: LoopbackWorld,
  { a = true, srv = true, ttl = 60 } = {},
): Promise<{ byAddress: LoopServer; bySrv: LoopServer; port: number }> {
  const byAddress = await world.server();
  const { port } = byAddress;
  const bySrv = await world.server({ host: '127.0.0.2', port });
  const records = { srv: [{ port, target: 'one.pbx.test' }], ttl };
  await world.dns({
    'pbx.test': a ? { a: ['127.0.0.1'], ttl } : {},
    'one.pbx.test': { a: ['127.0.0.2'], ttl },
    ...(srv ? { '_sip._udp.pbx.test': records, '_sip._tcp.pbx.test': records } : {}),
  });
  return { byAddress, bySrv, port };
}

/** Which of the two a REGISTER reached. */
async function reached({ byAddress, bySrv }: { byAddress: LoopServer; bySrv: LoopServer }): Promise<string> {
  for (let waited = 0; waited < NEVER_MS; waited += 10) {
    if (byAddress.count('REGISTER') > 0) return 'address';
    if (bySrv.count('REGISTER') > 0) return 'srv';
    await sleep(10);
  }
  return 'nobody';
}

const registersAt = (given: Given, records = {}): Promise<string> =>
  onLoopback(async (world) => {
    const servers = await twoServers(world, records);
    await world.started({ serveraddress: `pbx.test:${servers.port}`, ...given });
    return reached(servers);
  });

describe('records', () => {
  it('[param:checksrvrecords] are asked for in the order told; with a port addresses come first by themselves', async () => {
    const found: string[] = [];
    for (const checksrvrecords of [-1, 0, 1, 2, 3, 4]) found.push(await registersAt({ checksrvrecords }));
    expect(found).toEqual(['address', 'address', 'address', 'srv', 'srv', 'srv']);
    expect(await registersAt({}, { a: false })).toBe('srv');
    expect(await registersAt({ checksrvrecords: 0 }, { a: false })).toBe('nobody');
    expect(await registersAt({ checksrvrecords: 1 }, { a: false })).toBe('srv');
    expect(await registersAt({ checksrvrecords: 3 }, { srv: false })).toBe('address');
    expect(await registersAt({ checksrvrecords: 4 }, { srv: false })).toBe('nobody');
  });

  it('[param:checksrvrecords] 2 asks for SRV records of our own server only', async () => {
    const calls = (checksrvrecords: number): Promise<number[]> =>
      onLoopback(async (world) => {
        const { byAddress, bySrv, port } = await twoServers(world);
        const webphone = await world.started({ checksrvrecords });
        webphone.API_Call(-1, `sip:bob@pbx.test:${port}`);
        await sleep(NEVER_MS);
        const counts = [byAddress, bySrv].map((server) => Math.min(1, server.count('INVITE')));
        webphone.API_Hangup(-2);
        return counts;
      });
    expect(await calls(2)).toEqual([1, 0]);
    expect(await calls(3)).toEqual([0, 1]);
  });

  it('[dns-srv/2] [param:applysrvport] the port of the record counts unless one is configured, never, or always', async () => {
    const portOf = (given: Given): Promise<string> =>
      onLoopback(async (world) => {
        const configured = await world.server();
        const ofRecord = await world.server();
        const usual = await world.server({ host: '127.0.0.77', port: 5060, protocols: ['udp'] });
        const own = given.serveraddress === 'plain' ? '127.0.0.77' : '127.0.0.1';
        await world.dns({
          'pbx.test': { a: [own] },
          '_sip._udp.pbx.test': { srv: [{ port: ofRecord.port, target: 'pbx.test' }] },
        });
        const serveraddress = given.serveraddress === 'plain' ? 'pbx.test' : `pbx.test:${configured.port}`;
        if (given.serveraddress === 'plain') {
          const there = await world.server({ host: '127.0.0.77', port: ofRecord.port, protocols: ['udp'] });
          await world.started({ ...given, checksrvrecords: 3, serveraddress });
          return (await reached({ byAddress: usual, bySrv: there })) === 'srv' ? 'record' : 'usual';
        }
        await world.started({ ...given, checksrvrecords: 3, serveraddress });
        return (await reached({ byAddress: configured, bySrv: ofRecord })) === 'srv'
          ? 'record'
          : 'configured';
      });
    expect(await portOf({})).toBe('configured');
    expect(await portOf({ applysrvport: 0 })).toBe('configured');
    expect(await portOf({ applysrvport: 1 })).toBe('record');
    expect(await portOf({ serveraddress: 'plain' })).toBe('record');
    expect(await portOf({ serveraddress: 'plain', applysrvport: 0 })).toBe('usual');
  });

  it('[dns-srv/2] [param:applysrvdomain] the host of the record is our domain as told, and where the record itself was configured', async () => {
    const domainOf = (serveraddress: string, given: Given = {}): Promise<string> =>
      onLoopback(async (world) => {
        const { bySrv } = await twoServers(world);
        await world.started({ serveraddress, ...given });
        const { request } = await bySrv.request('REGISTER');
        return `${request.uri} ${request.from.uri}`;
      });
    expect(await domainOf('pbx.test')).toBe('sip:pbx.test sip:anna@pbx.test');
    expect(await domainOf('pbx.test', { applysrvdomain: 2 })).toBe('sip:one.pbx.test sip:anna@one.pbx.test');
    const record = '_sip._udp.pbx.test';
    expect(await domainOf(record)).toBe('sip:one.pbx.test sip:anna@one.pbx.test');
    expect(await domainOf(record, { applysrvdomain: 0 })).toBe(`sip:${record} sip:anna@${record}`);
    expect(await domainOf(record, { applysrvdomain: 1 })).toBe('sip:pbx.test sip:anna@pbx.test');
  });
});

describe('answers of the DNS', () => {
  /** How often the address was asked for by two registrations, and whether the second one arrived. */
  const asked = (first: Given, second: Given = {}, ttl = 60): Promise<[queries: number, arrived: boolean]> =>
    onLoopback(async (world) => {
      const server = await world.server();
      const dns = await world.dns({ 'pbx.test': { a: ['127.0.0.1'], ttl } });
      const webphone = await world.started({
        serveraddress: `pbx.test:${server.port}`,
        inet: 0,
        needunregister: false,
        ...first,
      });
      await reached({ byAddress: server, bySrv: server });
      const before = server.count('REGISTER');
      for (const [name, value] of Object.entries(second)) webphone.API_SetParameter(name, value);
      await sleep(1100);
      webphone.API_Register();
      await sleep(300);
      const queries = dns.queries.filter((query) => query === 'A pbx.test').length;
      return [queries, server.count('REGISTER') > before];
    });

  it('[param:dnslookup] are asked for anew, kept as long as they say, kept for good, or not asked for at all', async () => {
    expect(await asked({ dnslookup: 0 })).toEqual([1, true]);
    expect(await asked({ dnslookup: 1 })).toEqual([2, true]);
    expect(await asked({ dnslookup: 2 }, {}, 1)).toEqual([2, true]);
    expect(await asked({ dnslookup: 3 }, {}, 1)).toEqual([1, true]);
    expect(await asked({ dnslookup: 4 })).toEqual([0, false]);
    expect(await asked({}, { dnslookup: 4 }, 1)).toEqual([1, true]);
    expect(await asked({ dnslookup: 5 })).toEqual([0, false]);
  });
});

describe('several addresses', () => {
  it('[dns-srv/1] [param:checkmultiarecords] are tried one after the other, or the first alone', async () => {
    const arrives = (given: Given): Promise<string> =>
      onLoopback(async (world) => {
        const server = await world.server();
        await world.dns({ 'pbx.test': { a: ['127.0.0.2', '127.0.0.1'] } });
        await world.started({ serveraddress: `pbx.test:${server.port}`, transport: 1, ...given });
        return reached({ byAddress: server, bySrv: server });
      });
    expect(await arrives({})).toBe('address');
    expect(await arrives({ checkmultiarecords: 0 })).toBe('nobody');
  });

  it('[param:dnscanfailower] the next is tried at the repetition told, or never', async () => {
    const arrivesAfter = (dnscanfailower: number): Promise<number> =>
      onLoopback(async (world) => {
        const server = await world.server();
        await world.dns({ 'pbx.test': { a: ['127.0.0.2', '127.0.0.1'] } });
        const begin = performance.now();
        await world.started({ serveraddress: `pbx.test:${server.port}`, transport: 0, dnscanfailower });
        await server.request('REGISTER', 0, 2400).catch(() => {});
        return server.count('REGISTER') > 0 ? performance.now() - begin : Number.POSITIVE_INFINITY;
      });
    const once = await arrivesAfter(1);
    expect(once).toBeGreaterThan(1400);
    expect(once).toBeLessThan(2400);
    expect(await arrivesAfter(0)).toBe(Number.POSITIVE_INFINITY);
    expect(await arrivesAfter(2)).toBe(Number.POSITIVE_INFINITY);
  });
});
