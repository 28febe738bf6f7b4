/** Settings about addresses and families of addresses, on real sockets. */
import { createSocket } from 'node:dgram';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { socketOptions } from '../../../../src/webphone/mapping/socket-options.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { freePort } from '../../../support/free-port.js';
import { type LoopbackWorld, onLoopback } from '../../../support/loopback-world.js';
import type { Given } from '../../../support/settings-world.js';

/** Addresses this machine has besides. */
const { homes } = vi.hoisted(() => ({ homes: [] as string[] }));

vi.mock(import('../../../../src/base/interfaces.js'), async (original) => {
  const real = await original();
  const home = (address: string): NetworkInterfaceInfo => ({
    address,
    family: 'IPv4',
    netmask: '255.255.255.0',
    cidr: `${address}/24`,
    mac: '00:00:00:00:00:00',
    internal: true,
  });
  return { ...real, interfaceAddresses: () => [...homes.map(home), ...real.interfaceAddresses()] };
});

/** The family by which a REGISTER reaches a server whose name has addresses of both. */
const familyOf = (given: Given, server = 'pbx.test'): Promise<4 | 6 | undefined> =>
  onLoopback(async (world) => {
    const v4 = await world.server({ protocols: ['udp'] });
    const v6 = await world.server({ host: '::1', port: v4.port, protocols: ['udp'] });
    await world.dns({ 'pbx.test': { a: ['127.0.0.1'], aaaa: ['::1'] } });
    await world.started({ serveraddress: `${server}:${v4.port}`, transport: 0, ...given });
    for (let waited = 0; waited < 700; waited += 10) {
      if (v4.count('REGISTER') > 0) return 4;
      if (v6.count('REGISTER') > 0) return 6;
      await sleep(10);
    }
    return undefined;
  });

/** True when somebody answers OPTIONS there. */
function answersAt(host: string, port: number): Promise<boolean> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 400);
    socket.on('message', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.on('error', () => resolve(false));
    socket.bind(0, host.includes(':') ? '::1' : '127.0.0.1', () => {
      const own = host.includes(':') ? '[::1]' : '127.0.0.1';
      const via = `SIP/2.0/UDP ${own}:${socket.address().port};branch=z9hG4bKtest${port};rport`;
      socket.send(
        [
          `OPTIONS sip:anna@${host.includes(':') ? `[${host}]` : host}:${port} SIP/2.0`,
          `Via: ${via}`,
          'From: <sip:test@test.invalid>;tag=1',
          'To: <sip:anna@test.invalid>',
          `Call-ID: ${port}-${host}`,
          'CSeq: 1 OPTIONS',
          'Max-Forwards: 70',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
        port,
        host,
      );
    });
  }).finally(() => socket.close()) as Promise<boolean>;
}

/** Who of the hosts answers at the port of a phone with these settings. */
const listensOn = (given: Given, hosts: readonly string[]): Promise<boolean[]> =>
  onLoopback(async (world) => {
    const server = await world.server();
    await world.dns({ 'pbx.test': { a: ['127.0.0.1'] } });
    const signalingport = await freePort();
    const serveraddress = given.serveraddress === 'near' ? server.address : `pbx.test:${server.port}`;
    await world.started({ register: 0, signalingport, ...given, serveraddress });
    const answers: boolean[] = [];
    for (const host of hosts) answers.push(await answersAt(host, signalingport));
    return answers;
  });

