/** Settings about ports, buffers, connections and certificates, on real sockets. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MediaEngine } from '../../../../src/media/index.js';
import { phoneOptions } from '../../../../src/webphone/mapping/phone-options.js';
import { Settings } from '../../../../src/webphone/settings/settings.js';
import { hasOpenssl, TestAuthority } from '../../../support/certificates.js';
import { freePort } from '../../../support/free-port.js';
import { type LoopbackWorld, onLoopback } from '../../../support/loopback-world.js';
import type { Given } from '../../../support/settings-world.js';
import '../../../support/preloaded.js';

function settingsOf(given: Given): Settings {
  const settings = new Settings();
  for (const [name, value] of Object.entries(given)) {
    const result = settings.set(name, value);
    if (!result.ok) throw new Error(result.error);
  }
  return settings;
}

/** The media engine of the settings, in this thread, for a phone whose port for SIP is known. */
function engineOf(given: Given, sipPort = 5060): Promise<MediaEngine> {
  const { portRange, portOrder, bufferBytes } = phoneOptions(settingsOf(given)).media ?? {};
  return MediaEngine.start({
    workers: 'in-process',
    rtp: {
      portRange: typeof portRange === 'function' ? portRange(sipPort) : portRange,
      portOrder,
      bufferBytes,
    },
  });
}

/** The port a phone with these settings registers from. */
async function sipPort(world: LoopbackWorld, given: Given, before?: () => Promise<void>): Promise<number> {
  const server = await world.server();
  const webphone = world.webphone({ serveraddress: server.address, transport: 0, ...given });
  await before?.();
  webphone.API_Start();
  const { flow } = await server.request('REGISTER');
  await webphone.close();
  return flow.remote.port;
}

async function occupy(port: number): Promise<() => void> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true });
  await once(socket, 'listening');
  return () => socket.close();
}

