import { once } from 'node:events';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SipResponse } from '../../../../src/sip/message/message.js';
import type { Flow } from '../../../../src/sip/transport/flow.js';
import { hasIPv6, options, sent, TestLayer, until } from './support.js';

const open: Array<() => unknown> = [];

function testLayer(...args: ConstructorParameters<typeof TestLayer>): TestLayer {
  const test = new TestLayer(...args);
  open.push(() => test.layer.close());
  return test;
}

/** Plain sockets as the peers. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function rawClient(
  port: number,
): Promise<{ socket: Socket; got: () => string; closed: () => boolean }> {
  const socket = netConnect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  open.push(() => socket.destroy());
  let text = '';
  let closed = false;
  socket.on('data', (chunk) => (text += chunk));
  socket.on('close', () => (closed = true));
  return { socket, got: () => text, closed: () => closed };
}

const tcp = (port: number) => ({ protocol: 'tcp' as const, host: '127.0.0.1', port });

/** Two layers, a connection from the first to the second. */
async function pair(a: TestLayer, b: TestLayer): Promise<{ flow: Flow; port: number }> {
  const { address } = await b.layer.listen({ protocol: 'tcp' });
  return { flow: await a.layer.connect(tcp(address.port)), port: address.port };
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe('TCP', () => {
  it('carries requests and answers them over the same connection', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { flow, port } = await pair(a, b);
    expect(flow).toMatchObject({ protocol: 'tcp', reliable: true, secure: false, open: true });
    expect(flow.remote).toEqual({ host: '127.0.0.1', port });
    await sent(flow, options(`SIP/2.0/TCP ${flow.sentBy};rport`));
    const { request, flow: back } = await b.request();
    expect(request.topVia).toMatchObject({ received: '127.0.0.1', rport: flow.local.port });
    const response = SipResponse.for(request, 200);
    expect(b.layer.responseFlow(back, response.topVia!)).toBe(back);
    back.send(response.toBytes());
    expect((await a.response()).status).toBe(200);
  });

  it('names the listening port in Via when there is one', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await a.layer.listen({ protocol: 'tcp', host: '0.0.0.0' });
    const { flow } = await pair(a, b);
    expect(flow.sentBy).toBe(`127.0.0.1:${address.port}`);
    expect(flow.local.port).not.toBe(address.port);
  });

  it('uses a connection again, also one that is only being opened', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const flows = await Promise.all([1, 2, 3].map(() => a.layer.connect(tcp(address.port))));
    flows.push(await a.layer.connect(tcp(address.port)));
    expect(new Set(flows).size).toBe(1);
    flows[0].close();
    expect(await a.layer.connect(tcp(address.port))).not.toBe(flows[0]);
  });

  it('uses the connection of a peer for its own port, not for the one it names (RFC 5923 §9.3)', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const other = await rawServer(() => {});
    const { flow } = await pair(a, b);
    await sent(flow, options(`SIP/2.0/TCP 127.0.0.1:${other};alias`));
    const { flow: back } = await b.request();
    expect(await b.layer.connect(tcp(flow.local.port))).toBe(back);
    expect(await b.layer.connect(tcp(other))).not.toBe(back);
  });

  it('connects anew for a response whose connection is gone (§18.2.2)', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await a.layer.listen({ protocol: 'tcp' });
    const { flow } = await pair(a, b);
    await sent(flow, options(`SIP/2.0/TCP ${flow.sentBy};rport`));
    const { request, flow: back } = await b.request();
    flow.close();
    await until(() => !back.open);
    const response = SipResponse.for(request, 200);
    const way = await b.layer.responseFlow(back, response.topVia!);
    expect(way.remote.port).toBe(address.port);
    way.send(response.toBytes());
    expect((await a.response()).status).toBe(200);
  });

  it('says that a connection was refused, did not come in time, or was given up', async () => {
    const a = testLayer();
    const port = await rawServer(() => {});
    for (const close of open.splice(1)) await close();
    await expect(a.layer.connect(tcp(port))).rejects.toMatchObject({
      code: 'ERR_SIP_TRANSPORT',
      details: { code: 'ECONNREFUSED', why: 'the connection was refused' },
    });
    const aborted = new AbortController();
    aborted.abort();
    await expect(a.layer.connect(tcp(port), aborted.signal)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const late = new AbortController();
    const waiting = a.layer.connect(tcp(port), late.signal);
    late.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(a.layer.connections).toBe(0);
  });

  it('abandons a connection for one caller, not for the other', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const controller = new AbortController();
    const first = a.layer.connect(tcp(address.port), controller.signal);
    const second = a.layer.connect(tcp(address.port));
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect((await second).open).toBe(true);
  });

  it('tells watchers of a lost connection, with the reason, and of a closed one, without', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { flow } = await pair(a, b);
    await sent(flow, options('SIP/2.0/TCP x'));
    const { flow: back } = await b.request();
    const lost = new Promise((resolve) => back.onClose(resolve));
    const closed = new Promise((resolve) => flow.onClose(resolve));
    flow.close();
    expect(await closed).toBeUndefined();
    expect(await lost).toMatchObject({ code: 'ERR_SIP_CONNECTION_LOST' });
    await expect(sent(back, options('SIP/2.0/TCP x'))).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
  });

  it('delivers what was sent before it was closed', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { flow } = await pair(a, b);
    for (let i = 0; i < 50; i++) flow.send(options('SIP/2.0/TCP x'));
    await a.layer.close();
    await b.request(49);
  });

  it.skipIf(!hasIPv6)('works over IPv6', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'tcp', host: '::' });
    const flow = await a.layer.connect({ protocol: 'tcp', host: '::1', port: address.port });
    expect(flow.sentBy).toBe(`[::1]:${flow.local.port}`);
    await sent(flow, options(`SIP/2.0/TCP ${flow.sentBy}`));
    const { request, flow: back } = await b.request();
    expect(request.topVia?.received).toBeUndefined();
    expect(back.local).toEqual({ host: '::1', port: address.port });
    expect(back.sentBy).toBe(`[::1]:${address.port}`);
  });

  it('keeps connections whose address is still there when the network changes', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { flow } = await pair(a, b);
    a.layer.networkChanged();
    expect(await a.layer.connect(tcp(flow.remote.port))).toBe(flow);
  });

  it('puts messages together from any pieces', async () => {
    const b = testLayer();
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const { socket } = await rawClient(address.port);
    socket.setNoDelay(true);
    const bytes = Buffer.concat([options('SIP/2.0/TCP x'), options('SIP/2.0/TCP y')]);
    for (let at = 0; at < bytes.length; at += 61) {
      socket.write(bytes.subarray(at, at + 61));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await b.request(1);
    expect(b.received.map(({ message }) => message.topVia?.host)).toEqual(['x', 'y']);
  });
});