describe('families of addresses', () => {
  it('[ip-version/0] [param:inet] one alone, or one before the other', async () => {
    const found: Array<4 | 6 | undefined> = [];
    for (const inet of [-1, 0, 1, 2, 4, 5]) found.push(await familyOf({ inet }));
    expect(found).toEqual([4, 4, 4, 4, 6, 6]);
    const either = new Set<4 | 6 | undefined>();
    for (let tries = 0; tries < 30 && either.size < 2; tries++) either.add(await familyOf({ inet: 3 }));
    expect([...either].sort()).toEqual([4, 6]);
  });

  it('[ip-version/0] [param:hasipv4] [param:hasipv6] [param:preferipv] may be had otherwise one by one', async () => {
    expect(await familyOf({ hasipv4: false })).toBe(6);
    expect(await familyOf({ inet: 4, hasipv6: false })).toBe(4);
    expect(await familyOf({ inet: 0, hasipv6: true, preferipv: 2 })).toBe(6);
    expect(await familyOf({ preferipv: 2 })).toBe(6);
    expect(await familyOf({ inet: 4, preferipv: 1 })).toBe(4);
  });

  it('[ip-version/1] IPv4 is not touched when it is off; [IPv6]:port is understood', async () => {
    expect(await familyOf({ inet: 5 }, '127.0.0.1')).toBeUndefined();
    expect(await familyOf({ inet: 5 }, '[::1]')).toBe(6);
    expect(await familyOf({ inet: 0 }, '[::1]')).toBeUndefined();
    expect(await familyOf({ inet: 1 }, '[::1]')).toBe(6);
    expect([await familyOf({ inet: 2 }), await familyOf({ inet: 4 })]).toEqual([4, 6]);
  });

  it('[param:listenonipv6] [param:ipvdualstack] both are listened on, with one port, when told', async () => {
    const near = { serveraddress: 'near' };
    const both = ['127.0.0.1', '::1'];
    expect(await listensOn({ ...near }, both)).toEqual([true, false]);
    expect(await listensOn({ ...near, listenonipv6: true }, both)).toEqual([true, true]);
    expect(await listensOn({ ...near, ipvdualstack: true }, both)).toEqual([true, true]);
    expect(await listensOn({ ...near, inet: 2 }, both)).toEqual([true, true]);
    expect(await listensOn({ ...near, inet: 2, listenonipv6: false }, both)).toEqual([true, false]);
    expect(await listensOn({ ...near, inet: 5 }, both)).toEqual([false, true]);
  });

  it('[param:cropipv6scopeid] the zone of a link-local address is left out, or told', async () => {
    const local = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
      (list ?? []).filter(({ address }) => /^fe80:/.test(address)).map(({ address }) => `${address}%${name}`),
    );
    // Loopback has none: there both are the same.
    for (const host of ['::1', ...local.slice(0, 1)]) {
      for (const cropipv6scopeid of [true, false]) {
        await onLoopback(async (world) => {
          const server = await world.server({ host, protocols: ['udp'] });
          const settings = new Settings();
          settings.set('cropipv6scopeid', cropipv6scopeid);
          const transport = world.transport(socketOptions(settings) ?? {});
          const flow = await transport.connect({ protocol: 'udp', host, port: server.port });
          expect(flow.sentBy.includes('%')).toBe(host.includes('%') && !cropipv6scopeid);
        });
      }
    }
  });
});

