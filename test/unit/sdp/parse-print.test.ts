import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../src/base/errors.js';
import type { SessionDescription } from '../../../src/sdp/index.js';
import { parseSdp, printSdp } from '../../../src/sdp/index.js';
import { sdp } from '../../support/sdp.js';

const FULL = sdp(`
  v=0
  o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
  s=Call to John Smith
  i=SDP Offer #1
  u=http://www.jdoe.example.com/home.html
  e=Jane Doe <jane@jdoe.example.com>
  p=+1 617 555-6011
  c=IN IP4 198.51.100.1
  b=AS:128
  b=X-YZ:12
  t=3724394400 3724398000
  r=604800 3600 0 90000
  z=3730928400 -1h 3749680800 0
  k=prompt
  a=tool:something 1.0
  x=an unknown line
  m=audio 49170/2 RTP/AVP 0 97
  i=the sound
  c=IN IP4 233.252.0.1/127/3
  b=TIAS:64000
  k=clear:secret
  a=rtpmap:0 PCMU/8000
  a=recvonly
  a=empty:
  y=another unknown line
  m=video 0 RTP/AVPF 31
  c=IN IP6 2001:db8::2
  c=IN IP6 2001:db8::3
`);

const MINIMAL = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n';

const codeOf = (text: string): unknown => {
  try {
    parseSdp(text);
  } catch (error) {
    return isSwitchhookError(error, 'ERR_SDP_PARSE') ? error.details.line : error;
  }
  return 'parsed';
};

describe('parseSdp', () => {
  it('reads every kind of line', () => {
    const s = parseSdp(FULL);
    expect(s.origin).toEqual({
      username: 'jdoe',
      sessionId: '3724394400',
      sessionVersion: '3724394405',
      netType: 'IN',
      addrType: 'IP4',
      address: '198.51.100.1',
    });
    expect(s.sessionName).toBe('Call to John Smith');
    expect(s.connection).toEqual({ addrType: 'IP4', address: '198.51.100.1' });
    expect(s.bandwidth).toEqual([
      { type: 'AS', value: 128 },
      { type: 'X-YZ', value: 12 },
    ]);
    expect(s.timing.map(({ type }) => type)).toEqual(['t', 'r', 'z']);
    expect(s.attributes).toEqual([{ name: 'tool', value: 'something 1.0' }]);
    expect(s.other.map(({ type }) => type)).toEqual(['i', 'u', 'e', 'p', 'k', 'x']);
    expect(s.media[0]).toEqual({
      kind: 'audio',
      port: 49170,
      portCount: 2,
      protocol: 'RTP/AVP',
      formats: ['0', '97'],
      connection: { addrType: 'IP4', address: '233.252.0.1', multicast: '127/3' },
      bandwidth: [{ type: 'TIAS', value: 64000 }],
      attributes: [
        { name: 'rtpmap', value: '0 PCMU/8000' },
        { name: 'recvonly' },
        { name: 'empty', value: '' },
      ],
      other: [
        { type: 'i', value: 'the sound' },
        { type: 'k', value: 'clear:secret' },
        { type: 'y', value: 'another unknown line' },
      ],
    });
    expect(s.media[1].connection).toEqual({ addrType: 'IP6', address: '2001:db8::2' });
    expect(s.media[1].other).toEqual([{ type: 'c', value: 'IN IP6 2001:db8::3' }]);
  });

  it.each([
    ['LF', FULL.replaceAll('\r\n', '\n')],
    ['CR', FULL.replaceAll('\r\n', '\r')],
    ['no line end at the end', FULL.slice(0, -2)],
    ['empty lines', `${FULL.replaceAll('\r\n', '\r\n\r\n')}\r\n`],
    ['a closing NUL', `${FULL}\0`],
  ])('takes %s', (_, text) => {
    expect(parseSdp(text)).toEqual(parseSdp(FULL));
    expect(printSdp(parseSdp(text))).toBe(text);
  });

  it('takes small errors of peers', () => {
    const s = parseSdp(
      'v=0\no=SIP Phone 1 2 IN IP4 192.0.2.9\nm=audio  4000 RTP/AVP  0 \nc=in ip6 [2001:db8::1]\n',
    );
    expect(s.origin).toMatchObject({ username: 'SIP Phone', sessionId: '1', address: '192.0.2.9' });
    expect(s.sessionName).toBe('');
    expect(s.media[0].formats).toEqual(['0']);
    expect(s.media[0].connection).toEqual({ addrType: 'IP6', address: '2001:db8::1' });
    expect(parseSdp(`${MINIMAL}m=video 0 RTP/AVP\r\n`).media[0].formats).toEqual([]);
  });

  it('keeps connections of other networks as they are', () => {
    const s = parseSdp(`${MINIMAL}c=ATM NSAP 47.0091\r\n`);
    expect(s.connection).toBeUndefined();
    expect(s.other).toEqual([{ type: 'c', value: 'ATM NSAP 47.0091' }]);
  });

  it.each([
    ['nothing', '', 0],
    ['another body', '<presence/>', 1],
    ['no v= first', 'o=- 1 1 IN IP4 h\r\nv=0\r\n', 1],
    ['another version', 'v=1\r\n', 1],
    ['no o=', 'v=0\r\ns=-\r\n', 0],
    ['a short o=', 'v=0\r\no=- 1 IN IP4 h\r\n', 2],
    ['two o=', `${MINIMAL}o=- 1 1 IN IP4 h\r\n`, 5],
    ['two descriptions', MINIMAL + MINIMAL, 5],
    ['a line without =', `${MINIMAL}hello\r\n`, 5],
    ['NUL within', `${MINIMAL}a=x\0y\r\n`, 5],
    ['a port too large', `${MINIMAL}m=audio 65536 RTP/AVP 0\r\n`, 5],
    ['a port that is none', `${MINIMAL}m=audio -1 RTP/AVP 0\r\n`, 5],
    ['m= without protocol', `${MINIMAL}m=audio 1\r\n`, 5],
    ['m= without format', `${MINIMAL}m=audio 4000 RTP/AVP\r\n`, 5],
    ['too many lines', MINIMAL + 'a=x\r\n'.repeat(2000), 2000],
    ['a line too long', `${MINIMAL}a=${'x'.repeat(9000)}\r\n`, 5],
    ['too many media', MINIMAL + 'm=audio 0 RTP/AVP 0\r\n'.repeat(33), 37],
    [
      'too long a text',
      `${MINIMAL}${'a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n'.repeat(1300)}`,
      0,
    ],
  ])('refuses %s', (_, text, line) => {
    expect(codeOf(text)).toBe(line);
  });

  it('takes limits', () => {
    expect(() => parseSdp(FULL, { maxLines: 10 })).toThrow(/more than 10 lines/);
    expect(() => parseSdp(FULL, { maxMedia: 1 })).toThrow(/more than 1 media/);
  });
});

