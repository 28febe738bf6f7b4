import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/base/random.js';
import { orderSrv } from '../../../../src/sip/resolver/srv-order.js';

const record = (target: string, priority: number, weight: number) => ({
  target,
  priority,
  weight,
  port: 5060,
  ttl: 60,
});

describe('the order of SRV records (RFC 2782)', () => {
  it('follows priority first, whatever the weight', () => {
    const records = [record('c', 30, 9), record('a', 10, 0), record('b', 20, 65535)];
    expect(orderSrv(records, new SeededRandom(1)).map(({ target }) => target)).toEqual(['a', 'b', 'c']);
  });

  it('draws in proportion to the weights', () => {
    const random = new SeededRandom(7);
    const records = [record('heavy', 1, 75), record('light', 1, 25)];
    let heavy = 0;
    for (let i = 0; i < 4000; i++) if (orderSrv(records, random)[0].target === 'heavy') heavy++;
    expect(heavy / 4000).toBeGreaterThan(0.7);
    expect(heavy / 4000).toBeLessThan(0.79);
  });

  it('gives weight 0 a very small chance beside others, and none is lost', () => {
    const random = new SeededRandom(3);
    const records = [record('w', 1, 99), record('zero', 1, 0)];
    let zero = 0;
    for (let i = 0; i < 5000; i++) {
      const ordered = orderSrv(records, random);
      expect(ordered).toHaveLength(2);
      if (ordered[0].target === 'zero') zero++;
    }
    expect(zero).toBeGreaterThan(0);
    expect(zero).toBeLessThan(200);
  });

  it('takes records without any weight in the order given', () => {
    const records = [record('a', 0, 0), record('b', 0, 0)];
    expect(orderSrv(records, new SeededRandom(5)).map(({ target }) => target)).toEqual(['a', 'b']);
  });
});
