import { describe, expect, it } from 'vitest';
import { Via } from '../../../../src/sip/message/index.js';

describe('Via', () => {
  it('reads the usual form', () => {
    const via = Via.parse(
      'SIP/2.0/UDP 192.0.2.1:5066;branch=z9hG4bK1;received=192.0.2.207;rport=1024;ttl=16',
    );
    expect(via).toMatchObject({
      version: '2.0',
      transport: 'UDP',
      host: '192.0.2.1',
      port: 5066,
      branch: 'z9hG4bK1',
    });
    expect([via.received, via.rport, via.sentBy]).toEqual(['192.0.2.207', 1024, '192.0.2.1:5066']);
  });

  it('reads white space wherever the grammar has it (RFC 3261 §20.42)', () => {
    const via = Via.parse(
      'SIP / 2.0 / tls first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch = z9hG4bKa7c6',
    );
    expect([via.transport, via.sentBy, via.branch]).toEqual(['TLS', 'first.example.com:4000', 'z9hG4bKa7c6']);
  });

  it('knows rport without and with a value (RFC 3581)', () => {
    const via = Via.parse('SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa;rport');
    expect(via.rport).toBe(true);
    via.rport = 9988;
    via.received = '192.0.2.1';
    expect(via.toString()).toBe('SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa;rport=9988;received=192.0.2.1');
    via.rport = undefined;
    via.received = undefined;
    expect([via.rport, via.received]).toEqual([undefined, undefined]);
    expect(() => Via.parse('SIP/2.0/UDP a;rport=99999').rport).toThrow('rport');
  });

  it('is made and copied by programs', () => {
    const via = new Via({ transport: 'tcp', host: '2001:db8::1', port: 5060, params: { rport: undefined } });
    via.branch = 'z9hG4bKx';
    expect(via.toString()).toBe('SIP/2.0/TCP [2001:db8::1]:5060;rport;branch=z9hG4bKx');
    const copy = via.clone();
    copy.branch = undefined;
    expect([via.branch, copy.branch]).toEqual(['z9hG4bKx', undefined]);
  });

  it.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/ host',
    'HTTP/1.1/TCP a',
    'SIP/2.0/UDP a:b',
    'SIP/2.0/UDP a b',
    'SIP/2.0/UDP a;;',
  ])('refuses %j', (text) => {
    expect(() => Via.parse(text)).toThrow('malformed');
  });
});
