import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import { nullLogger } from '../../../src/base/logger.js';
import { SeededRandom } from '../../../src/base/random.js';
import { LanPeers, type LanPeersOptions } from '../../../src/phone/lan-peers.js';

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
});
