/** The registrar of the exchange, by RFC 3261 §10.3, in virtual time. */
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { Registrar } from '../../../src/exchange/registrar.js';
import { type Flow, type ServerHandle, SipRequest, SipResponse } from '../../../src/sip/index.js';

const setup = () => {
  const clock = new VirtualClock();
  const registrar = new Registrar({ clock, minExpires: 30 });
  const flow = { open: true, reliable: false } as Flow;
  let seq = 0;
  const register = (
    contacts: readonly string[],
    options: { expires?: number; callId?: string; seq?: number } = {},
  ): SipResponse => {
    const request = new SipRequest('REGISTER', 'sip:example.com');
    request
      .add('Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1')
      .add('From', '<sip:ann@example.com>;tag=1')
      .add('To', '<sip:ann@example.com>');
    request.add('Call-ID', options.callId ?? 'reg').add('CSeq', `${options.seq ?? ++seq} REGISTER`);
    for (const contact of contacts) request.add('Contact', contact);
    if (options.expires !== undefined) request.add('Expires', options.expires);
    let answer: SipResponse | undefined;
    const reply: ServerHandle['reply'] = (status, reason, init) => {
      answer = SipResponse.for(request, status, reason);
      init?.(answer);
      return answer;
    };
    registrar.handle(request, { request, flow, reply } as ServerHandle, 'ann');
    return answer as SipResponse;
  };
  return { clock, registrar, flow, register };
};

describe('Registrar', () => {
  it('binds a contact for the time asked for, then forgets it', () => {
    const { clock, registrar, register } = setup();
    const answer = register(['<sip:ann@192.0.2.1:5062>'], { expires: 60 });
    expect(answer.status).toBe(200);
    expect(answer.contacts[0].params.get('expires')).toBe('60');
    expect(registrar.users).toEqual(['ann']);
    clock.advance(59_999);
    expect(registrar.lookup('ann')).toHaveLength(1);
    clock.advance(1);
    expect(registrar.lookup('ann')).toHaveLength(0);
    expect(registrar.users).toEqual([]);
  });

  it('refuses too short a lifetime with 423 and says what would do', () => {
    const { register } = setup();
    const answer = register(['<sip:ann@192.0.2.1>;expires=10']);
    expect(answer.status).toBe(423);
    expect(answer.minExpires).toBe(30);
  });

  it('removes one binding with expires=0, all with the wildcard', () => {
    const { registrar, register } = setup();
    register(['<sip:ann@192.0.2.1>', '<sip:ann@192.0.2.2>', '<sip:ann@192.0.2.3>']);
    register(['<sip:ann@192.0.2.2>;expires=0']);
    expect(registrar.lookup('ann').map(({ contact }) => contact.host)).toEqual(['192.0.2.1', '192.0.2.3']);
    expect(register(['*'], { expires: 60 }).status).toBe(400);
    expect(register(['*'], { expires: 0 }).status).toBe(200);
    expect(registrar.lookup('ann')).toHaveLength(0);
  });

  it('replaces the binding of the same device that moved', () => {
    const { registrar, register } = setup();
    register(['<sip:ann@192.0.2.1>;+sip.instance="<urn:uuid:1>"']);
    register(['<sip:ann@198.51.100.1>;+sip.instance="<urn:uuid:1>"']);
    expect(registrar.lookup('ann').map(({ contact }) => contact.host)).toEqual(['198.51.100.1']);
  });

  it('lets an older request undo nothing', () => {
    const { registrar, register } = setup();
    register(['<sip:ann@192.0.2.1>'], { seq: 5 });
    expect(register(['<sip:ann@192.0.2.1>;expires=0'], { seq: 5 }).status).toBe(500);
    expect(registrar.lookup('ann')).toHaveLength(1);
  });

  it('tells the bindings when asked without a contact', () => {
    const { register } = setup();
    register(['<sip:ann@192.0.2.1>'], { expires: 60 });
    expect(register([]).contacts).toHaveLength(1);
  });

  it('bounds the number of bindings', () => {
    const { register } = setup();
    const many = Array.from({ length: 11 }, (_, i) => `<sip:ann@192.0.2.${i}>`);
    expect(register(many).status).toBe(403);
  });

  it('forgets a binding whose connection is gone', () => {
    const { registrar, flow, register } = setup();
    Object.assign(flow, { reliable: true });
    register(['<sip:ann@192.0.2.1;transport=tcp>']);
    Object.assign(flow, { open: false });
    expect(registrar.lookup('ann')).toHaveLength(0);
  });
});
