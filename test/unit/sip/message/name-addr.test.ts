import { describe, expect, it } from 'vitest';
import { NameAddr, SipUri } from '../../../../src/sip/message/index.js';

describe('NameAddr', () => {
  it.each([
    [
      '"A. G. Bell" <sip:agb@bell-telephone.com> ;tag=a48s',
      'A. G. Bell',
      'sip:agb@bell-telephone.com',
      'a48s',
    ],
    [
      'sip:+12125551212@server.phone2net.com;tag=887s',
      undefined,
      'sip:+12125551212@server.phone2net.com',
      '887s',
    ],
    ['Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8', 'Anonymous', 'sip:c8oqz84zk7z@privacy.org', 'hyh8'],
    ['<sip:a@b;lr;x=1>', undefined, 'sip:a@b;lr;x=1', undefined],
    ['Mr  Token\tNames<sip:a@b>', 'Mr Token Names', 'sip:a@b', undefined],
    ['"\\"quoted\\" \\\\ <x>, y" <sip:a@b>', '"quoted" \\ <x>, y', 'sip:a@b', undefined],
    ['"" <sip:a@b>', '', 'sip:a@b', undefined],
    ['Jürgen <sip:a@b>', 'Jürgen', 'sip:a@b', undefined],
    ['tel:+123;tag=1', undefined, 'tel:+123', '1'],
  ])('reads %s', (text, display, uri, tag) => {
    const address = NameAddr.parse(text);
    expect([address.displayName, address.uri.toString(), address.tag]).toEqual([display, uri, tag]);
    const again = NameAddr.parse(address.toString());
    expect([again.displayName, again.uri.toString(), again.tag]).toEqual([display, uri, tag]);
  });

  it.each([
    '',
    '<sip:a@b',
    'sip:a@b>',
    '"Unterminated <sip:a@b>',
    '"x" sip:a@b',
    'a, b <sip:a@b>',
    '< sip:a@b >',
    '<sip:a@b> x',
    '<sip:a@b>;tag=a b',
    '<sip:a@b>;tag=1, <sip:c@d>',
    'sip:a@b?c=d',
    '<<sip:a@b>>',
  ])('refuses %j', (text) => {
    expect(() => NameAddr.parse(text)).toThrow('malformed');
  });

  it('splits lists at the commas between addresses only', () => {
    const list = NameAddr.parseList('"Watson, \\"T\\"" <sip:a@b;x=1,2>;q=0.7, <sip:c@d> , sip:e@f');
    expect(list.map((address) => address.uri.toString())).toEqual(['sip:a@b;x=1,2', 'sip:c@d', 'sip:e@f']);
    expect(() => NameAddr.parseList('<sip:a@b>,')).toThrow('malformed');
    expect(() => NameAddr.parseList(',<sip:a@b>')).toThrow('malformed');
  });

  it('prints tokens plain and the rest quoted', () => {
    const uri = new SipUri({ user: 'a', host: 'b' });
    expect(new NameAddr(uri, 'Alice').toString()).toBe('Alice <sip:a@b>');
    expect(new NameAddr(uri, 'A. "B"', { tag: '1' }).toString()).toBe('"A. \\"B\\"" <sip:a@b>;tag=1');
    expect(new NameAddr('sip:a@b').toString()).toBe('<sip:a@b>');
    expect(new NameAddr(uri, 'Jürgen').toString()).toBe('"Jürgen" <sip:a@b>');
    expect(new NameAddr(uri, 'evil\r\nVia: x').toString()).toBe('"evil Via: x" <sip:a@b>');
  });

  it('sets and removes its tag', () => {
    const address = new NameAddr('sip:a@b');
    address.tag = 'x1';
    expect(address.toString()).toBe('<sip:a@b>;tag=x1');
    const copy = address.clone();
    copy.tag = undefined;
    expect([address.tag, copy.tag]).toEqual(['x1', undefined]);
  });
});
