import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import { SeededRandom } from '../../../../src/base/random.js';
import {
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  DigestClient,
  type DigestClientOptions,
  DigestServer,
  type DigestServerOptions,
  digestHa1,
} from '../../../../src/sip/auth/index.js';
import { SipRequest, SipResponse } from '../../../../src/sip/message/index.js';

const random = new SeededRandom(11);

function makeServer(clock: VirtualClock, options: Partial<DigestServerOptions> = {}): DigestServer {
  return new DigestServer({
    realm: 'example.com',
    random,
    clock,
    lookup: (username) => (username === 'bob' ? { password: 'zanzibar' } : undefined),
    ...options,
  });
}

function makeClient(options: Partial<DigestClientOptions> = {}): DigestClient {
  return new DigestClient({
    credentials: () => ({ username: 'bob', password: 'zanzibar' }),
    random,
    ...options,
  });
}

function register(body = ''): SipRequest {
  const request = new SipRequest('REGISTER', 'sip:example.com')
    .add('Via', 'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa')
    .add('From', '<sip:bob@example.com>;tag=1')
    .add('To', '<sip:bob@example.com>')
    .add('Call-ID', 'c')
    .add('CSeq', '1 REGISTER');
  request.setBody(body, 'text/plain');
  return request;
}

function challenged(server: DigestServer, request: SipRequest, proxy = false, stale = false): SipResponse {
  const response = SipResponse.for(request, proxy ? 407 : 401);
  server.challenge(response, stale);
  return response;
}

/** A 401 with these WWW-Authenticate values. */
function refusal(request: SipRequest, ...challenges: string[]): SipResponse {
  return SipResponse.for(request, 401).set('WWW-Authenticate', challenges);
}

describe('digest client against digest server', () => {
  const cases = DIGEST_ALGORITHMS.flatMap((algorithm) =>
    (['auth', 'auth-int', 'none'] as const).map((qop) => [algorithm, qop] as const),
  );

  it.each(cases)('%s, qop %s', (algorithm, qop) => {
    const clock = new VirtualClock();
    const server = makeServer(clock, { algorithms: [algorithm], qop: qop === 'none' ? [] : [qop] });
    const client = makeClient();
    const request = register('body');
    expect(server.verify(request, false)).toMatchObject({ ok: false, reason: 'missing' });
    expect(client.authorize(request, challenged(server, request))).toBe('retry');
    expect(server.verify(request, false)).toEqual({ ok: true, username: 'bob' });
    const credentials = request.authorization[0];
    expect(credentials.algorithm).toBe(algorithm);
    expect(credentials.params.get('qop')).toBe(qop === 'none' ? undefined : qop);
  });

  it('counts the uses of a nonce and spares the next challenges', () => {
    const server = makeServer(new VirtualClock());
    const client = makeClient();
    const first = register();
    client.authorize(first, challenged(server, first));
    for (const nc of ['00000002', '00000003']) {
      const next = register();
      client.preauthorize(next);
      expect(next.authorization[0].params.get('nc')).toBe(nc);
      expect(server.verify(next, false)).toMatchObject({ ok: true });
    }
  });

  it('binds a session key to the first cnonce', () => {
    const server = makeServer(new VirtualClock(), { algorithms: ['MD5-sess'] });
    const client = makeClient();
    const first = register();
    client.authorize(first, challenged(server, first));
    const next = register();
    client.preauthorize(next);
    expect(next.authorization[0].params.get('cnonce')).toBe(first.authorization[0].params.get('cnonce'));
    expect(server.verify(first, false)).toMatchObject({ ok: true });
    expect(server.verify(next, false)).toMatchObject({ ok: true });
  });

  it('works with a stored HA1', () => {
    const ha1 = digestHa1('MD5', 'bob', 'example.com', 'zanzibar');
    const server = makeServer(new VirtualClock(), { lookup: () => ({ ha1 }) });
    const client = makeClient({ credentials: () => ({ username: 'bob', ha1 }) });
    const request = register();
    // SHA-256 is offered first; the stored hash only serves MD5.
    expect(client.authorize(request, challenged(server, request))).toBe('retry');
    expect(request.authorization[0].algorithm).toBe('MD5');
    expect(server.verify(request, false)).toMatchObject({ ok: true });
  });

  it('answers a 407 with Proxy-Authorization', () => {
    const server = makeServer(new VirtualClock());
    const request = register();
    expect(makeClient().authorize(request, challenged(server, request, true))).toBe('retry');
    expect(request.has('Authorization')).toBe(false);
    expect(server.verify(request, true)).toMatchObject({ ok: true });
  });

  it('survives quotes and backslashes in names', () => {
    const realm = 'a "quoted" \\ realm';
    const server = makeServer(new VirtualClock(), { realm, lookup: () => ({ password: 'p' }) });
    const client = makeClient({ credentials: () => ({ username: 'b"o\\b', password: 'p' }) });
    const request = register();
    client.authorize(request, challenged(server, request));
    expect(server.verify(request, false)).toEqual({ ok: true, username: 'b"o\\b' });
  });
});

