import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, connect as netConnect } from 'node:net';
import { createSecureContext, createServer, connect as tlsConnect } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describe as inWords } from '../../../../src/sip/transport/context.js';
import type { Flow } from '../../../../src/sip/transport/flow.js';
import type { TlsOptions } from '../../../../src/sip/transport/tls-settings.js';
import { type Certificate, hasOpenssl, TestAuthority } from '../../../support/certificates.js';
import { options, sent, TestLayer, until } from './support.js';

const open: Array<() => unknown> = [];

/** Node.js before 24. */
function takesShortKeys(weak: Certificate): boolean {
  try {
    createSecureContext(weak);
    return true;
  } catch {
    return false;
  }
}

function testLayer(tls: TlsOptions, more: ConstructorParameters<typeof TestLayer>[0] = {}): TestLayer {
  const test = new TestLayer({ tls, ...more });
  open.push(() => test.layer.close());
  return test;
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe.skipIf(!hasOpenssl)('TLS', () => {
  let authority: TestAuthority;
  let server: Certificate;
  let client: Certificate;

  beforeAll(() => {
    authority = new TestAuthority();
    server = authority.issue(['DNS:example.com', 'IP:127.0.0.1']);
    client = authority.issue(['URI:sip:client.example']);
  });

  afterAll(() => authority[Symbol.dispose]());

  async function serve(tls: TlsOptions): Promise<{ b: TestLayer; port: number }> {
    const b = testLayer(tls);
    const { address } = await b.layer.listen({ protocol: 'tls' });
    return { b, port: address.port };
  }

  const connect = (a: TestLayer, port: number, serverName?: string): Promise<Flow> =>
    a.layer.connect({ protocol: 'tls', host: '127.0.0.1', port, serverName });

  it('carries messages to a server that proves its name', async () => {
    const { b, port } = await serve(server);
    const a = testLayer({ ca: authority.ca });
    const flow = await connect(a, port, 'example.com');
    expect(flow).toMatchObject({ protocol: 'tls', secure: true, reliable: true });
    await sent(flow, options(`SIP/2.0/TLS ${flow.sentBy};rport`));
    const { flow: back } = await b.request();
    expect(back.secure).toBe(true);
    expect(await connect(a, port, 'example.com')).toBe(flow);
  });

  it('accepts an address in the certificate for a numeric host', async () => {
    const { port } = await serve(server);
    expect((await connect(testLayer({ ca: authority.ca }), port)).open).toBe(true);
  });

  it('refuses a certificate for another name, and says so', async () => {
    const { b, port } = await serve(server);
    const refused = connect(testLayer({ ca: authority.ca }), port, 'example.net');
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_SIP_CERTIFICATE',
      details: { target: `tls:127.0.0.1:${port}`, why: 'it is not valid for example.net' },
    });
    expect(b.received).toEqual([]);
  });

  it('refuses an unknown authority and an expired certificate', async () => {
    const { port } = await serve(server);
    await expect(connect(testLayer({}), port, 'example.com')).rejects.toMatchObject({
      code: 'ERR_SIP_CERTIFICATE',
      details: { why: 'the authority that signed it is not known' },
    });
    const expired = await serve(authority.issue(['DNS:example.com'], 'old', -1));
    await expect(connect(testLayer({ ca: authority.ca }), expired.port, 'example.com')).rejects.toMatchObject(
      {
        code: 'ERR_SIP_CERTIFICATE',
        details: { why: 'it has expired' },
      },
    );
  });

  it('refuses a wildcard unless told otherwise (RFC 5922 §7.2)', async () => {
    const { port } = await serve(authority.issue(['DNS:*.example.com']));
    const strict = testLayer({ ca: authority.ca });
    await expect(connect(strict, port, 'sip.example.com')).rejects.toMatchObject({
      code: 'ERR_SIP_CERTIFICATE',
    });
    const lenient = testLayer({ ca: authority.ca, wildcards: true });
    expect((await connect(lenient, port, 'sip.example.com')).open).toBe(true);
    await expect(connect(lenient, port, 'a.sip.example.com')).rejects.toMatchObject({
      code: 'ERR_SIP_CERTIFICATE',
    });
  });

  it('accepts anything when verification is switched off', async () => {
    const { port } = await serve(server);
    expect((await connect(testLayer({ verify: false }), port, 'other.example')).open).toBe(true);
  });

  it('says what is wrong with a certificate, and goes on, when told to warn', async () => {
    const { port } = await serve(server);
    const a = testLayer({ verify: 'warn' });
    expect((await connect(a, port, 'other.example')).open).toBe(true);
    expect(a.log).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: { target: `tls:127.0.0.1:${port}`, why: 'the authority that signed it is not known' },
      }),
    );
    expect(testLayer({ verify: false }).log).toEqual([]);
  });

  it.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)(
    'speaks %s and no other when told so',
    async (version) => {
      const only = { minVersion: version, maxVersion: version };
      const other = version === 'TLSv1.2' ? 'TLSv1.3' : 'TLSv1.2';
      const { b, port } = await serve({ ...server, ...only });
      const flow = await connect(testLayer({ ca: authority.ca, ...only }), port, 'example.com');
      await sent(flow, options(`SIP/2.0/TLS ${flow.sentBy};rport`));
      expect((await b.request()).flow.secure).toBe(true);
      const elsewhere = testLayer({ ca: authority.ca, minVersion: other, maxVersion: other });
      await expect(connect(elsewhere, port, 'example.com')).rejects.toMatchObject({
        code: 'ERR_SIP_TRANSPORT',
      });
    },
  );

  it('does not use a connection for a name it was not verified for', async () => {
    const { port } = await serve(authority.issue(['DNS:a.example', 'DNS:b.example']));
    const a = testLayer({ ca: authority.ca });
    const first = await connect(a, port, 'a.example');
    expect(await connect(a, port, 'b.example')).not.toBe(first);
  });

  it('honours alias for a client with a certificate, under its own name only (RFC 5923 §8.2)', async () => {
    const { b, port } = await serve({ ...server, ca: authority.ca });
    const a = testLayer({ ca: authority.ca, ...client });
    const flow = await connect(a, port, 'example.com');
    await sent(flow, options('SIP/2.0/TLS 127.0.0.1:5999;alias'));
    const { flow: back } = await b.request();
    expect(await connect(b, 5999, 'client.example')).toBe(back);
    await expect(connect(b, 5999, 'other.example')).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
  });

  it('ignores alias of a client without one', async () => {
    const { b, port } = await serve({ ...server, ca: authority.ca });
    const flow = await connect(testLayer({ ca: authority.ca }), port, 'example.com');
    await sent(flow, options('SIP/2.0/TLS 127.0.0.1:5999;alias'));
    await b.request();
    await expect(connect(b, 5999, '127.0.0.1')).rejects.toMatchObject({ code: 'ERR_SIP_TRANSPORT' });
  });

  it('says so where the server does not speak TLS, or not as we do', async () => {
    const answering = createTcpServer((socket) =>
      socket.once('data', () => socket.end('SIP/2.0 400 No\r\n\r\n')),
    );
    answering.listen(0, '127.0.0.1');
    open.push(() => answering.close());
    await once(answering, 'listening');
    const refused = (port: number) => connect(testLayer({ ca: authority.ca }), port, 'example.com');
    await expect(refused((answering.address() as AddressInfo).port)).rejects.toMatchObject({
      code: 'ERR_SIP_TRANSPORT',
      details: { why: 'the peer does not speak TLS here' },
    });
    const { port } = await serve({ ...server, minVersion: 'TLSv1.3' });
    const older = createSecureContext({ ca: authority.ca, maxVersion: 'TLSv1.2' });
    const error = await new Promise<Error>((resolve) =>
      tlsConnect({ port, host: '127.0.0.1', secureContext: older }).once('error', resolve),
    );
    expect(inWords(error)).toMatch(/^[a-z0-9 ]*alert protocol version$/);
  });

  it('survives peers that do not speak TLS or fall silent in the handshake', async () => {
    const { b, port } = await serve(server);
    const [loud, silent] = [netConnect(port, '127.0.0.1'), netConnect(port, '127.0.0.1')];
    for (const socket of [loud, silent]) {
      socket.on('error', () => {});
      await once(socket, 'connect');
    }
    loud.write(options('SIP/2.0/TLS x'));
    await once(loud, 'close');
    const gone = once(silent, 'close');
    // Closing does not wait for the handshake of the silent one.
    await b.layer.close();
    await gone;
    expect(b.received).toEqual([]);
  });

  it('gives up on a server that falls silent in the handshake', async () => {
    const b = testLayer({});
    const { address } = await b.layer.listen({ protocol: 'tcp' });
    const a = testLayer({ ca: authority.ca }, { connectTimeoutMs: 30 });
    await expect(connect(a, address.port, 'example.com')).rejects.toMatchObject({
      code: 'ERR_SIP_TRANSPORT',
      details: { why: 'no connection within 30 ms' },
    });
    await until(() => b.layer.connections === 0);
  });

  it('says so where keys are too short for this Node.js', async () => {
    const weak = authority.issue(['IP:127.0.0.1'], 'weak', 2, ['-newkey', 'rsa:1024', '-nodes']);
    const lenient = createServer({ ...weak, ciphers: 'DEFAULT@SECLEVEL=0' }).listen(0, '127.0.0.1');
    open.push(() => lenient.close());
    await once(lenient, 'listening');
    const { port } = lenient.address() as AddressInfo;
    const trusting = testLayer({ ca: authority.ca });
    const listen = () => testLayer(weak).layer.listen({ protocol: 'tls' });
    if (!takesShortKeys(weak)) {
      await expect(connect(trusting, port)).rejects.toMatchObject({
        code: 'ERR_SIP_CERTIFICATE',
        details: { why: expect.stringContaining('RSA needs 2048 bits') },
      });
      await expect(listen()).rejects.toThrow(/the key is too short, RSA needs 2048 bits/);
    } else {
      expect((await connect(trusting, port)).open).toBe(true);
      expect((await listen()).address.port).toBeGreaterThan(0);
    }
    const old = Object.assign(new Error('error:0A00018A:SSL routines'), { code: 'ERR_SSL_DH_KEY_TOO_SMALL' });
    expect(inWords(old)).toContain('Diffie-Hellman needs 2048 bits');
  });

  it('needs a readable certificate and key', async () => {
    await expect(testLayer({}).layer.listen({ protocol: 'tls' })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
    await expect(
      testLayer({ cert: 'nonsense', key: 'nonsense' }).layer.listen({ protocol: 'tls' }),
    ).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    await expect(connect(testLayer({ cert: 'nonsense' }), 5061)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
  });
});
