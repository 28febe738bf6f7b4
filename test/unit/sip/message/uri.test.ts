import { describe, expect, it } from 'vitest';
import { OtherUri, parseUri, SipUri, TelUri } from '../../../../src/sip/message/index.js';

describe('SipUri', () => {
  it('reads every part', () => {
    const uri = SipUri.parse(
      'sips:alice:secret@Example.COM:5061;transport=TCP;lr?Subject=a%20b&Priority=urgent',
    );
    expect(uri).toMatchObject({
      secure: true,
      user: 'alice',
      password: 'secret',
      host: 'example.com',
      port: 5061,
    });
    expect([uri.transport, uri.lr]).toEqual(['tcp', true]);
    expect(uri.headers).toEqual([
      ['Subject', 'a b'],
      ['Priority', 'urgent'],
    ]);
  });

  it('prints what it read', () => {
    for (const text of [
      'sip:example.com',
      'sip:alice@example.com',
      'sip:@example.com',
      'sip:*21%23@example.com',
      'sip:a;b=c/d?e@example.com',
      'sip:+1-212-555-1212:1234@gateway.com;user=phone',
      'sip:%61lice@example.com;maddr=[::1];x=%2C',
      'sip:[2001:db8::1]:5070;transport=tcp',
      'sip:alice@example.com?Replaces=abc%3Bto-tag%3D1',
    ]) {
      expect(parseUri(text).toString()).toBe(text);
    }
  });

  it('escapes what a program sets', () => {
    const uri = new SipUri({ user: 'j@mes #1 ü%', host: 'Example.com', params: { note: 'a;b=c' } });
    expect(uri.toString()).toBe('sip:j%40mes%20%231%20%C3%BC%25@example.com;note=a%3Bb%3Dc');
    expect(SipUri.parse(uri.toString()).user).toBe('j@mes #1 ü%');
  });

  it('takes IPv6 hosts with and without brackets', () => {
    expect(new SipUri({ host: '[2001:DB8::1]', port: 5060 }).toString()).toBe('sip:[2001:db8::1]:5060');
    expect(new SipUri({ host: '2001:db8::1' }).host).toBe('2001:db8::1');
  });

  it.each([
    'sip:',
    'sip:alice@',
    'sip:alice@exam ple.com',
    'sip:al ice@example.com',
    'sip:al%zzice@example.com',
    'sip:example.com:',
    'sip:example.com:65536',
    'sip:example.com:50x',
    'sip:2001:db8::1',
    'sip:[2001:db8::1',
    'sip:[nonsense]',
    'sip:example.com;',
    'sip:example.com;;lr',
    'sip:example.com; lr',
    'sip:example.com?novalue',
    'sip:example.com?a=<b>',
    'sip:a@b@c',
    '<sip:example.com>',
    'example.com',
    '',
    ':',
    'http:a b',
  ])('refuses %j', (text) => {
    expect(() => parseUri(text)).toThrow('malformed');
  });

  it('refuses hosts that are none', () => {
    for (const host of ['', 'a b', 'a/b', '[::1', 'a:b']) expect(() => new SipUri({ host })).toThrow('host');
  });

  it('clones deeply', () => {
    const uri = SipUri.parse('sip:alice@example.com;lr?a=b');
    const copy = uri.clone();
    copy.user = 'bob';
    copy.params.set('x', 'y');
    copy.headers[0][1] = 'c';
    expect(uri.toString()).toBe('sip:alice@example.com;lr?a=b');
    expect(copy.toString()).toBe('sip:bob@example.com;lr;x=y?a=c');
  });

  // RFC 3261 §19.1.4, the examples of the RFC and more
  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a@[2001:db8::1]', 'sip:a@[2001:DB8:0:0:0:0:0:1]'],
    ['sip:%c3%bc@h', 'sip:%C3%BC@h'],
  ])('%s equals %s', (a, b) => {
    expect(parseUri(a).equals(parseUri(b))).toBe(true);
    expect(parseUri(b).equals(parseUri(a))).toBe(true);
  });

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:a@b', 'sips:a@b'],
    ['sip:a@b', 'sip:b'],
    ['sip:a@b', 'sip:a:pw@b'],
    ['sip:a%3Bb@h', 'sip:a;b@h'],
    ['sip:a@b;user=phone', 'sip:a@b'],
    ['sip:a@b', 'tel:1'],
  ])('%s differs from %s', (a, b) => {
    expect(parseUri(a).equals(parseUri(b))).toBe(false);
    expect(parseUri(b).equals(parseUri(a))).toBe(false);
  });
});

describe('TelUri', () => {
  it('reads number and parameters', () => {
    const uri = TelUri.parse('tel:+1-201-555-0123;ext=12;phone-context=example.com');
    expect([uri.kind, uri.number, uri.digits]).toEqual(['tel', '+1-201-555-0123', '+12015550123']);
    expect(uri.params.get('ext')).toBe('12');
    expect(uri.toString()).toBe('tel:+1-201-555-0123;ext=12;phone-context=example.com');
    expect(uri.clone().toString()).toBe(uri.toString());
  });

  it('compares by RFC 3966 §4', () => {
    const same = (a: string, b: string) => parseUri(a).equals(parseUri(b));
    expect(same('tel:+1-201-555-0123', 'TEL:+1(201)5550123')).toBe(true);
    expect(same('tel:7042;phone-context=Example.com', 'tel:70-42;phone-context=example.com')).toBe(true);
    expect(same('tel:1;a=1;b=2', 'tel:1;b=2;a=1')).toBe(true);
    expect(same('tel:1;a=1', 'tel:1')).toBe(false);
    expect(same('tel:+1', 'tel:1')).toBe(false);
    expect(same('tel:1', 'sip:1@h')).toBe(false);
  });

  it('refuses what is no number', () => {
    for (const text of ['tel:', 'tel:alice', 'tel:+', 'tel:1 2', 'tel:-.()']) {
      expect(() => parseUri(text)).toThrow('malformed');
    }
  });
});

describe('OtherUri', () => {
  it('keeps other schemes as text', () => {
    const uri = parseUri('urn:service:sos.Fire');
    expect(uri).toBeInstanceOf(OtherUri);
    expect(uri).toMatchObject({ kind: 'other', scheme: 'urn', text: 'urn:service:sos.Fire' });
    expect(uri.equals(parseUri('urn:service:sos.Fire'))).toBe(true);
    expect(uri.equals(parseUri('urn:service:sos'))).toBe(false);
  });
});
