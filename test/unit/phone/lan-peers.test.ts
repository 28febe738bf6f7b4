import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import { createLogger, formatLogRecord, type LogRecord, nullLogger } from '../../../src/base/logger.js';
import { SeededRandom } from '../../../src/base/random.js';
import { LanPeers, type LanPeersOptions } from '../../../src/phone/lan-peers.js';
import { PhoneWorld } from '../../support/phone-world.js';

const open: LanPeers[] = [];
let seed = 1;

afterEach(async () => {
  for (const peers of open.splice(0)) await peers.close();
});

async function peer(user: string, mode: LanPeersOptions['mode'], port: number): Promise<LanPeers> {
  const peers = new LanPeers(
    {
      clock: systemClock,
      random: new SeededRandom(seed++),
      logger: nullLogger,
      self: () => ({ user, uri: `sip:${user}@127.0.0.1:5060`, name: user.toUpperCase() }),
    },
    { mode, port, interface: '127.0.0.1', interval: 1 },
  );
  open.push(peers);
  await peers.start();
  return peers;
}

const users = (peers: LanPeers): string[] => peers.peers.map(({ user }) => user).sort();

describe('LAN peers', () => {
  it('[lan-peers/0] who searches finds who answers, and both are told once', async () => {
    const answers = await peer('bob', 'answer', 50_761);
    const searches = await peer('alice', 'search', 50_761);
    const found: unknown[] = [];
    searches.on('found', (one) => found.push(one));
    await vi.waitFor(() => expect(users(searches)).toEqual(['bob']), { timeout: 5000 });
    expect(users(answers)).toEqual(['alice']);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(found).toEqual([{ user: 'bob', uri: 'sip:bob@127.0.0.1:5060', name: 'BOB' }]);
  });

  it('[lan-peers/1] who is off, or has only ever answered, finds nobody and is not found', async () => {
    const off = await peer('off', 'off', 50_762);
    const one = await peer('one', 'answer', 50_762);
    const two = await peer('two', 'answer', 50_762);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([off, one, two].map(users)).toEqual([[], [], []]);
    const searches = await peer('alice', 'search', 50_762);
    await vi.waitFor(() => expect(users(searches)).toEqual(['one', 'two']), { timeout: 5000 });
    expect(users(off)).toEqual([]);
  });

  it('are no reason for a phone not to start: where there is no multicast the log says so', async () => {
    const world = new PhoneWorld();
    const logged: LogRecord[] = [];
    const phone = world.phone('10.0.0.1', {
      logger: createLogger({ level: 'warn', sink: (record) => logged.push(record) }),
      // Of no interface here (RFC 5737).
      lanPeers: { mode: 'search', port: 50_763, interface: '192.0.2.99' },
    });
    await phone.start();
    expect(phone.addresses).toHaveLength(2);
    expect(logged.map(formatLogRecord)).toEqual([
      expect.stringMatching(/other phones on this network are not looked for.*239\.255\.76\.73:50763/),
    ]);
    await world.end();
  });
});
