import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { SipTrace } from '../../../../src/base/diagnostics.js';
import { SipResponse } from '../../../../src/sip/message/message.js';
import type { Flow } from '../../../../src/sip/transport/flow.js';
import { hasIPv6, options, sent, TestLayer, until } from './support.js';

const open: Array<() => unknown> = [];

function testLayer(...args: ConstructorParameters<typeof TestLayer>): TestLayer {
  const test = new TestLayer(...args);
  open.push(() => test.layer.close());
  return test;
}

/** A plain socket as the peer. */
async function peerSocket(): Promise<{ socket: Socket; port: number; got: Buffer[] }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push(() => socket.close());
  const got: Buffer[] = [];
  socket.on('message', (data) => got.push(data));
  return { socket, port: socket.address().port, got };
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe('UDP', () => {
  it('carries a request there and its response back', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const mine = await a.layer.listen({ protocol: 'udp' });
    const { address } = await b.layer.listen({ protocol: 'udp' });
    const flow = await a.layer.connect({ protocol: 'udp', ...address });
    expect(flow).toMatchObject({
      protocol: 'udp',
      reliable: false,
      secure: false,
      open: true,
      local: mine.address,
      remote: address,
      sentBy: `127.0.0.1:${mine.address.port}`,
    });
    await sent(flow, options(`SIP/2.0/UDP ${flow.sentBy};rport`));
    const { request, flow: back } = await b.request();
    expect(request.topVia).toMatchObject({ received: '127.0.0.1', rport: mine.address.port });
    expect(back.remote).toEqual(mine.address);
    const response = SipResponse.for(request, 200);
    const way = b.layer.responseFlow(back, response.topVia!);
    expect(way).toBe(back);
    (way as Flow).send(response.toBytes());
    expect((await a.response()).status).toBe(200);
    expect(a.received[0].flow).toBe(flow);
  });

  it.skipIf(!hasIPv6)('works over IPv6', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'udp', host: '[::1]' });
    const flow = await a.layer.connect({ protocol: 'udp', host: '0:0::0:1', port: address.port });
    expect(flow.local.host).toBe('::1');
    expect(flow.sentBy).toBe(`[::1]:${flow.local.port}`);
    await sent(flow, options(`SIP/2.0/UDP ${flow.sentBy};rport`));
    expect((await b.request()).request.topVia?.received).toBe('::1');
  });

  it('knows its real address when bound to a wildcard, in both directions', async () => {
    const [a, b] = [testLayer(), testLayer()];
    await a.layer.listen({ protocol: 'udp', host: '0.0.0.0' });
    const { address } = await b.layer.listen({ protocol: 'udp', host: '0.0.0.0' });
    expect(address.host).toBe('0.0.0.0');
    const flow = await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: address.port });
    expect(flow.local.host).toBe('127.0.0.1');
    for (let i = 0; i < 5; i++) await sent(flow, options(`SIP/2.0/UDP ${flow.sentBy}`, [`Subject: ${i}`]));
    await b.request(4);
    // Those that waited for the route are in order, too.
    expect(b.received.map(({ message }) => message.get('Subject'))).toEqual(['0', '1', '2', '3', '4']);
    expect(b.received[0].flow.local).toEqual({ host: '127.0.0.1', port: address.port });
    expect(new Set(b.received.map(({ flow: back }) => back)).size).toBe(1);
  });

  it('opens a socket by itself, once for all who want one', async () => {
    const a = testLayer();
    const peer = await peerSocket();
    const flows = await Promise.all(
      [1, 2].map(() => a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: peer.port })),
    );
    expect(flows[0]).toBe(flows[1]);
    await sent(flows[0], options('SIP/2.0/UDP x.example'));
    await until(() => peer.got.length === 1);
  });

  it('says that a message does not fit, or that the flow is closed', async () => {
    const a = testLayer();
    const flow = await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: 9 });
    await expect(sent(flow, new Uint8Array(70_000))).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
    flow.close();
    await expect(sent(flow, options('SIP/2.0/UDP x'))).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
    expect(a.layer.counters.sendErrors).toBe(2);
  });

  it('takes large datagrams whole', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'udp' });
    const flow = await a.layer.connect({ protocol: 'udp', ...address });
    const filler = Array.from({ length: 8 }, () => `X-Filler: ${'x'.repeat(3500)}`);
    await sent(flow, options('SIP/2.0/UDP x.example', filler));
    expect((await b.request()).request.getAll('X-Filler')).toHaveLength(8);
  });

  it('sends CRLF as keep-alive and takes those of others silently', async () => {
    const a = testLayer();
    const { address } = await a.layer.listen({ protocol: 'udp' });
    const peer = await peerSocket();
    const flow = await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: peer.port });
    flow.keepAlive(5);
    await until(() => peer.got.length >= 3);
    flow.keepAlive(0);
    expect(peer.got[0].toString()).toBe('\r\n');
    for (const keepAlive of ['\r\n\r\n', '\r\n', '\0\0\0\0', ''])
      peer.socket.send(keepAlive, address.port, address.host);
    await until(() => a.layer.counters.keepAlivesIn === 4);
    expect(a.invalid).toEqual([]);
  });

  it('hands up broken messages, counts them, and names their source once', async () => {
    const a = testLayer();
    const { address } = await a.layer.listen({ protocol: 'udp' });
    const peer = await peerSocket();
    const broken = Buffer.from(
      options('SIP/2.0/UDP 10.0.0.1;rport').toString().replace('CSeq: 1', 'CSeq: x'),
    );
    for (const data of [broken, Buffer.from('hello'), Buffer.from('INVITE\r\n\r\n')]) {
      peer.socket.send(data, address.port, address.host);
    }
    // STUN is not SIP at all.
    peer.socket.send(Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), address.port, address.host);
    await until(() => a.invalid.length === 3 && a.layer.counters.ignored === 1);
    expect(a.layer.counters.invalid).toBe(3);
    expect(a.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    const { result, flow } = a.invalid[0];
    expect(result.status).toBe(400);
    // So that the 400 finds its way.
    expect(result.request?.topVia).toMatchObject({ received: '127.0.0.1', rport: peer.port });
    flow.send(SipResponse.for(result.request!, 400).toBytes());
    await until(() => peer.got.length === 1);
  });

  it('answers to sent-by without rport, from the same socket (RFC 3261 §18.2.2)', async () => {
    const a = testLayer();
    const { address } = await a.layer.listen({ protocol: 'udp' });
    const [peer, other] = [await peerSocket(), await peerSocket()];
    peer.socket.send(options(`SIP/2.0/UDP host.example:${other.port}`), address.port, address.host);
    const { request, flow } = await a.request();
    const response = SipResponse.for(request, 200);
    const way = await a.layer.responseFlow(flow, response.topVia!);
    expect(way.remote).toEqual({ host: '127.0.0.1', port: other.port });
    expect(way.local).toEqual(address);
    way.send(response.toBytes());
    await until(() => other.got.length === 1);
    expect(peer.got).toEqual([]);
  });

  it('keeps no memory of senders of garbage', async () => {
    const a = testLayer();
    const { address } = await a.layer.listen({ protocol: 'udp' });
    const flows = new Set<unknown>();
    a.layer.onInvalid = (_, flow) => flows.add(flow);
    const peer = await peerSocket();
    for (let i = 0; i < 50; i++) peer.socket.send('garbage', address.port, address.host);
    await until(() => a.layer.counters.invalid === 50);
    expect(flows.size).toBe(50);
    expect(a.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('survives a handler that throws', async () => {
    const a = testLayer();
    const { address } = await a.layer.listen({ protocol: 'udp' });
    let calls = 0;
    a.layer.onMessage = () => {
      calls++;
      throw new Error('defect');
    };
    const peer = await peerSocket();
    peer.socket.send(options('SIP/2.0/UDP x'), address.port, address.host);
    peer.socket.send(options('SIP/2.0/UDP x'), address.port, address.host);
    await until(() => calls === 2);
    expect(a.log.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('shows messages to the tap as they cross the wire', async () => {
    const [a, b] = [testLayer(), testLayer()];
    const { address } = await b.layer.listen({ protocol: 'udp' });
    const seen: Array<Omit<SipTrace, 'data'> & { data: string }> = [];
    for (const { diagnostics } of [a, b]) {
      diagnostics.sip.subscribe((trace) => seen.push({ ...trace, data: Buffer.from(trace.data).toString() }));
    }
    const flow = await a.layer.connect({ protocol: 'udp', ...address });
    const bytes = options('SIP/2.0/UDP x.example');
    await sent(flow, bytes);
    await b.request();
    expect(seen).toMatchObject([
      { direction: 'out', protocol: 'udp', local: flow.local, remote: address, data: bytes.toString() },
      { direction: 'in', protocol: 'udp', local: address, remote: flow.local, data: bytes.toString() },
    ]);
  });

  it('tells watchers when its socket closes', async () => {
    const a = testLayer();
    const listener = await a.layer.listen({ protocol: 'udp' });
    const flow = await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: 9 });
    const calls: unknown[] = [];
    flow.onClose(() => calls.push('kept'));
    flow.onClose(() => calls.push('taken back'))();
    await listener.close();
    expect(calls).toEqual(['kept']);
    expect(flow.open).toBe(false);
    expect(a.layer.listeners).toEqual([]);
    flow.onClose(() => calls.push('late'));
    await Promise.resolve();
    expect(calls).toEqual(['kept', 'late']);
  });

  it('says in words why it cannot listen', async () => {
    const a = testLayer();
    const { port } = await peerSocket();
    await expect(a.layer.listen({ protocol: 'udp', port })).rejects.toMatchObject({
      code: 'ERR_SIP_LISTEN',
      message: `cannot listen on udp:127.0.0.1:${port}: the port is in use by another program`,
    });
  });

  it('refuses targets that are none', async () => {
    const a = testLayer();
    for (const target of [
      { protocol: 'udp', host: 'example.com', port: 5060 },
      { protocol: 'udp', host: '127.0.0.1', port: 0 },
      { protocol: 'tcp', host: '127.0.0.1', port: 70_000 },
      { protocol: 'ws', host: '127.0.0.1', port: 80 },
    ] as const) {
      await expect(a.layer.connect(target)).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
    }
    await a.layer.close();
    await expect(a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: 9 })).rejects.toMatchObject({
      code: 'ERR_CLOSED',
    });
  });
});
