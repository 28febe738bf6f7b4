import { describe, expect, it } from 'vitest';
import { mediaOf, UaWorld } from '../../support/ua-harness.js';

describe('a call between two user agents', () => {
  it('is set up, talked over and ended', async () => {
    const world = new UaWorld();
    const alice = await world.party('alice', '10.0.0.1');
    const bob = await world.party('bob', '10.0.0.2');
    const { out, in: incoming } = await world.call(alice, bob);
    expect(incoming.state).toBe('connected');
    expect(out.codec).toBe(incoming.codec);
    expect(mediaOf(alice).config?.remote).toMatchObject({ address: '10.0.0.2', port: mediaOf(bob).rtpPort });
    expect(mediaOf(bob).config?.remote).toMatchObject({ address: '10.0.0.1', port: mediaOf(alice).rtpPort });
    const record = await out.hangup();
    expect(record.end).toMatchObject({ by: 'local', status: 200 });
    await world.run(50);
    expect(incoming.end).toMatchObject({ by: 'remote', status: 200 });
    expect(world.flow()).toEqual(['INVITE', '180 INVITE', '200 INVITE', 'ACK', 'BYE', '200 BYE']);
    await world.end();
  });
});