describe('printSdp', () => {
  it('gives back an untouched description byte for byte', () => {
    const odd = FULL.replace('s=Call to John Smith', 's=').replace('RTP/AVP 0 97', 'RTP/AVP  0\t97 ');
    expect(printSdp(parseSdp(FULL))).toBe(FULL);
    expect(printSdp(parseSdp(odd))).toBe(odd);
  });

  it('prints a changed one in the order of RFC 8866 and keeps everything else', () => {
    const s = parseSdp(FULL);
    s.media[0].port = 5000;
    expect(printSdp(s)).toBe(FULL.replace('49170/2', '5000/2'));
    const disordered = parseSdp('v=0\ns=x\no=- 1 1 IN IP4 h\na=b\nc=IN IP4 h\nt=0 0\n');
    disordered.attributes.push({ name: 'c', value: 'd' });
    expect(printSdp(disordered)).toBe(
      'v=0\r\no=- 1 1 IN IP4 h\r\ns=x\r\nc=IN IP4 h\r\nt=0 0\r\na=b\r\na=c:d\r\n',
    );
  });

  it('never writes an empty session name', () => {
    const s = parseSdp(MINIMAL);
    s.sessionName = '';
    s.attributes.push({ name: 'x' });
    expect(printSdp(s)).toContain('\r\ns=-\r\n');
  });
});

const token = fc.stringMatching(/^[A-Za-z0-9.+_-]{1,12}$/);
const text = fc.stringMatching(/^[ -~äöü€]{1,30}$/);
const attribute = fc.record(
  { name: token, value: fc.option(text, { nil: undefined }) },
  { requiredKeys: ['name'] },
);
const connection = fc.oneof(
  fc.ipV4().map((address) => ({ addrType: 'IP4' as const, address })),
  fc.ipV6().map((address) => ({ addrType: 'IP6' as const, address })),
  fc.ipV4().map((address) => ({ addrType: 'IP4' as const, address, multicast: '127' })),
);
const bandwidth = fc.array(fc.record({ type: token, value: fc.nat(1_000_000) }), { maxLength: 2 });
const other = (types: string) =>
  fc.array(fc.record({ type: fc.constantFrom(...types), value: text }), { maxLength: 3 });
const media = fc.record(
  {
    kind: token,
    port: fc.nat(0xffff),
    portCount: fc.integer({ min: 1, max: 9 }),
    protocol: fc.constantFrom('RTP/AVP', 'RTP/SAVP', 'udptl'),
    formats: fc.array(token, { minLength: 1, maxLength: 5 }),
    connection,
    bandwidth,
    attributes: fc.array(attribute, { maxLength: 6 }),
    other: other('x'),
  },
  { requiredKeys: ['kind', 'port', 'protocol', 'formats', 'bandwidth', 'attributes', 'other'] },
);
const description: fc.Arbitrary<SessionDescription> = fc.record(
  {
    version: fc.constant(0),
    origin: fc.record({
      username: token,
      sessionId: fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String),
      sessionVersion: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }).map(String),
      netType: fc.constant('IN'),
      addrType: fc.constant('IP4'),
      address: fc.ipV4(),
    }),
    sessionName: text,
    connection,
    bandwidth,
    timing: fc.constant([{ type: 't', value: '0 0' }]),
    attributes: fc.array(attribute, { maxLength: 6 }),
    media: fc.array(media, { maxLength: 4 }),
    other: other('x'),
  },
  {
    requiredKeys: ['version', 'origin', 'sessionName', 'bandwidth', 'timing', 'attributes', 'media', 'other'],
  },
);

describe('print and parse', () => {
  it('are inverse for descriptions', () => {
    fc.assert(
      fc.property(description, (s) => {
        expect(parseSdp(printSdp(s))).toEqual(s);
      }),
    );
  });

  it('are inverse for texts, byte for byte', () => {
    fc.assert(
      fc.property(
        description,
        fc.constantFrom('\r\n', '\n', '\r', '\r\n\r\n'),
        fc.boolean(),
        (s, end, last) => {
          const printed = printSdp(s).replaceAll('\r\n', end);
          const input = last ? printed : printed.slice(0, -end.length);
          expect(printSdp(parseSdp(input))).toBe(input);
        },
      ),
    );
  });
});
