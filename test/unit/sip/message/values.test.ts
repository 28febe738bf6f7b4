import { describe, expect, it } from 'vitest';
import {
  Challenge,
  Credentials,
  CSeq,
  EventValue,
  InfoValue,
  MediaType,
  parseUri,
  RAck,
  ReasonValue,
  RetryAfter,
  SessionExpires,
  SubscriptionState,
  TokenValue,
  Warning,
} from '../../../../src/sip/message/index.js';

describe('header values', () => {
  it('CSeq', () => {
    expect(CSeq.parse('4711 INVITE')).toEqual(new CSeq(4711, 'INVITE'));
    expect(CSeq.parse('0009 \t INVITE').toString()).toBe('9 INVITE');
    expect(CSeq.parse('2147483647 BYE').seq).toBe(2 ** 31 - 1);
    for (const text of [
      '',
      '1',
      'INVITE',
      '1 ',
      '2147483648 BYE',
      '-1 BYE',
      '1.5 BYE',
      '1 BYE x',
      '1 B(YE',
    ]) {
      expect(() => CSeq.parse(text)).toThrow('CSeq');
    }
  });

  it('media types', () => {
    const type = MediaType.parse('Multipart/Mixed ; boundary="a;b"');
    expect([type.type, type.subtype, type.essence, type.params.get('boundary')]).toEqual([
      'multipart',
      'mixed',
      'multipart/mixed',
      'a;b',
    ]);
    expect([type.is('MULTIPART/mixed'), type.is('multipart')]).toEqual([true, false]);
    expect(type.toString()).toBe('multipart/mixed;boundary="a;b"');
    for (const text of ['', 'text', 'text/', '/plain', 'a b/c'])
      expect(() => MediaType.parse(text)).toThrow('media type');
  });

  it('events and subscription states', () => {
    const event = EventValue.parse('presence.winfo;id=7');
    expect([event.name, event.id, event.toString()]).toEqual(['presence.winfo', '7', 'presence.winfo;id=7']);
    const state = SubscriptionState.parse('Terminated;reason=Rejected;retry-after=30;expires=0');
    expect([state.state, state.reason, state.retryAfter, state.expires]).toEqual([
      'terminated',
      'rejected',
      30,
      0,
    ]);
    expect(new SubscriptionState('active', { expires: '60' }).toString()).toBe('active;expires=60');
    expect(TokenValue.parse('session;handling=optional').params.get('handling')).toBe('optional');
  });

  it('session timers', () => {
    const value = SessionExpires.parse('1800;Refresher=UAS');
    expect([value.delta, value.refresher]).toEqual([1800, 'uas']);
    expect(new SessionExpires(90, 'uac').toString()).toBe('90;refresher=uac');
    expect(SessionExpires.parse('90;refresher=both').refresher).toBeUndefined();
    expect(() => SessionExpires.parse('soon')).toThrow('interval');
  });

  it('RAck', () => {
    expect(RAck.parse('776656 1 INVITE')).toEqual(new RAck(776656, 1, 'INVITE'));
    expect(new RAck(1, 2, 'INVITE').toString()).toBe('1 2 INVITE');
    expect(() => RAck.parse('1 INVITE')).toThrow('RAck');
  });

  it('Reason', () => {
    const reason = ReasonValue.parse('Q.850 ;cause=16 ;text="Normal call clearing"');
    expect([reason.protocol, reason.cause, reason.text]).toEqual(['Q.850', 16, 'Normal call clearing']);
    expect(new ReasonValue('SIP', 200, 'Call completed elsewhere').toString()).toBe(
      'SIP;cause=200;text="Call completed elsewhere"',
    );
    expect(new ReasonValue('SIP', 486, 'Busy').toString()).toBe('SIP;cause=486;text="Busy"');
    expect(ReasonValue.parse('SIP;cause=x').cause).toBeUndefined();
  });

  it('Retry-After', () => {
    expect(RetryAfter.parse('18000;duration=3600')).toMatchObject({ delta: 18000, duration: 3600 });
    expect(RetryAfter.parse('120 (I am in a (long) meeting)').comment).toBe('I am in a (long) meeting');
    expect(new RetryAfter(5, 'busy').toString()).toBe('5 (busy)');
    for (const text of ['', 'soon', '5 x', '5 ('])
      expect(() => RetryAfter.parse(text)).toThrow('Retry-After');
  });

  it('Warning', () => {
    const warning = Warning.parse('307 isi.edu:5060 "Session parameter \\"foo\\" not understood"');
    expect(warning).toEqual(new Warning(307, 'isi.edu:5060', 'Session parameter "foo" not understood'));
    expect(warning.toString()).toBe('307 isi.edu:5060 "Session parameter \\"foo\\" not understood"');
    for (const text of ['30 a "b"', '1812 overture "In Progress"', '307 a b', '307 a "b" c']) {
      expect(() => Warning.parse(text)).toThrow('Warning');
    }
  });

  it('URIs in angle brackets', () => {
    const info = InfoValue.parse('<http://www.example.com/alice/photo.jpg> ;purpose=icon');
    expect([info.uri.toString(), info.params.get('purpose')]).toEqual([
      'http://www.example.com/alice/photo.jpg',
      'icon',
    ]);
    expect(new InfoValue(parseUri('urn:alert:source:internal')).toString()).toBe(
      '<urn:alert:source:internal>',
    );
    for (const text of ['http://a', 'x <http://a>', '<http://a'])
      expect(() => InfoValue.parse(text)).toThrow();
  });
});

describe('authentication values', () => {
  it('challenges', () => {
    const text =
      'Digest realm="atlanta.com, \\"the\\" city", domain="sip:ss1.carrier.com", qop="auth,auth-int", ' +
      'nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="", stale=FALSE, algorithm=MD5';
    const challenge = Challenge.parse(text);
    expect(challenge).toMatchObject({ scheme: 'Digest', isDigest: true, realm: 'atlanta.com, "the" city' });
    expect([challenge.nonce, challenge.opaque, challenge.algorithm]).toEqual([
      'f84f1cec41e6cbe5aea9c8e88d359',
      '',
      'MD5',
    ]);
    expect([challenge.qop, challenge.stale]).toEqual([['auth', 'auth-int'], false]);
    expect(challenge.toString()).toBe(text);
    expect(Challenge.parse('Digest realm="x", nonce="y", STALE=TrUe').stale).toBe(true);
    expect(Challenge.parse('Digest realm="x",nonce="y"').qop).toEqual([]);
  });

  it('credentials', () => {
    const credentials = new Credentials('Digest');
    credentials.params.setQuoted('username', 'bob').set('nc', '00000001').setQuoted('username', 'Bob');
    expect(credentials.toString()).toBe('Digest username="Bob", nc=00000001');
    expect(credentials.username).toBe('Bob');
    expect([...Credentials.parse(credentials.toString()).params.entries()]).toEqual([
      ['username', 'Bob'],
      ['nc', '00000001'],
    ]);
    expect(Credentials.parse('Basic QWxhZGRpbg').scheme).toBe('Basic');
  });

  it.each([
    '',
    'Digest realm',
    'Digest realm="x',
    'Digest =x',
    'Digest realm="a"b',
    'Digest a=b c, d=e',
    'D"x',
  ])('refuses %j', (text) => {
    expect(() => Challenge.parse(text)).toThrow('malformed');
  });
});