describe('ports', () => {
  it('[ports/2] [param:signalingport] one is drawn, kept in later runs, and replaced when it is taken', async () => {
    await onLoopback(async (world) => {
      const first = await sipPort(world, {});
      expect(first).toBeGreaterThanOrEqual(10_000);
      expect(first).toBeLessThanOrEqual(20_000);
      expect(await sipPort(world, {})).toBe(first);
      const free = await occupy(first);
      const second = await sipPort(world, {});
      free();
      expect(second).not.toBe(first);
      expect(second).toBeGreaterThanOrEqual(10_000);
      expect(second).toBeLessThanOrEqual(20_000);
    });
  });

  it('[ports/1] [param:signalingport] those up to ten beyond the one given are taken when it is in use', async () => {
    await onLoopback(async (world) => {
      const signalingport = await freePort(3);
      expect(await sipPort(world, { signalingport })).toBe(signalingport);
      const frees = [await occupy(signalingport), await occupy(signalingport + 1)];
      expect(await sipPort(world, { signalingport })).toBe(signalingport + 2);
      for (const free of frees) free();
    });
  });

  it('[ports/3] [param:rtpport] media follows two ports after signalling, where that is in range', async () => {
    const firstPort = async (given: Given, after: number): Promise<number> => {
      const engine = await engineOf(given, after);
      const session = await engine.openSession({ address: '127.0.0.1', label: 'test' });
      await engine.close();
      return session.rtpPort;
    };
    const free = await freePort(4);
    const even = free + (free % 2);
    // Those of the system may be out of the range.
    const usable = even <= 55_000 && even >= 10_002;
    if (usable) expect(await firstPort({}, even - 2)).toBe(even);
    const near = await firstPort({}, 15_000);
    expect(near).toBeGreaterThanOrEqual(15_002);
    expect(near).toBeLessThan(15_102);
    for (const far of [5060, 60_000]) {
      const port = await firstPort({}, far);
      expect(port).toBeGreaterThanOrEqual(16_384);
      expect(port).toBeLessThan(32_768);
    }
    for (const [rtpport, taken] of [
      [999, 1000],
      [65_001, 65_000],
    ])
      expect(new Settings().set('rtpport', rtpport)).toMatchObject({
        value: taken,
        warning: expect.stringContaining('out of range'),
      });
  });

  it('[ports/0] the ports of the next run are those of this one', async () => {
    await onLoopback(async (world) => {
      const media = async (sip: number): Promise<number[]> => {
        const engine = await engineOf({}, sip);
        const { rtpPort, rtcpPort } = await engine.openSession({ address: '127.0.0.1', label: 'test' });
        await engine.close();
        return [rtpPort, rtcpPort];
      };
      const run = async (): Promise<number[]> => {
        const sip = await sipPort(world, {});
        // As well where media cannot follow the port for SIP.
        return [sip, ...(await media(sip)), ...(await media(5060))];
      };
      const first = await run();
      expect(await run()).toEqual(first);
      expect(first[2]).toBe(first[1] + 1);
      expect(first[4]).toBe(first[3] + 1);
    });
  });

  // Video, two ports further on, is to come.
  it('[ports/0] [param:sockbuffersize] [param:sockbuffsize_rtp] RTP takes even ports from its base on, RTCP the next, with buffers of their own', async () => {
    const rtpport = (await freePort(8)) & ~1;
    const base = rtpport + 2 > 65_000 ? 40_000 : rtpport + 2;
    const engine = await engineOf({ rtpport: base });
    const sessions = [];
    for (const label of ['one', 'two', 'three'])
      sessions.push(await engine.openSession({ address: '127.0.0.1', label }));
    const ports = sessions.map((session) => session.rtpPort);
    expect(ports.map((port) => port % 2)).toEqual([0, 0, 0]);
    expect(ports[0]).toBe(base);
    expect(ports[1]).toBeGreaterThan(ports[0]);
    expect(ports[2]).toBeGreaterThan(ports[1]);
    expect(sessions.map((session) => session.rtcpPort)).toEqual(ports.map((port) => port + 1));
    await engine.close();

    const taken = async (given: Given): Promise<number> => {
      const media = await engineOf(given);
      const session = await media.openSession({ address: '127.0.0.1', label: 'flood' });
      const sender = createSocket('udp4').bind(0, '127.0.0.1');
      await once(sender, 'listening');
      await session.configure({
        remote: { address: '127.0.0.1', port: sender.address().port },
        direction: 'recvonly',
        receive: [{ payloadType: 0, codec: 'PCMU', clockRate: 8000 }],
      });
      for (let i = 0; i < 120; i++) {
        const packet = Buffer.alloc(172, 0xff);
        packet.set([0x80, 0, 0, i, 0, 0, 0, 0, 1, 2, 3, 4]);
        packet.writeUInt32BE(i * 160, 4);
        sender.send(packet, session.rtpPort, '127.0.0.1');
      }
      await sleep(300);
      const { received } = await session.stats();
      sender.close();
      await media.close();
      return received.packets;
    };
    expect(await taken({ sockbuffsize_rtp: 5000 })).toBeLessThan(60);
    expect(await taken({ sockbuffsize_rtp: 200_000 })).toBeGreaterThan(100);
    expect(await taken({ sockbuffersize: 5000 })).toBeLessThan(60);
    expect(await taken({ sockbuffersize: 5000, sockbuffsize_rtp: 200_000 })).toBeGreaterThan(100);
    expect(await taken({ sockbuffsize_sig: 5000 })).toBeGreaterThan(100);
  });

  it('[ports/0] [param:sockbuffsize_sig] [param:sockbuffersize] a burst of requests fits, or does not', async () => {
    const answered = (given: Given): Promise<number> =>
      onLoopback(async (world) => {
        const signalingport = await freePort();
        await world.started({ register: 0, serveraddress: '127.0.0.1', signalingport, ...given });
        const socket = createSocket('udp4').bind(0, '127.0.0.1');
        await once(socket, 'listening');
        let answers = 0;
        socket.on('message', () => answers++);
        const { port } = socket.address();
        for (let i = 0; i < 60; i++) {
          const lines = [
            `OPTIONS sip:anna@127.0.0.1:${signalingport} SIP/2.0`,
            `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKburst${i};rport`,
            `From: <sip:test@test.invalid>;tag=${i}`,
            'To: <sip:anna@test.invalid>',
            `Call-ID: burst-${i}`,
            'CSeq: 1 OPTIONS',
            'Max-Forwards: 70',
            `Subject: ${'x'.repeat(600)}`,
            'Content-Length: 0',
          ];
          socket.send(`${lines.join('\r\n')}\r\n\r\n`, signalingport, '127.0.0.1');
        }
        await sleep(400);
        socket.close();
        return answers;
      });
    expect(await answered({ sockbuffsize_sig: 6000 })).toBeLessThan(30);
    expect(await answered({ sockbuffsize_sig: 200_000 })).toBe(60);
    expect(await answered({ sockbuffsize_rtp: 6000 })).toBe(60);
    expect(await answered({ sockbuffersize: 6000 })).toBeLessThan(30);
    expect(await answered({ sockbuffersize: 0 })).toBe(60);
    expect(await answered({})).toBe(60);
  });
});

