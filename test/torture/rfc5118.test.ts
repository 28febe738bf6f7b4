/** The IPv6 torture messages of RFC 5118, byte for byte (their line ends are bare LF), each with its expectation. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMessage, SipRequest, type SipUri } from '../../src/sip/message/index.js';
import { hasShared, sharedPath } from '../support/shared.js';

const bytesOf = (name: string): Buffer => readFileSync(sharedPath('vectors', 'sip-torture', 'rfc5118', name));

function request(name: string): SipRequest {
  const result = parseMessage(bytesOf(name));
  if (!result.ok) throw result.error;
  expect(result.message).toBeInstanceOf(SipRequest);
  return result.message as SipRequest;
}

const place = (uri: unknown): [string, number | undefined] => [(uri as SipUri).host, (uri as SipUri).port];

const expectations: Record<string, () => void> = {
  /** §4.1 */
  'ipv6-good'() {
    const message = request('ipv6-good');
    expect(place(message.uri)).toEqual(['2001:db8::10', undefined]);
    expect(message.topVia?.host).toBe('2001:db8::9:1');
    expect(place(message.contact?.uri)).toEqual(['2001:db8::1', undefined]);
    expect(message.startLine).toBe('REGISTER sip:[2001:db8::10] SIP/2.0');
  },
  /** §4.2 */
  'ipv6-bad'() {
    const result = parseMessage(bytesOf('ipv6-bad'));
    expect(result.ok).toBe(false);
    if (!result.ok) expect([result.status, result.request?.topVia?.host]).toEqual([400, '2001:db8::9:1']);
  },
  /** §4.3: the "port" is the last part of the address. */
  'port-ambiguous': () =>
    expect(place(request('port-ambiguous').uri)).toEqual(['2001:db8::10:5070', undefined]),
  /** §4.4 */
  'port-unambiguous': () => expect(place(request('port-unambiguous').uri)).toEqual(['2001:db8::10', 5070]),
  /** §4.5: both forms of received are read; the one with brackets is not sent. */
  'via-received-param-with-delim'() {
    expect(request('via-received-param-with-delim').topVia?.received).toBe('2001:db8::9:255');
  },
  'via-received-param-no-delim'() {
    const via = request('via-received-param-no-delim').topVia;
    expect(via?.received).toBe('2001:db8::9:255');
    if (via) via.received = '2001:db8::1';
    expect(String(via)).toContain(';received=2001:db8::1;');
  },
  /** §4.6 */
  'ipv6-in-sdp'() {
    const message = request('ipv6-in-sdp');
    expect(place(message.uri)).toEqual(['2001:db8::10', undefined]);
    expect(message.bodyText).toContain('c=IN IP6 2001:db8::20');
  },
  /** §4.7 */
  'mult-ip-in-header'() {
    const { vias } = request('mult-ip-in-header');
    expect(vias.map((via) => via.sentBy)).toEqual(['[2001:db8::9:1]:6050', '192.0.2.1', '[2001:db8::9:255]']);
    expect(vias[2].received).toBe('192.0.2.200');
  },
  /** §4.8 */
  'mult-ip-in-sdp'() {
    const { bodyText } = request('mult-ip-in-sdp');
    expect(bodyText).toContain('c=IN IP4 192.0.2.1');
    expect(bodyText).toContain('c=IN IP6 2001:db8::1');
  },
  /** §4.9 */
  'ipv4-mapped-ipv6'() {
    const message = request('ipv4-mapped-ipv6');
    expect(message.vias.map((via) => [via.host, via.port])).toEqual([
      ['::ffff:192.0.2.10', 19823],
      ['::ffff:192.0.2.2', undefined],
    ]);
    expect(place(message.contact?.uri)).toEqual(['::ffff:192.0.2.2', undefined]);
    expect(message.body.length).toBe(236);
  },
  /** §4.10: the third colon is read over, and not sent on. */
  'ipv6-bug-abnf-3-colons'() {
    const message = request('ipv6-bug-abnf-3-colons');
    expect(place(message.uri)).toEqual(['2001:db8::192.0.2.1', undefined]);
    expect(message.startLine).toBe('OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0');
  },
  'ipv6-correct-abnf-2-colons'() {
    const message = request('ipv6-correct-abnf-2-colons');
    expect(place(message.uri)).toEqual(['2001:db8::192.0.2.1', undefined]);
    expect(message.uri.equals(request('ipv6-bug-abnf-3-colons').uri)).toBe(true);
  },
};

describe.skipIf(!hasShared)('RFC 5118', () => {
  for (const [name, expectation] of Object.entries(expectations)) it(name, expectation);

  it('has an expectation for every message of the archive', () => {
    const files = readdirSync(sharedPath('vectors', 'sip-torture', 'rfc5118'));
    expect(Object.keys(expectations).sort()).toEqual(files.sort());
  });
});
