import { describe, expect, it } from 'vitest';
import { Params } from '../../../../src/sip/message/index.js';

describe('Params', () => {
  it('keeps order and spelling, finds names in any case', () => {
    const params = Params.parse(';Tag=abc; LR ;q = 0.5;text="a;b \\" c"');
    expect([...params]).toEqual([
      ['Tag', 'abc'],
      ['LR', undefined],
      ['q', '0.5'],
      ['text', 'a;b " c'],
    ]);
    expect([params.get('tag'), params.has('lr'), params.get('lr'), params.get('x'), params.size]).toEqual([
      'abc',
      true,
      undefined,
      undefined,
      4,
    ]);
    expect(params.toString()).toBe(';Tag=abc;LR;q=0.5;text="a;b \\" c"');
  });

  it('quotes in headers and escapes in URIs', () => {
    const header = new Params('header', { a: 'x', b: 'x y', c: '2001:db8::1', d: undefined, e: '' });
    expect(header.toString()).toBe(';a=x;b="x y";c=2001:db8::1;d;e=""');
    expect(new Params('uri', { a: 'x y', 'b c': '[::1]' }).toString()).toBe(';a=x%20y;b%20c=[::1]');
    expect(new Params().setQuoted('text', 'token').toString()).toBe(';text="token"');
  });

  it('replaces in place and deletes', () => {
    const params = Params.parse(';a=1;b=2;c=3');
    params.set('B', '9').set('d');
    expect(params.delete('A')).toBe(true);
    expect(params.delete('A')).toBe(false);
    expect(params.toString()).toBe(';b=9;c=3;d');
  });

  it('clones', () => {
    const params = Params.parse(';a=1');
    const copy = params.clone().set('a', '2');
    expect([params.toString(), copy.toString()]).toEqual([';a=1', ';a=2']);
  });

  it('cannot be made to break out of its place', () => {
    expect(new Params().set('a', 'x\r\nEvil: 1').toString()).toBe(';a="x Evil: 1"');
    expect(() => new Params().set('a;b', 'c')).toThrow('not a name');
    expect(new Params('uri').set('a', 'x;y>z').toString()).toBe(';a=x%3By%3Ez');
  });

  it.each([';', ';;', ';a;', ';=b', ';a="x', ';a="x"y', ';a=b c', ';a b', 'a', ';a=b,c', ';a=<b>'])(
    'refuses %j',
    (text) => {
      expect(() => Params.parse(text)).toThrow('malformed');
    },
  );
});
