/** Who may drive the phone: tokens, web pages, names, rates, slow and greedy clients. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { VirtualClock } from '../../../src/base/clock.js';
import { ControlServer, type ControlServerOptions } from '../../../src/server/index.js';
import { http, TcpClient, UdpClient } from '../../support/control/clients.js';
import { FakeTarget } from '../../support/control/fake-target.js';

let target: FakeTarget;
let server: ControlServer | undefined;
let cleanups: Array<() => unknown> = [];

async function start(options: ControlServerOptions = {}): Promise<number> {
  target = new FakeTarget();
  server = new ControlServer(target, { port: 0, udpPort: 0, ...options });
  await server.start();
  return server.addresses.tcp?.port ?? 0;
}
function tcp(port: number): TcpClient {
  const client = new TcpClient(port);
  cleanups.push(() => client.close());
  return client;
}
const status = async (port: number, path: string, headers: Record<string, string> = {}): Promise<number> =>
  (await http(port, path, { headers })).status;
const CALL = '/?function=API_Call&line=-1&peer=1';

afterEach(async () => {
  for (const cleanup of cleanups) cleanup();
  cleanups = [];
  await server?.close();
  server = undefined;
});

describe('where it listens', () => {
  it('[socket-api/3] is the loopback interface unless told otherwise', async () => {
    await start();
    expect(server?.addresses).toMatchObject({ tcp: { host: '127.0.0.1' }, udp: { host: '127.0.0.1' } });
  });

  it.each(['0.0.0.0', '::', '192.0.2.7', 'phone.example.com', '127.0.0.1.example.com'])(
    'is %s only with a token',
    (host) => {
      expect(() => new ControlServer(new FakeTarget(), { host, port: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_CONTROL_TOKEN' }),
      );
      expect(() => new ControlServer(new FakeTarget(), { host, port: 0, token: 'x' })).not.toThrow();
    },
  );

  it('is told when it is taken', async () => {
    const port = await start();
    const second = new ControlServer(new FakeTarget(), { port });
    await expect(second.start()).rejects.toMatchObject({ code: 'ERR_CONTROL_LISTEN' });
  });
});

describe('a token', () => {
  it('is taken from a header, the query or the body over HTTP', async () => {
    const port = await start({ token: 'secret' });
    expect(await status(port, CALL)).toBe(401);
    expect(await status(port, CALL, { Authorization: 'Bearer wrong' })).toBe(401);
    expect(await status(port, CALL, { Authorization: 'Bearer secret' })).toBe(200);
    expect(await status(port, CALL, { 'X-Token': 'secret' })).toBe(200);
    expect(await status(port, `${CALL}&token=secret`)).toBe(200);
    const body = JSON.stringify({ function: 'API_Call', peer: '1', token: 'secret' });
    expect((await http(port, '/', { method: 'POST', body })).text).not.toContain('secret');
    expect(target.calls).toHaveLength(4);
    expect(JSON.stringify(target.calls)).not.toContain('secret');
  });

  it('is needed for what tells about the phone, not for what says that it is there', async () => {
    const port = await start({ token: 'secret' });
    expect(await status(port, '/')).toBe(200);
    expect(await status(port, '/health')).toBe(200);
    for (const path of ['/openapi.json', '/events', '/metrics']) expect(await status(port, path)).toBe(401);
    expect(await status(port, '/openapi.json?token=secret')).toBe(200);
  });

  it('is the first line, or part of a request, over TCP', async () => {
    const port = await start({ token: 'secret' });
    const first = tcp(port);
    first.send('API_Call,1\r\n');
    await first.until(/ERROR: a token is needed\r\n/);
    target.notify('STATUS,1,Ringing');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(first.text).not.toContain('Ringing');
    first.send('token=secret\r\nAPI_Call,1\r\n');
    await first.until(/OK\r\n.*APIRESULT:OK: initiated/);
    const second = tcp(port);
    second.send('API_TestEcho,a,token=secret\r\nAPI_TestEcho,b\r\n');
    await second.until(/RESULT:a\r\n.*RESULT:b/);
    const third = tcp(port);
    third.send('token=a\r\ntoken=b\r\ntoken=c\r\n');
    await third.ended();
  });

  it('comes with every datagram', async () => {
    await start({ token: 'secret' });
    const client = await UdpClient.to(server?.addresses.udp?.port ?? 0);
    cleanups.push(() => client.close());
    client.send('token=secret\r\nAPI_TestEcho,a');
    expect(await client.next()).toContain('RESULT:a');
    client.send('function=API_TestEcho,echo=b,token=secret');
    expect(await client.next()).toContain('RESULT:b');
    client.send('API_TestEcho,c');
    expect(await client.next()).toContain('ERROR: a token is needed');
    const stranger = await UdpClient.to(server?.addresses.udp?.port ?? 0);
    cleanups.push(() => stranger.close());
    stranger.send('API_TestEcho,c');
    await stranger.next();
    target.notify('DTMF,1,7');
    expect(await client.next()).toContain('DTMF');
    expect(stranger.received).toEqual([]);
  });

  it('opens a WebSocket', async () => {
    const port = await start({ token: 'secret' });
    const refused = new WebSocket(`ws://127.0.0.1:${port}/`);
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toContain('401');
    for (const [query, headers] of [
      ['?token=secret', {}],
      ['', { 'X-Token': 'secret' }],
      ['', { Authorization: 'Bearer secret' }],
    ] as const) {
      const accepted = new WebSocket(`ws://127.0.0.1:${port}/${query}`, { headers });
      cleanups.push(() => accepted.terminate());
      await once(accepted, 'open');
    }
  });

  it('cannot be guessed quickly', async () => {
    const clock = new VirtualClock();
    const port = await start({ token: 'secret', clock });
    const codes: number[] = [];
    for (let i = 0; i < 6; i++) codes.push(await status(port, `${CALL}&token=wrong${i}`));
    expect(codes).toEqual([401, 401, 401, 401, 401, 401]);
    expect((await http(port, `${CALL}&token=secret`)).text).toContain('too many wrong tokens');
    clock.advance(1000);
    expect(await status(port, `${CALL}&token=secret`)).toBe(200);
  });
});

describe('web pages', () => {
  const page = { Origin: 'https://evil.example' };

  it('may not use the phone', async () => {
    const port = await start();
    expect(await status(port, CALL, page)).toBe(403);
    expect(await status(port, CALL, { Origin: 'null' })).toBe(403);
    expect(await status(port, CALL, { Referer: 'https://evil.example/page' })).toBe(403);
    expect(await status(port, CALL, { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).toBe(
      403,
    );
    expect(await status(port, '/events', page)).toBe(403);
    expect(await status(port, '/health', page)).toBe(403);
    const { status: preflight, headers } = await http(port, '/', { method: 'OPTIONS', headers: page });
    expect([preflight, headers['access-control-allow-origin']]).toEqual([403, undefined]);
    const form = { ...page, 'Content-Type': 'application/x-www-form-urlencoded' };
    expect(
      (await http(port, '/', { method: 'POST', body: 'function=API_Call&peer=1', headers: form })).status,
    ).toBe(403);
    expect(target.calls).toEqual([]);
  });

  it('may not under a name of their own that leads here', async () => {
    const port = await start();
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
    ]) {
      expect(await status(port, CALL, { Host: host })).toBe(403);
    }
    for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect(await status(port, CALL, { Host: host })).toBe(200);
    }
  });

  it('may not open a WebSocket', async () => {
    const port = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { origin: 'https://evil.example' });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('403');
  });

  it('may when they are allowed, or our own, or typed in by the user', async () => {
    const port = await start({ origins: ['https://phone.example.com'], hosts: ['phone.lan'] });
    const { status: allowed, headers } = await http(port, CALL, {
      headers: { Origin: 'https://phone.example.com' },
    });
    expect([allowed, headers['access-control-allow-origin']]).toEqual([200, 'https://phone.example.com']);
    const preflight = await http(port, '/', {
      method: 'OPTIONS',
      headers: { Origin: 'https://phone.example.com', 'Access-Control-Request-Private-Network': 'true' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-methods': 'GET, POST, PUT',
      'access-control-allow-private-network': 'true',
    });
    const foreign = { Origin: 'https://evil.example', 'Access-Control-Request-Private-Network': 'true' };
    const refused = await http(port, '/', { method: 'OPTIONS', headers: foreign });
    expect(refused.status).toBe(403);
    expect(refused.headers).not.toHaveProperty('access-control-allow-private-network');
    const own = {
      Origin: `http://127.0.0.1:${port}`,
      'Sec-Fetch-Site': 'same-origin',
      Referer: `http://127.0.0.1:${port}/`,
    };
    expect(await status(port, CALL, own)).toBe(200);
    expect(await status(port, CALL, { 'Sec-Fetch-Site': 'none' })).toBe(200);
    expect(await status(port, CALL, { Host: `phone.lan:${port}` })).toBe(200);
  });

  it('get nothing a browser could take for a page', async () => {
    const port = await start();
    const { headers, text } = await http(
      port,
      `/?function=API_TestEcho&echo=${encodeURIComponent('<script>alert(1)</script>')}`,
    );
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(text).toContain('<script>');
  });
});

describe('limits', () => {
  it('on the rate of one address', async () => {
    const clock = new VirtualClock();
    const port = await start({ clock, requestsPerSecond: 5 });
    const codes: number[] = [];
    for (let i = 0; i < 12; i++) codes.push(await status(port, CALL));
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect(await status(port, '/openapi.json')).toBe(429);
    clock.advance(1000);
    expect(await status(port, CALL)).toBe(200);
  });

  it('on the time a connection may take to say what it wants', async () => {
    const clock = new VirtualClock();
    const port = await start({ clock });
    const [silent, slowHead, slowLine, kept] = [tcp(port), tcp(port), tcp(port), tcp(port)];
    slowHead.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ');
    slowLine.send('API_TestEcho,a\r\nfunction=API_');
    kept.send('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await Promise.all([slowLine.until(/RESULT:a/), kept.until(/"ok":true/)]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    clock.advance(11_000);
    await slowHead.ended();
    clock.advance(20_000);
    await slowLine.ended();
    expect([silent.closed, kept.closed]).toEqual([false, false]);
    clock.advance(40_000);
    await Promise.all([silent.ended(), kept.ended()]);
    expect(server?.counters.refused.slow).toBe(4);
  });

  it('on what may wait for a client that does not read', async () => {
    const port = await start();
    const socket = connect(port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.write('API_TestEcho,a\r\n');
    await once(socket, 'data');
    socket.pause();
    const other = tcp(port);
    other.send('API_TestEcho,a\r\n');
    await other.record('\r\n');
    for (let i = 0; i < 300; i++) {
      target.notify(`LOG,EVENT,${i} ${'x'.repeat(50_000)}`);
      expect(await other.record(',NEOL \r\n')).toContain(`LOG,EVENT,${i} `);
    }
    expect(server?.counters.notReading).toBe(1);
  });

  it('keeps the newest 10,000 notifications for those who poll', async () => {
    const port = await start();
    for (let i = 1; i <= 10_050; i++) target.notify(`EVENT,EVENT,${i}`);
    const { text } = await http(port, '/?function=API_PollNotificationStrings');
    const polled = text
      .replace(/^.*APIRESULT:/, '')
      .split(',NEOL \r\n')
      .filter(Boolean);
    expect(polled).toHaveLength(10_001);
    expect(polled[0]).toBe('WPNOTIFICATION,WARNING,50 notifications are lost: they were not read in time');
    expect(polled[1]).toBe('WPNOTIFICATION,EVENT,EVENT,51');
  });
});
