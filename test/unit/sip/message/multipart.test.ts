import { describe, expect, it } from 'vitest';
import {
  type BodyPart,
  findPart,
  parseMultipart,
  partDisposition,
  partType,
  SipRequest,
  setMultipart,
} from '../../../../src/sip/message/index.js';

const text = (part: BodyPart): string => Buffer.from(part.body).toString();

function message(body: string, type = 'multipart/mixed;boundary=b'): SipRequest {
  return new SipRequest('INVITE', 'sip:a@b').setBody(body, type);
}

describe('multipart bodies', () => {
  it('come apart as they were put together', () => {
    const request = new SipRequest('INVITE', 'sip:a@b');
    setMultipart(request, [
      { headers: { 'Content-Type': 'application/sdp' }, body: 'v=0\r\n' },
      {
        headers: { 'Content-Type': 'application/pidf+xml', 'Content-ID': '<1@a>' },
        body: '--switchhook-part',
      },
      { headers: {}, body: Buffer.from([0, 13, 10, 13, 10, 255]) },
    ]);
    expect(request.contentType?.params.get('boundary')).toBe('switchhook-part-1');
    const parts = parseMultipart(request);
    expect(parts.map((part) => partType(part).essence)).toEqual([
      'application/sdp',
      'application/pidf+xml',
      'text/plain',
    ]);
    expect(text(parts[0])).toBe('v=0\r\n');
    expect(parts[1].headers.get('content-id')).toBe('<1@a>');
    expect([...parts[2].body]).toEqual([0, 13, 10, 13, 10, 255]);
  });

  it('have preamble, epilogue, folded headers and padding', () => {
    const parts = parseMultipart(
      message(
        'preamble\r\n--b \r\nContent-Type: text/plain;\r\n charset=utf-8\r\nContent-Disposition: render;handling=optional\r\n\r\none\r\n--bb\r\n' +
          '--b\r\n\r\ntwo\r\n--b--\r\nepilogue',
      ),
    );
    expect(parts.map(text)).toEqual(['one\r\n--bb', 'two']);
    expect(partType(parts[0]).params.get('charset')).toBe('utf-8');
    expect(partDisposition(parts[0])?.params.get('handling')).toBe('optional');
    expect(partDisposition(parts[1])).toBeUndefined();
  });

  it('are found when nested', () => {
    const inner = '--c\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--c--';
    const request = message(`--b\r\nContent-Type: multipart/alternative;boundary=c\r\n\r\n${inner}\r\n--b--`);
    expect(findPart(request, 'application/SDP')?.body.length).toBe(3);
    expect(findPart(request, 'text/html')).toBeUndefined();
  });

  it('may be a single part', () => {
    const request = message('v=0', 'application/sdp').set('Content-Disposition', 'session');
    const [part] = parseMultipart(request);
    expect([partType(part).essence, partDisposition(part)?.value, text(part)]).toEqual([
      'application/sdp',
      'session',
      'v=0',
    ]);
    expect(parseMultipart(new SipRequest('INVITE', 'sip:a@b'))).toEqual([]);
  });

  it.each([
    ['no boundary parameter', message('--b--', 'multipart/mixed')],
    ['no closing delimiter', message('--b\r\n\r\none\r\n')],
    ['no delimiter at all', message('nothing')],
    ['a header without colon', message('--b\r\nnonsense\r\n\r\none\r\n--b--')],
    ['too many parts', message(`${'--b\r\n\r\nx\r\n'.repeat(100)}--b--`)],
  ])('are refused with %s', (_, request) => {
    expect(() => parseMultipart(request)).toThrow('multipart');
  });
});