describe('our own addresses', () => {
  interface Told {
    via: string;
    contact: string;
    sdp: string;
    /** What is told by the call. */
    callContact: string;
    from: string;
    registers: number;
  }
  const told = (given: Given): Promise<Told> =>
    onLoopback(async (world: LoopbackWorld) => {
      const server = await world.server();
      const webphone = await world.started({ serveraddress: server.address, transport: 0, ...given });
      const { request, flow } = await server.request('REGISTER');
      webphone.API_Call(-1, 'bob');
      const { request: invite, tx } = await server.request('INVITE');
      tx.reply(486);
      return {
        via: request.topVia?.host ?? '',
        contact: String(request.contacts[0].uri),
        callContact: String(invite.contacts[0].uri),
        sdp: invite.bodyText,
        registers: server.count('REGISTER'),
        from: flow.remote.host,
      };
    });

  it('[param:localip] [param:localsdpip] [param:localsdpport] others are told those of the settings', async () => {
    const own = await told({});
    expect([own.via, own.from]).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(own.sdp).toMatch(/^c=IN IP4 127\.0\.0\.1\r$/m);

    const outside = await told({ localip: '203.0.113.9' });
    expect([outside.via, outside.from]).toEqual(['203.0.113.9', '127.0.0.1']);
    expect(outside.contact).toMatch(/@203\.0\.113\.9:\d+/);
    expect(outside.sdp).toMatch(/^c=IN IP4 203\.0\.113\.9\r$/m);

    const media = await told({ localsdpip: '203.0.113.8', localsdpport: 40_000 });
    expect(media.via).toBe('127.0.0.1');
    expect(media.sdp).toMatch(/^c=IN IP4 203\.0\.113\.8\r$/m);
    expect(media.sdp).toMatch(/^m=audio 40000 /m);
  });

  it('[param:bindip] [param:rtpbindip] [param:bindtolocalip] [param:localip] are used for the sockets when told', async () => {
    expect((await told({ bindip: '127.0.0.4' })).from).toBe('127.0.0.4');
    const media = await told({ rtpbindip: '127.0.0.5' });
    expect(media.from).toBe('127.0.0.1');
    expect(media.sdp).toMatch(/^c=IN IP4 127\.0\.0\.5\r$/m);
    expect((await told({ localip: '127.0.0.3', bindtolocalip: 0 })).from).toBe('127.0.0.1');
    expect((await told({ localip: '127.0.0.3', bindtolocalip: 1 })).from).toBe('127.0.0.3');
    // By itself only where it is one of this machine, and the server is beside it.
    expect((await told({ localip: '127.0.0.3', bindtolocalip: -1 })).from).toBe('127.0.0.1');
    expect(
      await listensOn({ serveraddress: 'near', localip: '127.0.0.1', bindtolocalip: -1 }, ['127.0.0.1']),
    ).toEqual([true]);
  });

  it('[nat/6] [param:localip] [param:bindip] [param:favlocalip] [param:bindtolocalip] override what is found on a machine with several', async () => {
    homes.push('127.0.0.2', '127.0.0.3');
    try {
      const everywhere = async (given: Given, address: string): Promise<void> => {
        const { via, from, contact, callContact, sdp } = await told(given);
        expect([given, via, from]).toEqual([given, address, address]);
        for (const uri of [contact, callContact]) expect(uri).toMatch(new RegExp(`@${address}:\\d+$`));
        expect(sdp).toContain(`c=IN IP4 ${address}\r\n`);
      };
      await everywhere({}, '127.0.0.1');
      await everywhere({ bindip: '127.0.0.3' }, '127.0.0.3');
      await everywhere({ favlocalip: '127.0.0.3' }, '127.0.0.3');
      await everywhere({ favlocalip: '127.0.0' }, '127.0.0.2');
      await everywhere({ favlocalip: '127.0.0.3', bindip: '127.0.0.2' }, '127.0.0.2');
      await everywhere({ localip: '127.0.0.3', bindtolocalip: 1 }, '127.0.0.3');
      await everywhere({ localip: '127.0.0.3', bindtolocalip: -1 }, '127.0.0.3');
      const unbound = await told({ localip: '127.0.0.3', bindtolocalip: 0 });
      expect([unbound.via, unbound.from]).toEqual(['127.0.0.3', '127.0.0.1']);
    } finally {
      homes.length = 0;
    }
  });

  it('[param:localip] stays what is told, though the server sees another address', async () => {
    const outside = await told({ localip: '203.0.113.9' });
    expect(outside.registers).toBe(1);
    expect(outside.callContact).toMatch(/@203\.0\.113\.9:\d+$/);
  });

  it('[param:udpconnect] [param:favlocalip] [param:bindtolocalip] narrow the sockets down to one address', async () => {
    const hosts = ['127.0.0.1', '127.0.0.2'];
    expect(await listensOn({}, hosts)).toEqual([true, true]);
    expect(await listensOn({ udpconnect: 1 }, hosts)).toEqual([true, false]);
    expect(await listensOn({ bindtolocalip: 1 }, hosts)).toEqual([true, false]);
    expect(await listensOn({ favlocalip: '127.0' }, hosts)).toEqual([true, false]);
    expect(await listensOn({ favlocalip: '198.51' }, hosts)).toEqual([true, true]);
  });
});

it('sigtos is the byte as it is given; unset nothing is marked', () => {
  const marked = (value?: number | string): number | undefined => {
    const settings = new Settings();
    if (value !== undefined) settings.set('sigtos', value);
    return socketOptions(settings)?.typeOfService;
  };
  expect([marked(), marked(0)]).toEqual([undefined, undefined]);
  expect([marked(1), marked(2), marked(4), marked(8), marked(16)]).toEqual([4, 2, 4, 8, 16]);
  // The manual's 10 is hexadecimal; its lowest bit is always ignored.
  expect([marked(10), marked('0x10'), marked('0xb8'), marked(5)]).toEqual([16, 16, 0xb8, 4]);
});
