import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { NetworkMonitor } from '../../../src/phone/network-monitor.js';

function watch() {
  const clock = new VirtualClock();
  const seen: Array<{ reason: string; kept: boolean }> = [];
  let addresses = ['10.0.0.1', 'fe80::1'];
  const way = { to: '10.9.0.1', from: '10.0.0.1', fails: false };
  const monitor = new NetworkMonitor(
    clock,
    (reason, stillThere) => seen.push({ reason, kept: stillThere('10.0.0.1') }),
    {
      addresses: () => addresses,
      way: async () => {
        if (way.fails) throw new Error('ENETUNREACH');
        return { ...way };
      },
    },
  );
  const change = (list: string[]) => {
    addresses = list;
    clock.advance(5_000);
  };
  return { clock, monitor, seen, change, way };
}

describe('network monitor', () => {
  it('tells of changed addresses, not of another order', () => {
    const { clock, monitor, seen, change } = watch();
    clock.advance(60_000);
    change(['fe80::1', '10.0.0.1']);
    expect(seen).toEqual([]);
    change(['10.0.0.1', 'fe80::1', '10.8.0.2']);
    expect(seen).toMatchObject([{ kept: true }]);
    change(['192.168.1.7']);
    expect(seen).toMatchObject([
      { kept: true },
      { kept: false, reason: 'the addresses changed to 192.168.1.7' },
    ]);
    change([]);
    expect(seen.at(-1)?.reason).toBe('the addresses changed to none');
    monitor.close();
    expect(clock.pending).toBe(0);
  });

  it('tells of another way to the server, once, and not of another server', async () => {
    const { clock, monitor, seen, change, way } = watch();
    change(['10.0.0.1', '192.168.1.7']);
    await clock.run(10_000);
    expect(seen).toHaveLength(1);
    Object.assign(way, { from: '192.168.1.7' });
    await clock.run(20_000);
    expect(seen.slice(1)).toEqual([
      { reason: 'the way to 10.9.0.1 leads over 192.168.1.7 now', kept: false },
    ]);
    Object.assign(way, { to: '10.9.0.2', from: '10.0.0.1' });
    await clock.run(20_000);
    way.fails = true;
    await clock.run(20_000);
    way.fails = false;
    await clock.run(20_000);
    expect(seen).toHaveLength(2);
    monitor.close();
    expect(clock.pending).toBe(0);
  });

  it('tells of a sleep, by the wall clock', () => {
    const { clock, monitor, seen } = watch();
    const wallTime = clock.wallTime.bind(clock);
    clock.wallTime = () => wallTime() + 3_600_000;
    clock.advance(5_000);
    expect(seen).toEqual([{ reason: 'the machine was asleep', kept: false }]);
    clock.advance(20_000);
    expect(seen).toHaveLength(1);
    monitor.close();
  });
});
