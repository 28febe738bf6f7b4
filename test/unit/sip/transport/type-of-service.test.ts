import { type Socket, Socket as TcpSocket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../../src/base/logger.js';
import { TypeOfService } from '../../../../src/sip/transport/type-of-service.js';
import { hasOpenssl, TestAuthority } from '../../../support/certificates.js';
import { hasIPv6, options, sent, TestLayer } from './support.js';

type Prototype = { setTypeOfService?: (value: number) => Socket };

/** Of Node.js 24.15 and later. */
const canMark = (TcpSocket.prototype as Prototype).setTypeOfService !== undefined;

function marking(value: number | undefined): { mark: TypeOfService; lines: string[] } {
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', sink: ({ message }) => lines.push(message) });
  return { mark: new TypeOfService(value, logger), lines };
}

const socketWith = (setTypeOfService?: (value: number) => unknown): Socket =>
  ({ setTypeOfService }) as unknown as Socket;

describe('the type of service of a socket', () => {
  it('is set where Node.js can', () => {
    const { mark, lines } = marking(0x88);
    const set = vi.fn();
    mark.mark(socketWith(set));
    expect(set.mock.calls).toEqual([[0x88]]);
    expect(lines).toEqual([]);
  });

  it('is not touched unless somebody asks', () => {
    const { mark, lines } = marking(undefined);
    const set = vi.fn();
    mark.mark(socketWith(set));
    mark.mark(socketWith());
    mark.leaveUdp();
    expect(set).not.toHaveBeenCalled();
    expect(lines).toEqual([]);
  });

  it('that cannot be set is said once, with what is missing', () => {
    const { mark, lines } = marking(4);
    for (let n = 0; n < 3; n++) {
      mark.mark(socketWith());
      mark.leaveUdp();
    }
    expect(lines).toEqual([
      `SIP over TCP and TLS is sent without a type of service: Node.js ${process.versions.node} cannot set one, 24.15 and later can`,
      'SIP over UDP is sent without a type of service: Node.js cannot set one on a UDP socket',
    ]);
  });

  it('that the system does not take costs no connection', () => {
    const { mark, lines } = marking(4);
    const refuses = socketWith(() => {
      throw new Error('setTypeOfService EPERM');
    });
    mark.mark(refuses);
    mark.mark(refuses);
    expect(lines).toEqual([
      'SIP over TCP and TLS is sent without a type of service: the system does not take it',
    ]);
  });
});

describe('on real connections', () => {
  const open: Array<() => unknown> = [];

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of open.splice(0)) await close();
  });

  /** A request over the wire between two layers, and the sockets that were marked meanwhile. */
  async function exchanged(
    protocol: 'udp' | 'tcp' | 'tls',
    host: string,
    [client, server]: Array<ConstructorParameters<typeof TestLayer>[0]>,
  ): Promise<{ a: TestLayer; b: TestLayer; marked: Socket[] }> {
    const marked: Socket[] = [];
    vi.spyOn(TypeOfService.prototype, 'mark').mockImplementation(function (this: TypeOfService, socket) {
      marked.push(socket);
      real.call(this, socket);
    });
    const [a, b] = [new TestLayer(client), new TestLayer(server)];
    open.push(
      () => a.layer.close(),
      () => b.layer.close(),
    );
    const { address } = await b.layer.listen({ protocol, host });
    const flow = await a.layer.connect({ protocol, host, port: address.port });
    await sent(flow, options(`SIP/2.0/${protocol.toUpperCase()} ${flow.sentBy};rport`));
    await b.request();
    return { a, b, marked };
  }
  const real = TypeOfService.prototype.mark;

  /** What the system has, which a TLSSocket would not know. */
  const classes = (sockets: readonly Socket[]): unknown[] =>
    sockets.map((socket) => {
      expect(socket).not.toBeInstanceOf(TLSSocket);
      return (socket as Socket & { getTypeOfService(): number }).getTypeOfService();
    });

  it.runIf(canMark)('both ends of TCP have the class that was asked for', async () => {
    for (const host of hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
      const { a, b, marked } = await exchanged('tcp', host, [
        { typeOfService: 0x88 },
        { typeOfService: 0x10 },
      ]);
      expect(new Set(classes(marked))).toEqual(new Set([0x88, 0x10]));
      expect([...a.log, ...b.log].filter(({ level }) => level === 'warn')).toEqual([]);
    }
  });

  it.runIf(canMark && hasOpenssl)('both ends of TLS have it', async () => {
    using authority = new TestAuthority();
    const tls = authority.issue(['IP:127.0.0.1']);
    const { marked } = await exchanged('tls', '127.0.0.1', [
      { typeOfService: 0x88, tls: { ca: authority.ca } },
      { typeOfService: 0x10, tls },
    ]);
    expect(new Set(classes(marked))).toEqual(new Set([0x88, 0x10]));
  });

  it('over UDP the request arrives all the same, and the missing class is told once', async () => {
    const { a } = await exchanged('udp', '127.0.0.1', [{ typeOfService: 0x88 }, {}]);
    await a.layer.connect({ protocol: 'udp', host: '127.0.0.1', port: 9 });
    const told = a.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(told).toEqual([expect.stringMatching(/^SIP over UDP is sent without a type of service/)]);
  });

  it.runIf(!canMark)('over TCP as well, where Node.js is older', async () => {
    const { a } = await exchanged('tcp', '127.0.0.1', [{ typeOfService: 0x88 }, {}]);
    const told = a.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(told).toEqual([expect.stringMatching(/^SIP over TCP and TLS .* 24\.15 and later can$/)]);
  });
});
