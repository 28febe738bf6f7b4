/** Settings about packets that open and keep a NAT: from the setting to what crosses the network. */
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../src/base/clock.js';
import { SeededRandom } from '../../../../src/base/random.js';
import { MediaEngine, type MediaSessionOptions } from '../../../../src/media/index.js';
import { DatagramNetwork } from '../../../../src/testing/datagram-network.js';
import { streamTo } from '../../../support/media-pair.js';
import { type Given, inWorld } from '../../../support/settings-world.js';
import '../../../support/preloaded.js';

/** What the media of a call is told. */
const natOf = (given: Given): Promise<MediaSessionOptions['nat']> =>
  inWorld(given, async (world) => {
    await world.dial();
    return [...world.engine.open][0].options.nat;
  });

interface Seen {
  /** Datagrams without audio, in the first second and in the two minutes of hold after it. */
  opening: Buffer[];
  /** How many of them came before the first with audio. */
  ahead: number;
  held: Buffer[];
  /** What the peer made of it. */
  peer: { packets: number; lost: number };
}

async function crossing(given: Given): Promise<Seen> {
  const nat = await natOf(given);
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const network = new DatagramNetwork(clock, random);
  const engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport: network });
  const ours = await engine.openSession({ address: '10.0.0.1', label: 'ours', nat });
  const peer = await engine.openSession({ address: '10.0.0.2', label: 'peer' });
  let seen: Buffer[] = [];
  let ahead: number | undefined;
  network.conditions = {
    drop: (data, to) => {
      const audio = data.length > 12 && (data[1] & 0x7f) === 0;
      const rtcp = data.length > 1 && data[1] >= 200;
      if (to.address === '10.0.0.2' && audio) ahead ??= seen.length;
      if (to.address === '10.0.0.2' && !audio && !rtcp) seen.push(Buffer.from(data));
      return false;
    },
  };
  await ours.configure(streamTo(peer));
  await peer.configure(streamTo(ours));
  await clock.run(1000);
  const opening = seen;
  seen = [];
  await ours.configure({ ...streamTo(peer), direction: 'recvonly' });
  await clock.run(120_000);
  const { received } = await peer.stats();
  await engine.close();
  return {
    opening,
    ahead: ahead ?? 0,
    held: seen,
    peer: { packets: received.packets, lost: received.lost },
  };
}

describe('packets without content', () => {
  it('[param:natopenpackets] open the way to the peer, as many as told; one by itself from a private address', async () => {
    const counts: number[] = [];
    for (const natopenpackets of [-1, 0, 1, 10])
      counts.push((await crossing({ natopenpackets })).opening.length);
    expect(counts).toEqual([1, 0, 1, 10]);
  });

  it('[nat/3] go ahead of the audio, whatever they look like', async () => {
    for (const natopenpackettype of [-1, 1, 2]) {
      const { opening, ahead, peer } = await crossing({ natopenpackets: 4, natopenpackettype });
      expect([natopenpackettype, opening.length, ahead]).toEqual([natopenpackettype, 4, 4]);
      expect(new Set(opening.map((data) => data.length))).toEqual(
        new Set([{ '-1': 2, 1: 2, 2: 172 }[natopenpackettype]]),
      );
      expect(peer.packets).toBeGreaterThan(45);
    }
  });

  it('[interop/3] [param:natopenpackettype] are line ends or RTP of zeros; too short to be read they harm nothing', async () => {
    const lines = await crossing({ natopenpackets: 3, natopenpackettype: 1 });
    expect(lines.opening.map((data) => data.toString())).toEqual(['\r\n', '\r\n', '\r\n']);
    expect(lines.peer.packets).toBeGreaterThan(45);
    expect(lines.peer.lost).toBe(0);

    const packets = await crossing({ natopenpackets: 3, natopenpackettype: 2 });
    expect(packets.opening.map((data) => data.length)).toEqual([172, 172, 172]);
    expect(
      packets.opening.every((data) => data[0] === 0x80 && data.subarray(12).every((octet) => octet === 0)),
    ).toBe(true);
    expect(packets.peer.packets).toBeGreaterThan(45);
  });

  it('[param:rtpkeepaliveival] keep it open on hold, as often as told', async () => {
    const held = async (given: Given): Promise<number> => (await crossing(given)).held.length;
    expect(await held({})).toBe(4);
    expect(await held({ rtpkeepaliveival: 10_000 })).toBeGreaterThanOrEqual(11);
    expect(await held({ rtpkeepaliveival: 0 })).toBe(0);
    expect(await held({ natopenpackettype: 1 })).toBe(4);
  });
});