describe('digest client', () => {
  it("shows a proxy of the registrar's realm one set of credentials, from its first 407 on", () => {
    const server = makeServer(new VirtualClock());
    const client = makeClient();
    client.authorize(register(), challenged(server, register()));
    const invite = (): SipRequest => {
      const request = register();
      request.method = 'INVITE';
      return request;
    };
    const first = invite();
    client.preauthorize(first);
    expect(first.has('Authorization')).toBe(true);
    expect(client.authorize(first, challenged(server, first, true))).toBe('retry');
    const next = invite();
    client.preauthorize(next);
    for (const request of [first, next])
      expect([request.has('Authorization'), request.has('Proxy-Authorization')]).toEqual([false, true]);
    const again = register();
    client.preauthorize(again);
    expect(again.has('Authorization')).toBe(true);
  });

  it('answers several realms and both headers of one response', () => {
    const request = register();
    const response = refusal(
      request,
      'Digest realm="a", nonce="n1", qop="auth"',
      'Digest realm="b", nonce="n2", qop="auth"',
    ).set('Proxy-Authenticate', 'Digest realm="a", nonce="n3"');
    const client = makeClient({
      credentials: (realm) => ({ username: `user-${realm}`, password: 'x' }),
    });
    expect(client.authorize(request, response)).toBe('retry');
    expect(request.authorization.map(({ realm, username }) => [realm, username])).toEqual([
      ['a', 'user-a'],
      ['b', 'user-b'],
    ]);
    expect(request.proxyAuthorization.map(({ realm, nonce }) => [realm, nonce])).toEqual([['a', 'n3']]);
  });

  it('answers a second realm later, and keeps the first credentials', () => {
    const request = register();
    const client = makeClient();
    client.authorize(request, refusal(request, 'Digest realm="a", nonce="n1"'));
    expect(client.authorize(request, refusal(request, 'Digest realm="b", nonce="n2"'))).toBe('retry');
    expect(request.authorization.map(({ realm }) => realm)).toEqual(['a', 'b']);
  });

  it('gives up when its credentials are refused', () => {
    const request = register();
    const client = makeClient();
    expect(client.authorize(request, refusal(request, 'Digest realm="a", nonce="n1"'))).toBe('retry');
    expect(client.authorize(request, refusal(request, 'Digest realm="a", nonce="n2"'))).toBe('failed');
    expect(client.refusal(request)?.realm).toBe('a');
    const next = register();
    client.preauthorize(next);
    expect(next.has('Authorization')).toBe(false);
  });

  it('does not blame a realm that accepted when another one has no credentials', () => {
    const request = register();
    const client = makeClient({
      credentials: (realm) => (realm === 'a' ? { username: 'bob', password: 'x' } : undefined),
    });
    expect(client.authorize(request, refusal(request, 'Digest realm="a", nonce="n1"'))).toBe('retry');
    expect(client.authorize(request, refusal(request, 'Digest realm="b", nonce="n2"'))).toBe('failed');
    expect(client.refusal(request)?.realm).toBeUndefined();
  });

  it('tries again when the nonce was stale, but not for ever', () => {
    const request = register();
    const client = makeClient();
    client.authorize(request, refusal(request, 'Digest realm="a", nonce="n0"'));
    const stale = () =>
      client.authorize(request, refusal(request, 'Digest realm="a", nonce="n", stale=TRUE'));
    expect([stale(), stale(), stale()]).toEqual(['retry', 'retry', 'failed']);
  });

  it('tries a fresh nonce when one known from before is refused without stale', () => {
    const client = makeClient();
    const first = register();
    client.authorize(first, refusal(first, 'Digest realm="a", nonce="n1", qop="auth"'));
    const next = register();
    client.preauthorize(next);
    expect(client.authorize(next, refusal(next, 'Digest realm="a", nonce="n2", qop="auth"'))).toBe('retry');
    expect(next.authorization).toHaveLength(1);
    expect(next.authorization[0].nonce).toBe('n2');
    expect(next.authorization[0].params.get('nc')).toBe('00000001');
  });

  it.each([
    ['no credentials', 'Digest realm="unknown", nonce="n"'],
    ['another scheme', 'Basic realm="a"'],
    ['an unknown algorithm', 'Digest realm="a", nonce="n", algorithm=AKAv1-MD5'],
    ['an unknown qop', 'Digest realm="a", nonce="n", qop="future"'],
    ['no nonce', 'Digest realm="a"'],
    ['a malformed challenge', 'Digest realm'],
  ])('fails on %s', (_name, challenge) => {
    const request = register();
    const client = makeClient({
      credentials: (realm) => (realm === 'unknown' ? undefined : { username: 'b', password: 'p' }),
    });
    expect(client.authorize(request, refusal(request, challenge))).toBe('failed');
    expect(client.refusal(request)?.realm).toBeUndefined();
    expect(request.has('Authorization')).toBe(false);
  });

  it('takes the topmost algorithm it may use', () => {
    const pick = (algorithms: DigestAlgorithm[]) => {
      const request = register();
      const challenges = ['SHA-512-256', 'SHA-256', 'MD5'].map(
        (name) => `Digest realm="a", nonce="n", algorithm=${name}`,
      );
      makeClient({ algorithms }).authorize(
        request,
        refusal(request, 'Digest realm="a", nonce="n", algorithm=X', ...challenges),
      );
      return request.authorization.map(({ algorithm }) => algorithm);
    };
    expect(pick(['MD5', 'SHA-256'])).toEqual(['SHA-256']);
    expect(pick(['MD5'])).toEqual(['MD5']);
  });

  it('prefers auth to auth-int and returns the opaque value', () => {
    const request = register();
    makeClient().authorize(
      request,
      refusal(request, 'Digest realm="a", nonce="n", qop="auth-int, auth", opaque="o"'),
    );
    expect(request.authorization[0].params.get('qop')).toBe('auth');
    expect(request.authorization[0].opaque).toBe('o');
  });

  it('uses the next nonce of Authentication-Info', () => {
    const client = makeClient();
    const request = register();
    client.authorize(request, refusal(request, 'Digest realm="a", nonce="n1", qop="auth"'));
    const ok = SipResponse.for(request, 200).set('Authentication-Info', 'nextnonce="n2", qop=auth');
    client.learn(request, ok);
    const next = register();
    client.preauthorize(next);
    expect(next.authorization[0].nonce).toBe('n2');
    expect(next.authorization[0].params.get('nc')).toBe('00000001');
    client.learn(next, SipResponse.for(next, 200).set('Authentication-Info', 'nonsense'));
    client.reset();
    const last = register();
    client.preauthorize(last);
    expect(last.has('Authorization')).toBe(false);
  });
});

