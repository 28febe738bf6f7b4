import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { certificateMatches, sipIdentities } from '../../../../src/sip/transport/certificate.js';

const certificate = (subjectaltname: string | undefined, CN = 'cn.example'): PeerCertificate =>
  ({ subjectaltname, subject: { CN } }) as unknown as PeerCertificate;

describe('SIP identities of a certificate (RFC 5922 §7.1)', () => {
  it('are the sip URIs without a user, and then no DNS name', () => {
    const both = certificate(
      'DNS:dns.example, URI:sip:Uri.Example, URI:sip:alice@user.example, URI:sips:s.example',
    );
    expect(sipIdentities(both)).toEqual(['uri.example']);
  });

  it('are the DNS names where there is no such URI', () => {
    expect(sipIdentities(certificate('DNS:A.example, URI:https://w.example, DNS:b.example'))).toEqual([
      'a.example',
      'b.example',
    ]);
  });

  it('are the common name only without any subjectAltName', () => {
    expect(sipIdentities(certificate(undefined))).toEqual(['cn.example']);
    expect(sipIdentities(certificate('IP Address:192.0.2.1'))).toEqual([]);
    expect(sipIdentities(certificate(undefined, 'Not A Name'))).toEqual([]);
  });

  it('cannot be smuggled in by quoting', () => {
    expect(sipIdentities(certificate('DNS:"a.example, DNS:evil.example", DNS:b.example'))).not.toContain(
      'evil.example',
    );
  });
});

describe('comparing identities (§7.2)', () => {
  it('is exact but for case: no suffixes, no wildcards', () => {
    const one = certificate('DNS:example.com, DNS:*.example.org');
    expect(certificateMatches(one, 'EXAMPLE.com', false)).toBe(true);
    expect(certificateMatches(one, 'foo.example.com', false)).toBe(false);
    expect(certificateMatches(one, 'foo.example.org', false)).toBe(false);
    expect(certificateMatches(one, 'foo.example.org', true)).toBe(true);
    expect(certificateMatches(one, 'a.foo.example.org', true)).toBe(false);
    expect(certificateMatches(certificate('DNS:*.com'), 'example.com', true)).toBe(false);
  });

  it('takes numeric hosts from iPAddress values, in any spelling', () => {
    const one = certificate('IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, DNS:example.com');
    expect(certificateMatches(one, '192.0.2.1', false)).toBe(true);
    expect(certificateMatches(one, '2001:db8::1', false)).toBe(true);
    expect(certificateMatches(one, '192.0.2.2', false)).toBe(false);
  });
});
