import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../../src/sip/message/message.js';
import { parseMessage } from '../../../../src/sip/message/parse-message.js';
import { Via } from '../../../../src/sip/message/via.js';
import { ZoneBook } from '../../../../src/sip/transport/address.js';
import {
  connectionResponseAddress,
  datagramResponseAddress,
  markSource,
} from '../../../../src/sip/transport/via-rules.js';
import { options } from './support.js';

function marked(via: string, host = '192.0.2.1', port = 9988): string {
  const result = parseMessage(options(`SIP/2.0/UDP ${via};branch=z9hG4bK1`));
  if (!result.ok) throw result.error;
  markSource(result.message as SipRequest, { host, port });
  return result.message.getAll('Via').join(' | ');
}

describe('marking the source of a request (RFC 3261 §18.2.1, RFC 3581 §4)', () => {
  it('leaves a sent-by that is the source alone', () => {
    expect(marked('192.0.2.1:5060')).toBe('SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1');
    expect(marked('[2001:DB8::0:1]', '2001:db8::1')).not.toContain('received');
  });

  it('adds received for a name or another address', () => {
    expect(marked('host.example')).toContain(';received=192.0.2.1');
    expect(marked('10.1.1.1:4540')).toContain(';received=192.0.2.1');
    expect(marked('host.example', 'fe80::1%eth0')).toContain(';received=fe80::1');
  });

  it('fills rport, and then received always', () => {
    expect(marked('192.0.2.1;rport')).toContain(';rport=9988');
    expect(marked('192.0.2.1;rport')).toContain(';received=192.0.2.1');
  });

  it('believes neither received nor rport of the client', () => {
    expect(marked('192.0.2.1;received=10.0.0.1')).toContain(';received=192.0.2.1');
    expect(marked('x.example;rport=1;received=10.0.0.1')).toContain(';rport=9988;received=192.0.2.1');
    expect(marked('x.example;rport=zzz')).toContain(';rport=9988');
  });

  it('touches the top Via only', () => {
    expect(marked('a.example;rport, SIP/2.0/UDP b.example;rport')).toMatch(
      /, SIP\/2\.0\/UDP b\.example;rport;branch/,
    );
  });
});

describe('where a response goes (RFC 3261 §18.2.2)', () => {
  const source = { host: '192.0.2.1', port: 9988 };
  const way = (via: string) => datagramResponseAddress(Via.parse(`SIP/2.0/UDP ${via}`), source);

  it('over UDP: maddr, then rport, then received or sent-by with its port', () => {
    expect(way('10.1.1.1:4540;maddr=239.255.0.1;rport=9988;received=192.0.2.1')).toEqual({
      host: '239.255.0.1',
      port: 4540,
    });
    expect(way('10.1.1.1:4540;rport=9988;received=192.0.2.1')).toEqual(source);
    expect(way('10.1.1.1:4540;received=192.0.2.1')).toEqual({ host: '192.0.2.1', port: 4540 });
    expect(way('192.0.2.1')).toEqual({ host: '192.0.2.1', port: 5060 });
    expect(way('192.0.2.1:0')).toEqual({ host: '192.0.2.1', port: 5060 });
  });

  it('over a new connection: the source, at the port of sent-by', () => {
    const via = (text: string) => Via.parse(`SIP/2.0/TCP ${text}`);
    expect(connectionResponseAddress(via('x.example:4540;rport=9988'), source, 'tcp')).toEqual({
      host: '192.0.2.1',
      port: 4540,
    });
    expect(connectionResponseAddress(via('x.example'), source, 'tls').port).toBe(5061);
  });
});

describe('the zones of link-local addresses (RFC 4007)', () => {
  it('are remembered of peers met and put to their bare addresses, in bounds', () => {
    const zones = new ZoneBook();
    zones.note('fe80::1%eth0');
    zones.note('10.0.0.1');
    expect(['fe80::1', 'fe80::2', '10.0.0.1'].map((host) => zones.complete(host))).toEqual([
      'fe80::1%eth0',
      'fe80::2',
      '10.0.0.1',
    ]);
    zones.note('fe80::1%eth1');
    expect(zones.complete('fe80::1')).toBe('fe80::1%eth1');
    expect(zones.complete('fe80::1%eth0')).toBe('fe80::1%eth0');
    for (let i = 0; i < 1000; i++) zones.note(`fe80::2:${i.toString(16)}%eth0`);
    expect(zones.complete('fe80::1')).toBe('fe80::1');
  });
});
