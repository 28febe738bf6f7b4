/** Every header of the RFCs this stack has by name: a typed value out of its text, and the same text out of the value. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AuthParams,
  Challenge,
  Credentials,
  CSeq,
  DialogReference,
  EventValue,
  InfoValue,
  MediaType,
  NameAddr,
  parseMessage,
  RAck,
  ReasonValue,
  RetryAfter,
  SessionExpires,
  type SipMessage,
  SipResponse,
  SubscriptionState,
  TokenValue,
  Via,
  Warning,
} from '../../../../src/sip/message/index.js';

type Accessor = {
  [K in keyof SipMessage]: SipMessage[K] extends (...args: never[]) => unknown ? never : K;
}[keyof SipMessage];
type Kind = (abstract new (...args: never[]) => unknown) | 'number' | 'string' | 'date' | 'timestamp';

const reference = 'a84b4c76e66710@pc33.example.com;to-tag=1;from-tag=2';
const contact = '"Mr. Watson, Bell" <sip:watson@bell.example:5061;transport=tcp>;q=0.7;expires=3600';
const digest =
  'Digest username="bob", realm="biloxi.com", nonce="dcd98b", uri="sip:bob@biloxi.com", qop=auth';

/** RFC, header, its accessor, an example (the list ones with two values), what one value is. */
const HEADERS: ReadonlyArray<[rfc: number, name: string, accessor: Accessor, example: string, kind: Kind]> = [
  [3261, 'Accept', 'accept', 'application/sdp;level=1, text/html', MediaType],
  [3261, 'Accept-Encoding', 'acceptEncoding', 'gzip;q=1.0, identity;q=0.5', TokenValue],
  [3261, 'Accept-Language', 'acceptLanguage', 'da, en-gb;q=0.8', TokenValue],
  [3261, 'Alert-Info', 'alertInfo', '<http://www.example.com/moo.wav>, <urn:alert:tone>;x=1', InfoValue],
  [3261, 'Allow', 'allow', 'INVITE, ACK', 'string'],
  [3261, 'Authentication-Info', 'authenticationInfo', 'nextnonce="47364c23432d2e131a5fb210812c"', AuthParams],
  [3261, 'Authorization', 'authorization', digest, Credentials],
  [3261, 'Call-ID', 'callId', 'f81d4fae-7dec-11d0@foo.bar.com', 'string'],
  [3261, 'Call-Info', 'callInfo', '<http://a.example/p.jpg>;purpose=icon, <http://b/>', InfoValue],
  [3261, 'Contact', 'contacts', `${contact}, <sips:w@[2001:db8::1]>`, NameAddr],
  [3261, 'Content-Disposition', 'contentDisposition', 'session;handling=optional', TokenValue],
  [3261, 'Content-Encoding', 'contentEncoding', 'gzip, tar', 'string'],
  [3261, 'Content-Language', 'contentLanguage', 'fr, de', 'string'],
  [3261, 'Content-Length', 'contentLength', '0', 'number'],
  [3261, 'Content-Type', 'contentType', 'multipart/mixed;boundary="a b"', MediaType],
  [3261, 'CSeq', 'cseq', '4711 INVITE', CSeq],
  [3261, 'Date', 'date', 'Sat, 13 Nov 2010 23:29:00 GMT', 'date'],
  [3261, 'Error-Info', 'errorInfo', '<sip:not-in-service-recording@atlanta.com>', InfoValue],
  [3261, 'Expires', 'expires', '5', 'number'],
  [3261, 'From', 'from', '"A. G. Bell (home)" <sip:agb@bell-telephone.com>;tag=a48s', NameAddr],
  [3261, 'In-Reply-To', 'inReplyTo', '70710@saturn.example, 17320@saturn.example', 'string'],
  [3261, 'Max-Forwards', 'maxForwards', '70', 'number'],
  [3261, 'MIME-Version', 'mimeVersion', '1.0', 'string'],
  [3261, 'Min-Expires', 'minExpires', '60', 'number'],
  [3261, 'Organization', 'organization', 'Boxes by Bob', 'string'],
  [3261, 'Priority', 'priority', 'emergency', 'string'],
  [3261, 'Proxy-Authenticate', 'proxyAuthenticate', 'Digest realm="a", nonce="b", algorithm=MD5', Challenge],
  [3261, 'Proxy-Authorization', 'proxyAuthorization', digest, Credentials],
  [3261, 'Proxy-Require', 'proxyRequire', 'foo, bar', 'string'],
  [3261, 'Record-Route', 'recordRoutes', '<sip:p1.example.com;lr>, <sip:p2.example.com>', NameAddr],
  [3261, 'Reply-To', 'replyTo', 'Bob <sip:bob@biloxi.com>', NameAddr],
  [3261, 'Require', 'require', '100rel, timer', 'string'],
  [3261, 'Retry-After', 'retryAfter', '18000 (in a meeting);duration=3600', RetryAfter],
  [3261, 'Route', 'routes', '<sip:p1.example.com;lr>, <sip:p2.example.com>', NameAddr],
  [3261, 'Server', 'server', 'HomeServer v2', 'string'],
  [3261, 'Subject', 'subject', 'Need more boxes', 'string'],
  [3261, 'Supported', 'supported', '100rel, path', 'string'],
  [3261, 'Timestamp', 'timestamp', '54.5 0.2', 'timestamp'],
  [3261, 'To', 'to', 'The Operator <sip:operator@cs.columbia.edu>;tag=287447', NameAddr],
  [3261, 'Unsupported', 'unsupported', 'foo, bar', 'string'],
  [3261, 'User-Agent', 'userAgent', 'Softphone Beta1.5', 'string'],
  [3261, 'Via', 'vias', 'SIP/2.0/UDP [2001:db8::9]:5080;rport;branch=z9hG4bK1, SIP/2.0/TLS a.b', Via],
  [3261, 'Warning', 'warnings', '307 isi.edu "Session parameter \\"foo\\"", 301 b.c "x"', Warning],
  [
    3261,
    'WWW-Authenticate',
    'wwwAuthenticate',
    'Digest realm="a", nonce="b", qop="auth,auth-int"',
    Challenge,
  ],
  [3262, 'RSeq', 'rseq', '988789', 'number'],
  [3262, 'RAck', 'rack', '776656 1 INVITE', RAck],
  [3265, 'Event', 'event', 'presence.winfo;id=7', EventValue],
  [3265, 'Allow-Events', 'allowEvents', 'presence, dialog', 'string'],
  [3265, 'Subscription-State', 'subscriptionState', 'active;expires=60', SubscriptionState],
  [3323, 'Privacy', 'privacy', 'id;header', 'string'],
  [3325, 'P-Asserted-Identity', 'pAssertedIdentity', '"C, D" <sip:c@x>, <tel:+14085264000>', NameAddr],
  [3325, 'P-Preferred-Identity', 'pPreferredIdentity', '"C, D" <sip:c@x>', NameAddr],
  [3326, 'Reason', 'reasons', 'SIP;cause=600;text="Busy Everywhere", Q.850;cause=16', ReasonValue],
  [3327, 'Path', 'paths', '<sip:p1.examplevisited.com;lr>, <sip:p2;lr>', NameAddr],
  [
    3515,
    'Refer-To',
    'referTo',
    '<sip:dave@d.example?Replaces=12345%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>',
    NameAddr,
  ],
  [3581, 'Via', 'vias', 'SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988', Via],
  [
    3608,
    'Service-Route',
    'serviceRoutes',
    '<sip:p2.home.example.com;lr>, <sip:hsp.home.example.com;lr>',
    NameAddr,
  ],
  [3841, 'Accept-Contact', 'acceptContact', '*;audio;require, *;mobility="fixed"', TokenValue],
  [3841, 'Reject-Contact', 'rejectContact', '*;actor="msg-taker"', TokenValue],
  [3841, 'Request-Disposition', 'requestDisposition', 'proxy, no-fork', 'string'],
  [3891, 'Replaces', 'replaces', `${reference};early-only`, DialogReference],
  [3892, 'Referred-By', 'referredBy', '<sip:r@ref.example>;cid="2UWQFN309shb3@ref.example"', NameAddr],
  [3903, 'SIP-ETag', 'sipEtag', 'dx200xyz', 'string'],
  [3903, 'SIP-If-Match', 'sipIfMatch', 'dx200xyz', 'string'],
  [3911, 'Join', 'join', reference, DialogReference],
  [4028, 'Session-Expires', 'sessionExpires', '4000;refresher=uac', SessionExpires],
  [4028, 'Min-SE', 'minSe', '90', 'number'],
  [5626, 'Flow-Timer', 'flowTimer', '120', 'number'],
  [
    5627,
    'Contact',
    'contacts',
    '<sip:a@b>;pub-gruu="sip:a@b;gr=urn:uuid:f81d4fae";+sip.instance="<urn:uuid:f81d4fae>"',
    NameAddr,
  ],
  [
    6665,
    'Subscription-State',
    'subscriptionState',
    'terminated;reason=invariant;retry-after=5',
    SubscriptionState,
  ],
];

