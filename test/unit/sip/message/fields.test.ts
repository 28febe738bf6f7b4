import { describe, expect, it } from 'vitest';
import { SipRequest } from '../../../../src/sip/message/index.js';

const lines = (message: SipRequest): string[] =>
  [...message.fields()].map(({ name, value }) => `${name}: ${value}`);

function sample(): SipRequest {
  return new SipRequest('INVITE', 'sip:bob@example.com')
    .add('Via', 'SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2')
    .add('X-One', '1')
    .add('v', 'SIP/2.0/UDP c;branch=z9hG4bK3')
    .add('x-one', '2');
}

describe('header fields', () => {
  it('finds names in any case and form', () => {
    const message = sample();
    expect(message.get('VIA')).toBe(message.get('v'));
    expect(message.getAll('via')).toHaveLength(2);
    expect(message.values('Via')).toHaveLength(3);
    expect(message.getAll('X-ONE')).toEqual(['1', '2']);
    expect([message.has('x-one'), message.has('x-two')]).toEqual([true, false]);
    expect(message.get('x-two')).toBeUndefined();
  });

  it('adds behind the last of the name and keeps the spelling', () => {
    expect(lines(sample())).toEqual([
      'Via: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2',
      'v: SIP/2.0/UDP c;branch=z9hG4bK3',
      'X-One: 1',
      'x-one: 2',
    ]);
  });

  it('replaces in place', () => {
    const message = sample().set('X-One', ['a', 'b']).set('Via', 'SIP/2.0/UDP d').set('New', 5);
    expect(lines(message)).toEqual(['Via: SIP/2.0/UDP d', 'X-One: a', 'X-One: b', 'New: 5']);
    expect(lines(message.set('X-One', []))).toEqual(['Via: SIP/2.0/UDP d', 'New: 5']);
  });

  it('prepends before the first of the name, else at the top', () => {
    const message = sample().prepend('X-One', '0').prepend('Route', '<sip:r;lr>');
    expect(lines(message)[0]).toBe('Route: <sip:r;lr>');
    expect(message.getAll('x-one')).toEqual(['0', '1', '2']);
  });

  it('removes lines and single values', () => {
    const message = sample().remove('x-ONE');
    expect(message.removeFirstValue('Via')).toBe('SIP/2.0/UDP a;branch=z9hG4bK1');
    expect(message.topVia?.branch).toBe('z9hG4bK2');
    message.replaceFirstValue('Via', 'SIP/2.0/UDP x;branch=z9hG4bKx');
    expect(message.vias.map((via) => via.host)).toEqual(['x', 'c']);
    expect(message.removeFirstValue('Via')).toBe('SIP/2.0/UDP x;branch=z9hG4bKx');
    expect(message.removeFirstValue('Via')).toBe('SIP/2.0/UDP c;branch=z9hG4bK3');
    expect(message.removeFirstValue('Via')).toBeUndefined();
    expect(lines(message)).toEqual([]);
  });

  it('replaces one value of a list and leaves the others of the line', () => {
    const message = sample().replaceFirstValue('Via', 'SIP/2.0/UDP y');
    expect(message.getAll('Via')[0]).toBe('SIP/2.0/UDP y, SIP/2.0/UDP b;branch=z9hG4bK2');
  });

  it('splits list headers only, and only at top-level commas', () => {
    const message = new SipRequest('INVITE', 'sip:a@b')
      .set('Subject', 'a, b')
      .set('Contact', '"a, b" <sip:x@y?q=1,2>;p="3,4", <sip:z@w>')
      .set('Allow', 'INVITE,ACK , BYE')
      .set('Supported', '');
    expect(message.values('Subject')).toEqual(['a, b']);
    expect(message.values('Contact')).toHaveLength(2);
    expect(message.values('allow')).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(message.supported).toEqual([]);
    expect(() => message.set('Allow', 'INVITE,,BYE').allow).toThrow('Allow header');
  });

  it('keeps the parse of a line until the line is replaced', () => {
    const message = sample().set('From', '<sip:a@b>;tag=1');
    expect(message.from).toBe(message.from);
    const clone = message.clone();
    expect(clone.from).not.toBe(message.from);
    message.set('From', '<sip:a@b>;tag=2');
    expect([message.from.tag, clone.from.tag]).toEqual(['2', '1']);
  });

  it('lets no value out of its line and no name be anything but a token', () => {
    const message = sample();
    for (const value of ['a\r\nEvil: 1', 'a\nb', 'a\rb']) {
      expect(() => message.set('Subject', value)).toThrow('line end');
      expect(() => message.add('X-New', value)).toThrow('line end');
    }
    for (const name of ['', 'a b', 'a:b', 'a\r\nb'])
      expect(() => message.set(name, 'x')).toThrow('not a header name');
  });
});
