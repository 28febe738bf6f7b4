import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDnsClient, type DnsClient } from '../../../../src/sip/resolver/dns-client.js';
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

  it('asks the system for what only it knows', async () => {
    expect(await client.lookup?.('localhost', 4)).toMatchObject([{ address: '127.0.0.1' }]);
  });
});