describe('connections', () => {
  it('[param:maxsigstreams] [param:multiplesigstreams] to servers are as many as told', async () => {
    const registered = (given: Given): Promise<number> =>
      onLoopback(async (world) => {
        const servers = [await world.server(), await world.server(), await world.server()];
        const [first, ...others] = servers.map(({ address }) => address);
        await world.started({
          serveraddress: first,
          transport: 1,
          extraregisteraccounts: others.map((address, at) => `${address},user${at},p,600,,,,,1`).join(';'),
          ...given,
        });
        await sleep(600);
        return servers.filter((server) => server.count('REGISTER') > 0).length;
      });
    expect(await registered({ maxsigstreams: 2 })).toBe(2);
    expect(await registered({ maxsigstreams: 2, multiplesigstreams: 2 })).toBe(3);
    expect(await registered({})).toBe(3);
  });

  it('[param:tcpconnecttimeout] is how long connecting may take, handshake included', async () => {
    const patience = (given: Given): Promise<number> =>
      onLoopback(async (world) => {
        const silent = createServer().listen(0, '127.0.0.1');
        await once(silent, 'listening');
        const address = silent.address();
        const port = typeof address === 'object' && address ? address.port : 0;
        const lasted = new Promise<number>((resolve) => {
          silent.once('connection', (socket) => {
            const begin = performance.now();
            socket.on('error', () => {});
            socket.once('close', () => resolve(performance.now() - begin));
            socket.resume();
          });
        });
        await world.started({ serveraddress: `127.0.0.1:${port}`, transport: 2, ...given });
        const ms = await Promise.race([lasted, sleep(1500, Number.POSITIVE_INFINITY)]);
        silent.close();
        return ms;
      });
    const short = await patience({ tcpconnecttimeout: 300 });
    expect(short).toBeGreaterThan(200);
    expect(short).toBeLessThan(1200);
    expect(await patience({})).toBe(Number.POSITIVE_INFINITY);
  });
});

describe.skipIf(!hasOpenssl)('certificates', () => {
  it('[param:tlsclientcertfile] [param:tlsclientcertpass] [param:tlsclientcerttype] ours is shown to a server that asks for it', async () => {
    using authority = new TestAuthority();
    const own = authority.issue(['URI:sip:anna.example']);
    const ofServer = authority.issue(['IP:127.0.0.1']);
    const shown = (file: string, given: Given): Promise<readonly string[]> =>
      onLoopback(async (world) => {
        const server = await world.server({ protocols: ['tls'], tls: { ...ofServer, ca: authority.ca } });
        const path = join(world.folder, file);
        writeFileSync(join(world.folder, 'own.pem'), `${own.cert}\n${own.key}`);
        execFileSync(
          'openssl',
          ['pkcs12', '-export', '-in', 'own.pem', '-out', 'own.p12', '-passout', 'pass:secret'],
          { cwd: world.folder, stdio: 'pipe' },
        );
        await world.started({
          serveraddress: server.address,
          transport: 2,
          tlspolicy: 1,
          tlsclientcertfile: path,
          ...given,
        });
        const { flow } = await server.request('REGISTER');
        return (flow as unknown as { identities: readonly string[] }).identities;
      });
    expect(await shown('own.pem', {})).toEqual(['anna.example']);
    expect(await shown('own.p12', { tlsclientcertpass: 'secret' })).toEqual(['anna.example']);
    expect(await shown('own.p12', { tlsclientcerttype: 'pkcs12', tlsclientcertpass: 'secret' })).toEqual([
      'anna.example',
    ]);
  });

  it('[tls-srtp/0] transport 2 takes port 5061 where none is given, and certificates as the policy says', async () => {
    using authority = new TestAuthority();
    const ofServer = authority.issue(['IP:127.0.0.7']);
    const registered = (given: Given): Promise<number> =>
      onLoopback(async (world) => {
        const server = await world.server({
          host: '127.0.0.7',
          port: 5061,
          protocols: ['tls'],
          tls: ofServer,
        });
        await world.started({ serveraddress: '127.0.0.7', transport: 2, ...given });
        await sleep(700);
        return server.count('REGISTER');
      });
    // Nobody we know has signed it.
    const counts: number[] = [];
    for (const tlspolicy of [0, 1, 2, 3, 4]) counts.push(await registered({ tlspolicy }));
    expect(counts).toEqual([0, 1, 1, 0, 0]);
  });

  it('[param:listenontls] others may come by TLS, on the port told', async () => {
    using authority = new TestAuthority();
    const own = authority.issue(['IP:127.0.0.1']);
    await onLoopback(async (world) => {
      const path = join(world.folder, 'own.pem');
      writeFileSync(path, `${own.cert}\n${own.key}`);
      const listenontls = await freePort();
      await world.started({
        register: 0,
        serveraddress: '127.0.0.1',
        tlsclientcertfile: path,
        listenontls,
      });
      const transport = world.transport({}, { ca: authority.ca });
      const flow = await transport.connect({
        protocol: 'tls',
        host: '127.0.0.1',
        port: listenontls,
        serverName: '127.0.0.1',
      });
      expect(flow.secure).toBe(true);
    });
  });
});