/** What follows the start line and the headers every message has. */
function received(name: string, text: string): SipMessage {
  const base = new SipResponse(200);
  for (const [header, content] of [
    ['Via', 'SIP/2.0/UDP h'],
    ['From', '<sip:a@b>;tag=1'],
    ['To', '<sip:a@b>'],
    ['Call-ID', 'x'],
    ['CSeq', '1 INVITE'],
    [name, text],
  ])
    base.set(header, content);
  const result = parseMessage(base.toBytes());
  if (!result.ok) throw result.error;
  return result.message;
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'date') return value instanceof Date;
  if (kind === 'timestamp') return typeof (value as { value: unknown }).value === 'number';
  if (kind === 'number') return typeof value === 'number';
  return kind === 'string' ? typeof value === 'string' : value instanceof kind;
}

describe('the headers of the RFCs', () => {
  it.each(HEADERS)('RFC %d: %s', (_, name, accessor, example, kind) => {
    const message = received(name, example);
    const value: unknown = message[accessor];
    const values = Array.isArray(value) ? value : [value];
    expect(values.length).toBeGreaterThan(0);
    for (const one of values) expect(isOfKind(one, kind)).toBe(true);
    if (kind === 'date' || kind === 'timestamp') return;
    // Printed again it is the same text, and put back it is the same value.
    const again = values.join(accessor === 'privacy' ? ';' : ', ');
    expect(again).toBe(example);
    message.set(name, again);
    expect(message[accessor]).toEqual(value);
  });

  it.each(HEADERS)(
    'RFC %d: %s that is broken throws ERR_SIP_PARSE or gives text, and nothing else',
    (_, name, accessor) => {
      for (const text of [
        '',
        ',',
        ';',
        '<',
        '"',
        '\\',
        '<sip:',
        'a b c "',
        '(',
        '\u{1f600}',
        '0x',
        '-1',
        '*;;',
        '=',
      ]) {
        let message: SipMessage;
        try {
          message = received(name, text);
          void message[accessor];
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_SIP_PARSE' });
        }
      }
    },
  );
});

