import { describe, expect, it } from 'vitest';
import {
  NameAddr,
  parseMessage,
  reasonPhrase,
  SipRequest,
  SipResponse,
  TelUri,
} from '../../../../src/sip/message/index.js';

function invite(): SipRequest {
  return new SipRequest('INVITE', 'sip:bob@biloxi.example.com')
    .add('Via', 'SIP/2.0/TCP client.atlanta.example.com:5060;branch=z9hG4bK74bf9')
    .add('Max-Forwards', 70)
    .add('Record-Route', '<sip:p1.example.com;lr>, <sip:p2.example.com;lr>')
    .add('From', new NameAddr('sip:alice@atlanta.example.com', 'Alice', { tag: '9fxced76sl' }))
    .add('To', 'Bob <sip:bob@biloxi.example.com>')
    .add('Call-ID', '3848276298220188511@atlanta.example.com')
    .add('CSeq', '1 INVITE')
    .add('Timestamp', '54.3');
}

describe('SipMessage', () => {
  it('prints and reads back', () => {
    const message = invite().setBody('v=0\r\nö', 'application/sdp');
    const bytes = message.toBytes();
    expect(Buffer.from(bytes).toString()).toBe(message.toString());
    expect(message.toString()).toContain(
      'Content-Type: application/sdp\r\nContent-Length: 7\r\n\r\nv=0\r\nö',
    );
    const result = parseMessage(bytes);
    expect(result.ok).toBe(true);
    if (!result.ok) return;
    expect(result.message.toString()).toBe(message.toString());
    expect(result.message.bodyText).toBe('v=0\r\nö');
    expect(result.message.contentLength).toBe(7);
  });

  it('corrects Content-Length in its place and prints it once', () => {
    const message = invite().add('l', 99).add('Content-Length', 98).add('X-Last', '1');
    expect(message.toString()).toContain('l: 0\r\nX-Last: 1\r\n\r\n');
  });

  it('has a start line of one line', () => {
    expect(new SipResponse(200, 'a\r\nVia: x').startLine).toBe('SIP/2.0 200 a Via: x');
    for (const method of ['', 'IN VITE', 'X\r\nVia: x']) {
      expect(() => new SipRequest(method, 'sip:a@b')).toThrow('not a method');
    }
  });

  it('throws ERR_SIP_PARSE with the name of the header', () => {
    const message = invite().set('To', '"x <sip:a@b>').set('Expires', 'never').remove('Call-ID');
    for (const [read, header] of [
      [() => message.to, 'To'],
      [() => message.expires, 'Expires'],
      [() => message.callId, 'Call-ID'],
    ] as const) {
      expect(read).toThrow(
        expect.objectContaining({ code: 'ERR_SIP_PARSE', details: expect.objectContaining({ header }) }),
      );
    }
    expect(message.topVia?.transport).toBe('TCP');
  });

  it('reads the top Via without the ones behind it', () => {
    const message = invite().set('Via', 'SIP/2.0/UDP a;branch=z9hG4bK1, garbage');
    expect(message.topVia?.host).toBe('a');
    expect(() => message.vias).toThrow('Via header');
  });

  it('gives undefined or an empty list for what is absent', () => {
    const message = new SipRequest('OPTIONS', new TelUri('+12'));
    expect([message.topVia, message.contact, message.contentType, message.expires, message.event]).toEqual(
      Array(5).fill(undefined),
    );
    expect([message.vias, message.contacts, message.allow, message.wwwAuthenticate, message.reasons]).toEqual(
      Array(5).fill([]),
    );
    expect([message.contactWildcard, message.bodyText, message.startLine]).toEqual([
      false,
      '',
      'OPTIONS tel:+12 SIP/2.0',
    ]);
  });

  it('has a typed accessor for every standard header', () => {
    const message = invite()
      .add('Contact', '*')
      .add('Route', '<sip:a;lr>')
      .add('Path', '<sip:b;lr>')
      .add('Service-Route', '<sip:c;lr>')
      .add('Reply-To', '<sip:d@e>')
      .add('Content-Disposition', 'session;handling=required')
      .add('Content-Encoding', 'gzip, identity')
      .add('Content-Language', 'fr')
      .add('MIME-Version', '1.0')
      .add('Accept', 'application/sdp;level=1, text/*')
      .add('Accept-Encoding', 'gzip;q=0.5')
      .add('Accept-Language', 'da, en-gb;q=0.8')
      .add('Require', '100rel')
      .add('Proxy-Require', 'foo')
      .add('Unsupported', 'bar')
      .add('Allow-Events', 'presence, message-summary')
      .add('Min-Expires', '60')
      .add('Session-Expires', '1800;refresher=uac')
      .add('Min-SE', '90;x=1')
      .add('Flow-Timer', '120')
      .add('Retry-After', '5')
      .add('Date', 'Sat, 13 Nov 2010 23:29:00 GMT')
      .add('Event', 'dialog;id=1')
      .add('Subscription-State', 'active;expires=10')
      .add('SIP-ETag', 'abc')
      .add('SIP-If-Match', 'def')
      .add('RSeq', '988789')
      .add('RAck', '776656 1 INVITE')
      .add('Refer-To', '<sip:x@y?Replaces=1>')
      .add('Referred-By', '<sip:r@s>;cid="2@t"')
      .add('Refer-Sub', 'false')
      .add('Replaces', '98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff;early-only')
      .add('Join', 'a@b;to-tag=1;from-tag=2')
      .add('Target-Dialog', 'c@d;local-tag=3;remote-tag=4')
      .add('In-Reply-To', '1@a, 2@b')
      .add('WWW-Authenticate', ['Digest realm="a", nonce="1"', 'Digest realm="b", nonce="2"'])
      .add('Proxy-Authenticate', 'Digest realm="c", nonce="3"')
      .add('Authorization', 'Digest username="u", realm="a"')
      .add('Proxy-Authorization', 'Digest username="v", realm="c"')
      .add('Authentication-Info', 'nextnonce="n", qop=auth')
      .add('Proxy-Authentication-Info', 'nextnonce="m"')
      .add('Reason', 'SIP;cause=486, Q.850;cause=17')
      .add('Warning', '370 a "b, c", 399 d "e"')
      .add('Alert-Info', '<http://a>')
      .add('Call-Info', '<http://b>;purpose=icon')
      .add('Error-Info', '<sip:c@d>')
      .add('s', 'Lunch')
      .add('Organization', 'Boxes')
      .add('Priority', 'Urgent')
      .add('User-Agent', 'Softphone Beta1.5')
      .add('Server', 'HomeServer v2')
      .add('Privacy', 'id; Critical')
      .add('P-Asserted-Identity', '"C" <sip:c@d>, <tel:+14085264000>')
      .add('P-Preferred-Identity', '<sip:e@f>')
      .add('P-Associated-URI', '<sip:g@h>')
      .add('P-Called-Party-ID', '<sip:i@j>')
      .add('Remote-Party-ID', '<sip:k@l>;party=calling')
      .add('Diversion', '<sip:m@n>;reason=busy')
      .add('History-Info', '<sip:o@p>;index=1')
      .add('a', '*;audio;require')
      .add('j', '*;video')
      .add('d', 'no-fork, parallel');
    expect(message).toMatchObject({
      contactWildcard: true,
      contacts: [],
      mimeVersion: '1.0',
      contentEncoding: ['gzip', 'identity'],
      contentLanguage: ['fr'],
      require: ['100rel'],
      proxyRequire: ['foo'],
      unsupported: ['bar'],
      allowEvents: ['presence', 'message-summary'],
      minExpires: 60,
      sessionExpires: { delta: 1800, refresher: 'uac' },
      minSe: 90,
      flowTimer: 120,
      maxForwards: 70,
      retryAfter: { delta: 5 },
      event: { name: 'dialog', id: '1' },
      subscriptionState: { state: 'active', expires: 10 },
      sipEtag: 'abc',
      sipIfMatch: 'def',
      rseq: 988789,
      rack: { rseq: 776656, seq: 1, method: 'INVITE' },
      replaces: { callId: '98732@sip.example.com', toTag: 'ff87ff', fromTag: 'r33th4x0r', earlyOnly: true },
      join: { callId: 'a@b', toTag: '1', fromTag: '2', earlyOnly: false },
      targetDialog: { callId: 'c@d', toTag: '3', fromTag: '4' },
      inReplyTo: ['1@a', '2@b'],
      subject: 'Lunch',
      organization: 'Boxes',
      priority: 'urgent',
      userAgent: 'Softphone Beta1.5',
      server: 'HomeServer v2',
      privacy: ['id', 'critical'],
      requestDisposition: ['no-fork', 'parallel'],
      timestamp: { value: 54.3 },
    });
    expect(message.date?.toISOString()).toBe('2010-11-13T23:29:00.000Z');
    expect(message.accept.map((type) => type.essence)).toEqual(['application/sdp', 'text/*']);
    expect(message.acceptEncoding[0].params.get('q')).toBe('0.5');
    expect(message.acceptLanguage.map((language) => language.value)).toEqual(['da', 'en-gb']);
    expect(message.contentDisposition?.value).toBe('session');
    expect(message.referSub?.value).toBe('false');
    expect(message.acceptContact[0].params.has('audio')).toBe(true);
    expect(message.rejectContact[0].params.has('video')).toBe(true);
    expect(message.reasons.map((reason) => reason.cause)).toEqual([486, 17]);
    expect(message.warnings.map((warning) => warning.text)).toEqual(['b, c', 'e']);
    expect(message.wwwAuthenticate.map((challenge) => challenge.realm)).toEqual(['a', 'b']);
    expect(message.proxyAuthenticate[0].nonce).toBe('3');
    expect([message.authorization[0].username, message.proxyAuthorization[0].username]).toEqual(['u', 'v']);
    expect(message.authenticationInfo?.get('nextnonce')).toBe('n');
    expect(message.proxyAuthenticationInfo?.get('nextnonce')).toBe('m');
    const uris = [message.alertInfo, message.callInfo, message.errorInfo].map((list) => String(list[0].uri));
    expect(uris).toEqual(['http://a', 'http://b', 'sip:c@d']);
    const addresses = [
      message.routes[0],
      message.paths[0],
      message.serviceRoutes[0],
      message.recordRoutes[1],
      message.replyTo,
      message.referTo,
      message.referredBy,
      message.pAssertedIdentity[1],
      message.pPreferredIdentity[0],
      message.pAssociatedUri[0],
      message.pCalledPartyId,
      message.remotePartyId[0],
      message.diversion[0],
      message.historyInfo[0],
    ];
    expect(addresses.map((address) => String(address?.uri))).toEqual([
      'sip:a;lr',
      'sip:b;lr',
      'sip:c;lr',
      'sip:p2.example.com;lr',
      'sip:d@e',
      'sip:x@y?Replaces=1',
      'sip:r@s',
      'tel:+14085264000',
      'sip:e@f',
      'sip:g@h',
      'sip:i@j',
      'sip:k@l',
      'sip:m@n',
      'sip:o@p',
    ]);
  });
});

