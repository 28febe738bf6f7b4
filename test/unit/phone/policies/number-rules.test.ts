import { describe, expect, it } from 'vitest';
import {
  judgeCaller,
  type NumberOptions,
  rewriteCalled,
  splitDialString,
} from '../../../../src/phone/policies/number-rules.js';

describe('numbers', () => {
  const called = (number: string, options: NumberOptions, own?: string): string =>
    rewriteCalled(number, options, own);

  it.each([
    ['(030) 12-34.5', {}, undefined, '03012345'],
    ['(030) 12-34', { normalise: false }, undefined, '(030) 12-34'],
    ['12-34', {}, 'me-too', '12-34'],
    ['12-34', { normalise: true }, 'me-too', '1234'],
    ['bob-smith', { normalise: true }, undefined, 'bob-smith'],
  ] as const)('[param:normalizenumber] "%s" with %o is called as %s', (number, options, own, result) => {
    expect(called(number, options, own)).toBe(result);
  });

  it('[param:numrewriterules] prefixes are rewritten within the lengths given', () => {
    const prefixRules = [
      { from: '07', to: '00407', min: 8, max: 12 },
      { from: '74', to: '004074' },
    ];
    expect(called('07123456', { prefixRules })).toBe('00407123456');
    expect(called('0712', { prefixRules })).toBe('0712');
    expect(called('0712345678901', { prefixRules })).toBe('0712345678901');
    expect(called('7412', { prefixRules })).toBe('00407412');
  });

  it('[param:numrewriterulesadv] rules match and rewrite, in their order, until one is the last', () => {
    const insert = [{ when: 'startsNot', text: '00', min: 8, action: 'prefix', to: '00' }] as const;
    expect(called('41234567', { rules: insert })).toBe('0041234567');
    expect(called('0041234567', { rules: insert })).toBe('0041234567');
    expect(called('4123456', { rules: insert })).toBe('4123456');
    expect(called('1234567', { rules: [{ text: '12' }] })).toBe('34567');
    expect(called('1234567', { rules: [{ when: 'ends', text: '67' }] })).toBe('12345');
    expect(
      called('1232123', { rules: [{ when: 'contains', text: '2', action: 'replace', from: '2', to: 'x' }] }),
    ).toBe('1x3x1x3');
    expect(
      called('1234567', { rules: [{ when: 'equals', text: '1234567', action: 'set', to: 'bob' }] }),
    ).toBe('bob');
    const last = [
      { when: 'always', action: 'suffix', to: '#', last: true },
      { when: 'always', action: 'suffix', to: '*' },
    ] as const;
    expect(called('1234567', { rules: last })).toBe('1234567#');
    expect(called('alice_smith', { rules: [{ when: 'always', action: 'suffix', to: '!' }] })).toBe(
      'alice_smith',
    );
    const all = [{ calls: 'all', when: 'always', action: 'suffix', to: '!' }] as const;
    expect(called('alice_smith', { rules: all })).toBe('alice_smith!');
  });

  it('[param:numrewriterulesadv] callers are answered, ignored, forwarded or refused', () => {
    const rules = [
      { calls: 'incoming', when: 'starts', text: '0900', action: 'reject' },
      { calls: 'incomingAll', when: 'equals', text: 'bob', min: 3, action: 'forward', to: 'sip:x@y' },
    ] as const;
    expect(judgeCaller('0900555', { rules })).toEqual({ number: '0900555', action: 'reject', to: '' });
    expect(judgeCaller('bob', { rules })).toEqual({ number: 'bob', action: 'forward', to: 'sip:x@y' });
    expect(judgeCaller('5550900', { rules })).toEqual({ number: '5550900' });
  });

  it('[param:techprefix] comes first', () => {
    expect(called('12-34', { techPrefix: '99#' })).toBe('99#1234');
  });

  it.each([
    ['1234', '1234', '', 0],
    ['1234,56#', '1234', '56#', 0],
    ['1234;56', '1234', '56', 1000],
    ['1234, 5,6', '1234', ',5,6', 0],
    ['sip:bob@host;transport=tcp', 'sip:bob@host;transport=tcp', '', 0],
    ['bob@host,12', 'bob@host', '12', 0],
    ['sip:a,1@host', 'sip:a,1@host', '', 0],
  ] as const)('"%s" is %s and then the digits "%s"', (text, target, digits, digitsDelayMs) => {
    expect(splitDialString(text)).toEqual({ target, digits, digitsDelayMs });
  });
});
