import { describe, expect, it } from 'vitest';
import {
  type AnsweringOptions,
  automaticAnswer,
  modeRefused,
} from '../../../../src/phone/policies/answering.js';
import { SipRequest } from '../../../../src/sip/index.js';

function invite(headers: Record<string, string> = {}): SipRequest {
  const request = new SipRequest('INVITE', 'sip:bob@10.0.0.2')
    .add('Via', 'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1')
    .add('From', '<sip:4711@10.0.0.1>;tag=a')
    .add('To', '<sip:bob@10.0.0.2>')
    .add('Call-ID', 'x')
    .add('CSeq', '1 INVITE');
  for (const [name, value] of Object.entries(headers)) request.add(name, value);
  return request;
}

describe('automatic answer', () => {
  const caller: AnsweringOptions = { automatic: 'caller' };

  it('[param:enableautoaccept] 0 never, 1 on a match, 2 also on the wish of the caller, 3 always', () => {
    const wish = invite({ 'Call-Info': '<sip:x>;answer-after=0' });
    const modes = ['never', 'match', 'caller', 'all'] as const;
    const delays = (request: SipRequest): unknown[] =>
      modes.map((automatic) => automaticAnswer(request, { automatic, match: 'X-MY: YES' }));
    expect(delays(invite())).toEqual([undefined, undefined, undefined, 0]);
    expect(delays(invite({ 'X-My': 'yes' }))).toEqual([undefined, 0, 0, 0]);
    expect(delays(wish)).toEqual([undefined, undefined, 0, 0]);
  });

  it('[param:autoacceptheader] looks in the whole INVITE, the number of the caller included', () => {
    expect(automaticAnswer(invite(), { match: 'SIP:4711@' })).toBe(0);
    expect(automaticAnswer(invite(), { match: '4712' })).toBeUndefined();
    expect(automaticAnswer(invite(), { match: '' })).toBeUndefined();
  });

  it.each([
    ['Call-Info', '<sip:x@y>;answer-after=0', 0],
    ['Call-Info', ';answer-after=5', 5000],
    ['Call-Info', '<http://a/photo.jpg>;purpose=icon', undefined],
    ['Alert-Info', '<http://a>;info=alert-autoanswer;delay=2', 2000],
    ['Alert-Info', 'Ring Answer', 0],
    ['Alert-Info', '<http://notused>;info=intercom', 0],
    ['Alert-Info', '<http://a/ring.wav>', undefined],
    ['Answer-Mode', 'Auto', 0],
    ['Answer-Mode', 'Manual', undefined],
    ['Priv-Answer-Mode', 'Auto;require', 0],
    ['Auto-Answer', 'yes', 0],
    ['Auto-Answer', 'no', undefined],
    ['P-Auto-Answer', 'normal', 0],
  ])('[auto-answer/0] %s: %s', (name, value, delay) => {
    expect(automaticAnswer(invite({ [name]: value }), caller)).toBe(delay);
  });

  it('Answer-Mode: Manual wins over the older headers (RFC 5373)', () => {
    const request = invite({ 'Answer-Mode': 'Manual', 'Call-Info': '<sip:x>;answer-after=0' });
    expect(automaticAnswer(request, caller)).toBeUndefined();
  });

  it('[auto-answer/1] the delay is that of the caller unless there is one of our own', () => {
    const request = invite({ 'Call-Info': '<sip:x>;answer-after=3' });
    expect(automaticAnswer(request, caller)).toBe(3000);
    expect(automaticAnswer(request, { ...caller, delayMs: 0 })).toBe(0);
    expect(automaticAnswer(request, { ...caller, delayMs: 4000 })).toBe(4000);
  });

  it('a mode that is required and not ours is refused (RFC 5373)', () => {
    expect(modeRefused(invite({ 'Answer-Mode': 'Auto;require' }), { automatic: 'never' })).toBe(true);
    expect(modeRefused(invite({ 'Answer-Mode': 'Auto;require' }), caller)).toBe(false);
    expect(modeRefused(invite({ 'Answer-Mode': 'Manual;require' }), { automatic: 'all' })).toBe(true);
    expect(modeRefused(invite({ 'Answer-Mode': 'Auto' }), { automatic: 'never' })).toBe(false);
  });
});