describe('SipResponse', () => {
  it('starts from the request (RFC 3261 §8.2.6.2, §12.1.1)', () => {
    const request = invite().prepend('Via', 'SIP/2.0/TCP p2;branch=z9hG4bKp2');
    const ringing = SipResponse.for(request, 180);
    expect(ringing.startLine).toBe('SIP/2.0 180 Ringing');
    expect([...ringing.fields()].map(({ name }) => name)).toEqual([
      'Via',
      'Via',
      'Record-Route',
      'From',
      'To',
      'Call-ID',
      'CSeq',
    ]);
    expect(ringing.vias.map((via) => via.host)).toEqual(['p2', 'client.atlanta.example.com']);
    expect(ringing.to.tag).toBeUndefined();
    const trying = SipResponse.for(request, 100);
    expect([trying.has('Timestamp'), trying.has('Record-Route')]).toEqual([true, false]);
    expect(SipResponse.for(request, 486, 'Not now').startLine).toBe('SIP/2.0 486 Not now');
    expect(SipResponse.for(request, 486).has('Record-Route')).toBe(false);
  });

  it('shares nothing with the request', () => {
    const request = invite();
    void request.to;
    const response = SipResponse.for(request, 200);
    const to = response.to.clone();
    to.tag = 'x';
    response.set('To', to);
    expect([request.to.tag, response.to.tag]).toEqual([undefined, 'x']);
    const copy = response.clone();
    copy.status = 300;
    expect([response.status, copy.status, copy.toString().includes(';tag=x')]).toEqual([200, 300, true]);
  });

  it('knows the classes and the phrases', () => {
    expect([180, 200, 486].map((status) => new SipResponse(status).isProvisional)).toEqual([
      true,
      false,
      false,
    ]);
    expect([180, 200, 300].map((status) => new SipResponse(status).isSuccess)).toEqual([false, true, false]);
    expect([180, 200, 603].map((status) => new SipResponse(status).isFinal)).toEqual([false, true, true]);
    expect([reasonPhrase(486), reasonPhrase(499), reasonPhrase(199)]).toEqual([
      'Busy Here',
      'Bad Request',
      'Early Dialog Terminated',
    ]);
  });
});