describe('digest server', () => {
  function authorized(server: DigestServer, client = makeClient()): SipRequest {
    const request = register();
    client.authorize(request, challenged(server, request));
    return request;
  }

  it('challenges once per algorithm, in order, with one nonce', () => {
    const server = makeServer(new VirtualClock(), {
      algorithms: ['SHA-256', 'MD5'],
      qop: ['auth', 'auth-int'],
    });
    const list = challenged(server, register(), false, true).wwwAuthenticate;
    expect(list.map(({ algorithm }) => algorithm)).toEqual(['SHA-256', 'MD5']);
    expect(list.map(({ qop }) => qop)).toEqual([
      ['auth', 'auth-int'],
      ['auth', 'auth-int'],
    ]);
    expect(list[0].stale).toBe(true);
    expect(list[0].nonce).toBe(list[1].nonce);
  });

  it('refuses wrong passwords and unknown users alike', () => {
    const server = makeServer(new VirtualClock());
    for (const who of [
      { username: 'bob', password: 'wrong' },
      { username: 'eve', password: 'zanzibar' },
    ]) {
      const verdict = server.verify(authorized(server, makeClient({ credentials: () => who })), false);
      expect(verdict).toEqual({ ok: false, stale: false, reason: 'credentials' });
    }
  });

  it('refuses a count it has seen, and lets requests overtake each other', () => {
    const server = makeServer(new VirtualClock());
    const client = makeClient();
    const requests = [authorized(server, client)];
    for (let i = 0; i < 40; i++) {
      const next = register();
      client.preauthorize(next);
      requests.push(next);
    }
    const verify = (i: number) => server.verify(requests[i], false);
    expect(verify(0)).toMatchObject({ ok: true });
    expect(verify(0)).toEqual({ ok: false, stale: true, reason: 'replay' });
    expect(verify(3)).toMatchObject({ ok: true });
    expect(verify(1)).toMatchObject({ ok: true });
    expect(verify(1)).toMatchObject({ ok: false, reason: 'replay' });
    expect(verify(3)).toMatchObject({ ok: false, reason: 'replay' });
    expect(verify(40)).toMatchObject({ ok: true });
    expect(verify(2)).toMatchObject({ ok: false, reason: 'replay' });
    expect(verify(39)).toMatchObject({ ok: true });
  });

  it('accepts RFC 2069 credentials once per nonce', () => {
    const server = makeServer(new VirtualClock(), { qop: [] });
    const request = authorized(server);
    expect(server.verify(request, false)).toMatchObject({ ok: true });
    expect(server.verify(request, false)).toMatchObject({ ok: false, reason: 'replay' });
  });

  it('lets nonces expire, and says so only to who knows the password', () => {
    const clock = new VirtualClock();
    const server = makeServer(clock, { nonceLifetimeMs: 1000 });
    const good = authorized(server);
    const bad = authorized(server, makeClient({ credentials: () => ({ username: 'bob', password: 'x' }) }));
    clock.advance(1001);
    expect(server.verify(good, false)).toEqual({ ok: false, stale: true, reason: 'stale' });
    expect(server.verify(bad, false)).toEqual({ ok: false, stale: false, reason: 'credentials' });
  });

  it('takes no nonce of somebody else', () => {
    const clock = new VirtualClock();
    const request = authorized(makeServer(clock));
    expect(makeServer(clock).verify(request, false)).toMatchObject({
      ok: false,
      stale: false,
      reason: 'nonce',
    });
  });

  it('accepts no old count after it had to forget a nonce', () => {
    const server = makeServer(new VirtualClock(), { maxNonces: 2 });
    const requests = [0, 1, 2, 3].map(() => authorized(server));
    for (const request of requests) server.verify(request, false);
    for (const request of requests) {
      expect(server.verify(request, false)).toMatchObject({ ok: false, stale: true, reason: 'replay' });
    }
  });

  it.each([
    ['uri', 'uri="sip:example.com"', 'uri="sip:other.com"'],
    ['algorithm', 'algorithm=SHA-256', 'algorithm=SHA-512-256'],
    ['malformed', 'nc=00000001', 'nc=1'],
    ['malformed', 'qop=auth', 'qop=auth-int'],
    ['malformed', 'username="bob"', 'user="bob"'],
    ['missing', 'realm="example.com"', 'realm="elsewhere"'],
    ['malformed', 'Digest ', 'Digest =, '],
    ['credentials', 'cnonce="', 'cnonce="x'],
  ])('refuses credentials with %s trouble', (reason, from, to) => {
    const server = makeServer(new VirtualClock());
    const request = authorized(server);
    request.set('Authorization', (request.get('Authorization') ?? '').replace(from, to));
    expect(server.verify(request, false)).toEqual({ ok: false, stale: false, reason });
  });

  it('refuses a changed body with auth-int', () => {
    const server = makeServer(new VirtualClock(), { qop: ['auth-int'] });
    const request = authorized(server);
    request.body = Buffer.from('changed');
    expect(server.verify(request, false)).toMatchObject({ ok: false, reason: 'credentials' });
  });
});