const token = fc.string({ unit: fc.constantFrom(..."ABCxyz019-.!%*_+`'~"), minLength: 1, maxLength: 8 });
const quotable = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, ''));
const params = fc
  .uniqueArray(fc.tuple(token, fc.option(quotable, { nil: undefined })), {
    selector: ([name]) => name.toLowerCase(),
    maxLength: 4,
  })
  .map((entries) => Object.fromEntries(entries));
const number = fc.integer({ min: 0, max: 0xffff_ffff });
const seq = fc.integer({ min: 0, max: 0x7fff_ffff });

describe('parse ∘ print is the identity of', () => {
  /** Prints, parses and compares. */
  function holds<T extends { toString(): string }>(
    values: fc.Arbitrary<T>,
    parse: (text: string) => T,
  ): void {
    fc.assert(
      fc.property(values, (value) => {
        const again = parse(value.toString());
        expect(again).toEqual(value);
        expect(again.toString()).toBe(value.toString());
      }),
    );
  }

  it('CSeq and RAck', () => {
    holds(
      fc.tuple(seq, token).map(([n, method]) => new CSeq(n, method)),
      CSeq.parse,
    );
    holds(
      fc.tuple(number, seq, token).map(([r, n, method]) => new RAck(r, n, method)),
      RAck.parse,
    );
  });

  it('media types, tokens, events and subscription states with parameters', () => {
    holds(
      fc.tuple(token, token, params).map(([a, b, p]) => new MediaType(a, b, p)),
      MediaType.parse,
    );
    holds(
      fc.tuple(token, params).map(([value, p]) => new TokenValue(value, p)),
      TokenValue.parse,
    );
    holds(
      fc.tuple(token, params).map(([name, p]) => new EventValue(name, p)),
      EventValue.parse,
    );
    holds(
      fc.tuple(token, params).map(([state, p]) => new SubscriptionState(state, p)),
      SubscriptionState.parse,
    );
  });

  it('session timers, Retry-After, Reason and Warning', () => {
    const refresher = fc.constantFrom('uac' as const, 'uas' as const, undefined);
    holds(
      fc.tuple(number, refresher).map(([n, who]) => new SessionExpires(n, who)),
      SessionExpires.parse,
    );
    const comment = fc.option(fc.stringMatching(/^[a-z ,;"=]{0,10}$/), { nil: undefined });
    holds(
      fc.tuple(number, comment).map(([n, text]) => new RetryAfter(n, text)),
      RetryAfter.parse,
    );
    const reason = fc.tuple(
      token,
      fc.option(number, { nil: undefined }),
      fc.option(quotable, { nil: undefined }),
    );
    holds(
      reason.map(([protocol, cause, text]) => new ReasonValue(protocol, cause, text)),
      ReasonValue.parse,
    );
    const warning = fc.tuple(fc.integer({ min: 100, max: 999 }), token, quotable);
    holds(
      warning.map(([code, agent, text]) => new Warning(code, agent, text)),
      Warning.parse,
    );
  });

  it('challenges and credentials', () => {
    const pairs = fc.uniqueArray(fc.tuple(token, quotable), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 5,
    });
    const auth = pairs.map((entries) => {
      const made = new AuthParams();
      for (const [name, value] of entries) made.setQuoted(name, value);
      return made;
    });
    holds(auth, AuthParams.parse);
    holds(
      auth.map((p) => new Challenge('Digest', p)),
      Challenge.parse,
    );
    holds(
      auth.map((p) => new Credentials('Digest', p)),
      Credentials.parse,
    );
  });
});
