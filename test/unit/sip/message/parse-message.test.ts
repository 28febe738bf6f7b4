import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../../../src/base/errors.js';
import {
  DEFAULT_MESSAGE_LIMITS,
  type MessageLimits,
  type ParseFailure,
  parseMessage,
  type SipMessage,
  SipRequest,
  SipResponse,
} from '../../../../src/sip/message/index.js';

const HEADERS = [
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
  'From: <sip:a@b>;tag=1',
  'To: <sip:c@d>',
  'Call-ID: id1',
  'CSeq: 1 OPTIONS',
];

function build(start = 'OPTIONS sip:c@d SIP/2.0', extra: string[] = [], body = ''): Buffer {
  return Buffer.from(`${[start, ...HEADERS, ...extra].join('\r\n')}\r\n\r\n${body}`);
}

function accepted(bytes: Uint8Array, limits?: MessageLimits): SipMessage {
  const result = parseMessage(bytes, limits);
  if (!result.ok) throw result.error;
  return result.message;
}

function refused(bytes: Uint8Array, limits?: MessageLimits): ParseFailure {
  const result = parseMessage(bytes, limits);
  if (result.ok) throw new Error('accepted');
  return result;
}

describe('parseMessage', () => {
  it('reads requests and responses', () => {
    const request = accepted(build());
    expect(request).toBeInstanceOf(SipRequest);
    expect(request).toMatchObject({ method: 'OPTIONS', callId: 'id1', cseq: { seq: 1, method: 'OPTIONS' } });
    const response = accepted(build('SIP/2.0 200 All right')) as SipResponse;
    expect(response).toBeInstanceOf(SipResponse);
    expect([response.status, response.reason]).toEqual([200, 'All right']);
    expect((accepted(build('SIP/2.0 200')) as SipResponse).reason).toBe('');
    expect((accepted(build('sip/2.0 486 Busy')) as SipResponse).status).toBe(486);
  });

  it('takes the octets Content-Length counts, or all when there is none', () => {
    expect(accepted(build(undefined, ['Content-Length: 3'], 'abcdef')).bodyText).toBe('abc');
    expect(accepted(build(undefined, ['Content-Length: 3', 'l: 3'], 'abcdef')).bodyText).toBe('abc');
    expect(accepted(build(undefined, [], 'abcdef')).bodyText).toBe('abcdef');
    expect(refused(build(undefined, ['Content-Length: 7'], 'abcdef')).status).toBe(400);
    for (const value of ['', 'x', '-1', '1.5', '0x5', '9999999999999999', '3 3']) {
      expect(refused(build(undefined, [`Content-Length: ${value}`], 'abcdef')).status).toBe(400);
    }
  });

  it('unfolds lines and keeps UTF-8', () => {
    const message = accepted(build(undefined, ['Subject: a', '  b\t', '\tc', 'X-Name: Jürgen ☎']));
    expect([message.subject, message.get('x-name')]).toEqual(['a b c', 'Jürgen ☎']);
    expect(Buffer.from(message.toBytes()).includes(Buffer.from('Jürgen ☎'))).toBe(true);
  });

  it('reads over CRLFs before the start line', () => {
    expect(accepted(Buffer.concat([Buffer.from('\r\n\r\n'), build()])).callId).toBe('id1');
  });

  it('keeps unknown headers in order and spelling', () => {
    const extra = ['x-B: 2', 'X-a: 1', 'm: <sip:a@b>', 'X-EMPTY:', 'sUbJect: hi'];
    const message = accepted(build(undefined, extra));
    const names = [...message.fields()].map(({ name }) => name);
    expect(names.slice(5)).toEqual(['x-B', 'X-a', 'm', 'X-EMPTY', 'sUbJect']);
    expect(message.toString()).toContain(
      '\r\nx-B: 2\r\nX-a: 1\r\nm: <sip:a@b>\r\nX-EMPTY: \r\nsUbJect: hi\r\n',
    );
  });

  it('leaves malformed values alone that nobody asked for', () => {
    const message = accepted(build(undefined, ['Contact: <<', 'Date: yesterday', 'Allow: ,,']));
    expect(() => message.contacts).toThrow('Contact header');
    expect(() => message.date).toThrow('Date header');
    expect(() => message.allow).toThrow('Allow header');
  });

  it.each([
    ['a missing From', HEADERS.filter((line) => !line.startsWith('From'))],
    ['a missing To', HEADERS.filter((line) => !line.startsWith('To'))],
    ['a missing Call-ID', HEADERS.filter((line) => !line.startsWith('Call'))],
    ['a missing CSeq', HEADERS.filter((line) => !line.startsWith('CSeq'))],
    ['two From', [...HEADERS, 'f: <sip:x@y>;tag=2']],
    ['two CSeq', [...HEADERS, 'CSeq: 1 OPTIONS']],
    ['two Max-Forwards', [...HEADERS, 'Max-Forwards: 1', 'Max-Forwards: 2']],
    ['a line without colon', [...HEADERS, 'nonsense']],
    ['a name that is no token', [...HEADERS, 'a b: c']],
    ['an empty name', [...HEADERS, ': c']],
    ['a bare LF', [...HEADERS, 'X: a\nb']],
    ['a bare CR', [...HEADERS, 'X: a\rb']],
    ['white space in Call-ID', HEADERS.map((line) => line.replace('id1', 'id 1'))],
    ['another method in CSeq', HEADERS.map((line) => line.replace('1 OPTIONS', '1 INVITE'))],
    ['malformed Via parameters', HEADERS.map((line) => line.replace(';branch', ';;branch'))],
  ])('answers 400 to %s', (_, headers) => {
    const result = refused(Buffer.from(`OPTIONS sip:c@d SIP/2.0\r\n${headers.join('\r\n')}\r\n\r\n`));
    expect(result.status).toBe(400);
    expect(result.request?.topVia?.host).toBe('192.0.2.1');
  });

  it.each([
    'OPTIONS sip:c@d',
    'OPTIONS  sip:c@d SIP/2.0',
    'OPTIONS sip:c@d SIP/2.0 ',
    'OPTIONS sip:c @d SIP/2.0',
    'OPTIONS c@d SIP/2.0',
    'OP(IONS sip:c@d SIP/2.0',
    ' OPTIONS sip:c@d SIP/2.0',
    'OPTIONS sip:c@d HTTP/1.1',
    'SIP/2.0 99 Low',
    'SIP/2.0 700 High',
    'SIP/3.0 200 OK',
    '',
  ])('refuses the start line %j', (start) => {
    expect(refused(build(start)).error.code).toBe('ERR_SIP_PARSE');
  });

  it('answers only what can be answered', () => {
    expect(refused(build('OPTIONS sip:c@d SIP/3.0'))).toMatchObject({
      status: 505,
      request: { method: 'OPTIONS' },
    });
    for (const bytes of [
      build('OPTIONS sip:c@d HTTP/1.1'),
      build('SIP/2.0 1000 x'),
      build('ACK sip:c@d SIP/2.0'),
      Buffer.from('OPTIONS sip:c@d SIP/2.0\r\nTo: x\r\n\r\n'),
    ]) {
      const { request, status } = refused(bytes);
      expect([request, status]).toEqual([undefined, undefined]);
    }
  });

  it('forgives in datagrams what does no harm there', () => {
    const bare = Buffer.from(
      build(undefined, ['Content-Length: 30'], 'v=0\r\n').toString().replaceAll('\r\n', '\n'),
    );
    expect(accepted(bare).bodyText).toBe('v=0\n');
    const noEnd = `OPTIONS sip:c@d SIP/2.0\r\n${HEADERS.join('\r\n')}\r\nContent-Length: 0\r\n`;
    expect(accepted(Buffer.from(noEnd)).callId).toBe('id1');
    expect(refused(Buffer.from(noEnd.replace(': 0', ': 5'))).status).toBe(400);
    expect(refused(Buffer.from(noEnd.replace('Content-Length: 0\r\n', ''))).status).toBe(400);
  });

  it('keeps its limits, and says 513', () => {
    const limits = {
      ...DEFAULT_MESSAGE_LIMITS,
      maxMessageBytes: 600,
      maxHeaderBytes: 500,
      maxHeaders: 10,
      maxLineLength: 100,
    };
    const cases: Buffer[] = [
      build(undefined, [], 'x'.repeat(600)),
      build(undefined, Array(4).fill(`X: ${'y'.repeat(90)}`)),
      build(undefined, Array(6).fill('X: y')),
      build(undefined, [`X: ${'y'.repeat(100)}`]),
      build(undefined, ['X: y', ...Array(10).fill(` ${'y'.repeat(10)}`)]),
      build(`OPTIONS sip:${'c'.repeat(100)}@d SIP/2.0`),
    ];
    for (const bytes of cases) {
      const { status, error } = refused(bytes, limits);
      expect([status, error.code]).toEqual([513, 'ERR_SIP_LIMIT']);
    }
    accepted(build(undefined, Array(5).fill('X: y'), 'x'.repeat(100)), limits);
  });

  it('needs time in proportion to the length, whatever is in it', () => {
    const limits = {
      ...DEFAULT_MESSAGE_LIMITS,
      maxHeaderBytes: 1 << 20,
      maxMessageBytes: 1 << 20,
      maxLineLength: 1 << 20,
    };
    const n = 100_000;
    const hostile = [
      `Subject: a${' '.repeat(n)}x\r\n y`,
      `Contact: <tel:${'1'.repeat(n)}x>`,
      `Contact: ${'<sip:a@b>;x="'.repeat(n / 20)}`,
      `Contact: <sip:a@b${';x'.repeat(n)}>`,
      `Retry-After: 5 ${'('.repeat(n)}`,
      `Warning: 399 ${'a '.repeat(n)}`,
      `Privacy: ${';'.repeat(n)}`,
      `Timestamp: ${'1'.repeat(n)}x`,
      `Date: ${'Sat, '.repeat(n)}`,
      `Via: SIP${' '.repeat(n)}`,
      `Reason: ${'"'.repeat(n)}`,
    ];
    for (const line of hostile) {
      const result = parseMessage(build(undefined, [line]), limits);
      if (!result.ok) continue;
      const { message } = result;
      for (const read of [
        () => message.contacts,
        () => message.retryAfter,
        () => message.warnings,
        () => message.privacy,
        () => message.timestamp,
        () => message.date,
        () => message.vias,
        () => message.reasons,
      ]) {
        try {
          read();
        } catch (error) {
          expect(isSwitchhookError(error, 'ERR_SIP_PARSE')).toBe(true);
        }
      }
    }
  });

  it('takes anything without throwing', () => {
    for (const text of [
      '',
      '\r\n',
      '\r\n\r\n',
      '\n\n',
      '\0',
      ' ',
      ':',
      'SIP/2.0',
      'SIP/2.0 200 OK',
      '\r\n\r\n\r\n\r\n',
    ]) {
      expect(refused(Buffer.from(text)).request).toBeUndefined();
    }
    refused(Buffer.alloc(65535, 0xff));
    refused(Buffer.alloc(65535, 0x0a));
    refused(Buffer.alloc(65535, ':'));
  });
});
