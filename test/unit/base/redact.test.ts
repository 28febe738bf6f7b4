import { describe, expect, it } from 'vitest';
import { withoutKeys } from '../../../src/base/redact.js';

describe('withoutKeys', () => {
  it('takes every SRTP key out of a message and leaves the rest', () => {
    const key = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
    const line = (inline: string) =>
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${inline}:${key}|2^20|1:4;inline:${key}== FEC_ORDER=FEC_SRTP\r\n`;
    const text = withoutKeys(
      `INVITE sip:b@example.com SIP/2.0\r\n\r\nv=0\r\n${line('inline')}${line('INLINE')}a=x\r\n`,
    );
    expect(text).not.toContain(key.slice(0, 8));
    expect(text).toMatch(/^INVITE sip:b@example.com/);
    expect(text).toContain(
      'AES_CM_128_HMAC_SHA1_80 inline:(key hidden)|2^20|1:4;inline:(key hidden) FEC_ORDER',
    );
    expect(text).toMatch(/a=x\r\n$/);
  });
});
