import { describe, expect, it } from 'vitest';
import { SipRequest, type ValidationRules, validateRequest } from '../../../../src/sip/message/index.js';

const uas: ValidationRules = {
  role: 'uas',
  methods: ['INVITE', 'ACK', 'OPTIONS'],
  extensions: ['timer'],
  bodyTypes: ['application/sdp'],
};

function request(method = 'INVITE', uri = 'sip:a@b'): SipRequest {
  return new SipRequest(method, uri)
    .add('Via', 'SIP/2.0/UDP a;branch=z9hG4bK1')
    .add('From', '<sip:x@y>;tag=1')
    .add('To', '<sip:a@b>')
    .add('Call-ID', 'c')
    .add('CSeq', `1 ${method}`);
}

const status = (message: SipRequest, rules = uas): number | undefined =>
  validateRequest(message, rules)?.status;

describe('validateRequest', () => {
  it('lets good requests through', () => {
    expect(status(request())).toBeUndefined();
    expect(status(request().set('Require', 'timer').setBody('v=0', 'application/sdp'))).toBeUndefined();
    expect(status(request('INVITE', 'tel:+123'))).toBeUndefined();
    expect(status(request().set('Accept', 'text/plain, application/*'))).toBeUndefined();
  });

  it('tells 405 from 501', () => {
    expect(validateRequest(request('REFER'), uas)).toMatchObject({
      status: 405,
      headers: [['Allow', 'INVITE, ACK, OPTIONS']],
    });
    expect(status(request('DANCE'))).toBe(501);
    expect(status(request('DANCE'), { role: 'proxy' })).toBeUndefined();
    expect(status(request('DANCE'), { role: 'uas' })).toBeUndefined();
  });

  it('checks the method before anything else (§8.2)', () => {
    expect(status(request('REFER', 'http://x').set('Require', 'foo'))).toBe(405);
    expect(status(request('INVITE', 'http://x').set('Require', 'foo'))).toBe(416);
  });

  it('does not apply Require to ACK and CANCEL (§8.2.2.3)', () => {
    expect(status(request('ACK').set('Require', 'foo'))).toBeUndefined();
    expect(status(request().set('Require', 'foo'))).toBe(420);
  });

  it('answers 415 for bodies and codings it does not know, unless they are optional', () => {
    expect(status(request().setBody('x', 'text/html'))).toBe(415);
    expect(
      status(request().setBody('x', 'text/html').set('Content-Disposition', 'render;handling=optional')),
    ).toBe(undefined);
    expect(
      validateRequest(request().setBody('x', 'application/sdp').set('Content-Encoding', 'gzip'), uas),
    ).toMatchObject({
      status: 415,
      headers: [['Accept-Encoding', 'identity']],
    });
    const untyped = request();
    untyped.body = Buffer.from('x');
    expect(status(untyped)).toBe(415);
  });

  it('answers 400 for values it has to read and cannot', () => {
    expect(status(request().set('Contact', '<<'))).toBe(400);
    expect(status(request().set('Route', 'x'))).toBe(400);
    expect(status(request().set('Require', 'a b'))).toBe(400);
    expect(status(request().set('Contact', '*'))).toBe(400);
  });

  it('allows the wildcard Contact only to remove all bindings (§10.3)', () => {
    const rules: ValidationRules = { role: 'registrar' };
    expect(status(request('REGISTER').set('Contact', '*').set('Expires', 0), rules)).toBeUndefined();
    expect(status(request('REGISTER').set('Contact', '*').set('Expires', 60), rules)).toBe(400);
    expect(status(request('REGISTER').set('Contact', '*'), rules)).toBe(400);
  });

  it('counts hops in proxies only', () => {
    expect(status(request().set('Max-Forwards', '000'), { role: 'proxy' })).toBe(483);
    expect(status(request().set('Max-Forwards', '0'))).toBeUndefined();
    expect(status(request().set('Max-Forwards', '999'), { role: 'proxy' })).toBeUndefined();
  });
});