describe('keep-alive (RFC 5626 §4.4.1)', () => {
  it('[outbound-flow/1] answers a ping with a pong', async () => {
    const b = testLayer();
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const { socket, got } = await rawClient(address.port);
    socket.write('\r\n\r\n');
    await until(() => got().length > 0);
    expect(got()).toBe('\r\n');
  });

  it('[outbound-flow/1] pings, and is content with pongs', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { flow } = await pair(a, b);
    flow.keepAlive(5, { pongRequired: true });
    await until(() => b.layer.counters.keepAlivesIn >= 3 && a.layer.counters.keepAlivesIn >= 3);
    expect(flow.open).toBe(true);
  });
});

describe('hostile peers', () => {
  it('that break the stream are answered and cut off', async () => {
    const b = testLayer();
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    b.layer.onInvalid = ({ request, status = 400 }, flow) => {
      if (request) flow.send(SipResponse.for(request, status).toBytes());
    };
    const { socket, got, closed } = await rawClient(address.port);
    socket.write(options('SIP/2.0/TCP x').toString().replace('Content-Length: 0\r\n', ''));
    await until(closed);
    expect(got()).toMatch(/^SIP\/2\.0 400 /);
  });

  it('that send endless garbage are cut off', async () => {
    const b = testLayer();
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const { socket, closed } = await rawClient(address.port);
    const pump = () => {
      while (!socket.destroyed && socket.write('x'.repeat(10_000)));
    };
    socket.on('drain', pump);
    pump();
    await until(() => closed() && b.layer.connections === 0);
  });

  it('that send only broken messages are cut off', async () => {
    const b = testLayer();
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const { socket, closed } = await rawClient(address.port);
    const broken = options('SIP/2.0/TCP x').toString().replace('CSeq: 1', 'CSeq: x');
    socket.write(broken.repeat(100));
    await until(closed);
    expect(b.invalid).toHaveLength(20);
  });

  it('that connect and are silent, or do not finish a message, are closed', async () => {
    const b = testLayer({ firstMessageTimeoutMs: 200 });
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const silent = await rawClient(address.port);
    const slow = await rawClient(address.port);
    slow.socket.write(Buffer.concat([options('SIP/2.0/TCP x'), Buffer.from('OPTIONS sip:')]));
    await until(() => silent.closed() && slow.closed());
    expect(b.received).toHaveLength(1);
  });

  it('that do not read lose their connection', async () => {
    const a = testLayer({ maxSendQueueBytes: 100_000 });
    const port = await rawServer((socket) => socket.pause());
    const flow = await a.layer.connect(tcp(port));
    const lost = new Promise((resolve) => flow.onClose(resolve));
    const message = Buffer.alloc(50_000, 'x');
    for (let i = 0; flow.open && i < 1000; i++) {
      flow.send(message);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await lost).toMatchObject({ code: 'ERR_SIP_CONNECTION_LOST' });
  });

  it('cannot open more connections than there may be; strangers go before friends', async () => {
    const b = testLayer({ maxConnections: 3 });
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const friends = [await rawClient(address.port), await rawClient(address.port)];
    for (const { socket } of friends) socket.write(options('SIP/2.0/TCP friend'));
    await b.request(1);
    const strangers = [
      await rawClient(address.port),
      await rawClient(address.port),
      await rawClient(address.port),
    ];
    await until(() => strangers.filter(({ closed }) => closed()).length === 2);
    expect(b.layer.connections).toBeLessThanOrEqual(3);
    strangers[2].socket.write(options('SIP/2.0/TCP stranger'));
    await b.request(2);
    // Full of friends: the next one is refused.
    const late = await rawClient(address.port);
    await until(late.closed);
    expect(friends.some(({ closed }) => closed())).toBe(false);
    expect(b.layer.counters.connectionsRefused).toBeGreaterThan(0);
  });
});

describe('idle connections', () => {
  it('are closed, unless somebody watches them', async () => {
    const a = testLayer({ idleTimeoutMs: 20 });
    const [one, two] = [await rawServer(() => {}), await rawServer(() => {})];
    const idle = await a.layer.connect(tcp(one));
    const watched = await a.layer.connect(tcp(two));
    const stop = watched.onClose(() => {});
    await until(() => !idle.open);
    expect(watched.open).toBe(true);
    stop();
    await until(() => !watched.open);
  });
});

describe('closing the layer', () => {
  it('leaves no socket behind', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => /TCP|UDP/.test(name)).length;
    const [a, b] = [testLayer(), testLayer()];
    const { flow } = await pair(a, b);
    await sent(flow, options('SIP/2.0/TCP x'));
    await b.request();
    await b.layer.listen({ protocol: 'udp', host: '0.0.0.0' });
    await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: 9 });
    await Promise.all([a.layer.close(), b.layer.close()]);
    await until(
      () => process.getActiveResourcesInfo().filter((name) => /TCP|UDP/.test(name)).length <= before,
    );
    await expect(b.layer.listen({ protocol: 'tcp' })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });
});
