import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import {
  DEFAULT_MESSAGE_LIMITS,
  type MessageLimits,
  StreamFramer,
} from '../../../../src/sip/message/index.js';

function message(id: string, body = '', length: string | null = String(Buffer.byteLength(body))): string {
  const lines = [
    'MESSAGE sip:c@d SIP/2.0',
    'Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1',
    'From: <sip:a@b>;tag=1',
    'To: <sip:c@d>',
    `Call-ID: ${id}`,
    'CSeq: 1 MESSAGE',
  ];
  if (length !== null) lines.push(`Content-Length: ${length}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function frame(limits: Partial<MessageLimits> = {}) {
  const events: string[] = [];
  const framer = new StreamFramer(
    { ...DEFAULT_MESSAGE_LIMITS, ...limits },
    {
      onMessage: (m) => events.push(`${m.callId}:${m.bodyText}`),
      onInvalid: (result) => events.push(`invalid ${result.status}`),
      onKeepAlive: (kind) => events.push(kind),
      onFatal: (error) => events.push(`fatal ${error.code}`),
    },
  );
  return { framer, events, push: (text: string) => framer.push(Buffer.from(text)) };
}

describe('StreamFramer', () => {
  it('cuts messages and keep-alives however they arrive', () => {
    const stream = Buffer.from(
      `${message('1', 'hello')}\r\n\r\n${message('2')}\r\n${message('3', 'x'.repeat(3000))}${message('4', 'ü\r\n\r\n')}`,
    );
    const expected = ['1:hello', 'ping', '2:', 'pong', `3:${'x'.repeat(3000)}`, '4:ü\r\n\r\n'];
    const whole = frame();
    whole.framer.push(stream);
    expect(whole.events).toEqual(expected);
    expect(whole.framer.pending).toBe(0);
    const random = new SeededRandom(7);
    for (let round = 0; round < 50; round++) {
      const { framer, events } = frame();
      for (let at = 0; at < stream.length; ) {
        const size = 1 + (random.uint32() % (round < 5 ? 1 : 700));
        framer.push(stream.subarray(at, at + size));
        at += size;
      }
      // A ping cut in two is first taken for a pong.
      expect(events.join('|').replace('pong|ping|2:', 'ping|2:')).toBe(expected.join('|'));
      expect(framer.pending).toBe(0);
    }
  });

  it('keeps bodies of earlier messages when more arrives', () => {
    const bodies: Uint8Array[] = [];
    const framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS, {
      onMessage: (m) => bodies.push(m.body),
      onInvalid: () => {},
      onKeepAlive: () => {},
      onFatal: () => {},
    });
    const stream = Buffer.from(['a', 'b', 'c', 'd'].map((c) => message(c, c.repeat(100))).join(''));
    for (let at = 0; at < stream.length; at += 90) framer.push(Buffer.from(stream.subarray(at, at + 90)));
    expect(bodies.map((body) => Buffer.from(body).toString())).toEqual(
      ['a', 'b', 'c', 'd'].map((c) => c.repeat(100)),
    );
  });

  it('goes on behind a malformed message whose end is known', () => {
    const { events, push } = frame();
    push(
      message('1').replace('Call-ID: 1', 'Call-ID: 1 2') +
        message('2') +
        message('3').replace('MESSAGE', 'ME(AGE'),
    );
    push(message('4'));
    expect(events).toEqual(['invalid 400', '2:', 'invalid undefined', '4:']);
  });

  it('cannot go on without a usable Content-Length', () => {
    for (const length of [null, '-5', 'x', '5, 6']) {
      const { events, push } = frame();
      push(message('1', 'hello', length));
      push(message('2'));
      expect(events).toEqual(['invalid 400', 'fatal ERR_SIP_PARSE']);
    }
  });

  it('holds no more than the limits allow', () => {
    const header = frame({ maxHeaderBytes: 1000 });
    for (let i = 0; i < 200; i++) header.push('x'.repeat(50));
    expect(header.events).toEqual(['fatal ERR_SIP_LIMIT']);
    expect(header.framer.pending).toBe(0);
    const long = frame({ maxHeaderBytes: 1000 });
    long.push(message('1').replace('Call-ID', `X: ${'y'.repeat(1000)}\r\nCall-ID`));
    expect(long.events).toEqual(['fatal ERR_SIP_LIMIT']);
    const body = frame({ maxMessageBytes: 1000 });
    body.push(message('1', '', '100000'));
    expect(body.events).toEqual(['invalid 513', 'fatal ERR_SIP_LIMIT']);
  });

  it('tells pings from pongs', () => {
    const { events, push } = frame();
    push('\r\n');
    push('\r\n');
    expect(events).toEqual(['pong', 'ping']);
    push('\r');
    push('\n');
    push(message('1'));
    push('\r\n\r\n\r\n');
    expect(events).toEqual(['pong', 'ping', 'pong', '1:', 'ping', 'pong']);
  });

  it('refuses a CR that begins no CRLF', () => {
    const { events, push } = frame();
    push('\rX');
    expect(events).toEqual(['fatal ERR_SIP_PARSE']);
  });
});
