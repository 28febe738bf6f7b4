import { describe, expect, it } from 'vitest';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { neighbours } from '../../support/neighbours.js';
import { PhoneWorld } from '../../support/phone-world.js';

describe('OPTIONS', () => {
  it('[options/0] asks for abilities on request, and at the start when told to', async () => {
    const { world, alice } = await neighbours();
    const abilities = await world.soon(alice.options('sip:bob@10.0.0.2'));
    expect(abilities).toMatchObject({ status: 200, allowEvents: ['presence', 'dialog'] });
    expect(abilities.allow).toEqual(expect.arrayContaining(['INVITE', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY']));
    await world.end();
    for (const capabilityRequest of [undefined, false, true]) {
      const start = new PhoneWorld();
      const registrar = await FakeRegistrar.start(start, '10.0.0.100');
      await start.phone('10.0.0.1', { server: '10.0.0.100', username: 'alice', capabilityRequest }).start();
      await start.run(50);
      expect(registrar.others).toHaveLength(capabilityRequest ? 1 : 0);
      await start.end();
    }
  });

  it('[options/1] the option at the start sends one OPTIONS to the server; asked without a user it is sent as unknown', async () => {
    const world = new PhoneWorld();
    const registrar = await FakeRegistrar.start(world, '10.0.0.100');
    const alice = world.phone('10.0.0.1', {
      server: '10.0.0.100',
      username: 'alice',
      capabilityRequest: true,
    });
    await alice.start();
    await world.run(120_000);
    expect(
      registrar.others.map(({ request }) => `${request.method} ${request.uri} ${request.from.uri}`),
    ).toEqual(['OPTIONS sip:10.0.0.100 sip:alice@10.0.0.100']);
    expect(await world.soon(alice.options(undefined, { user: 'unknown' }))).toMatchObject({ status: 200 });
    expect(registrar.others[1].request.from.uri.toString()).toBe('sip:unknown@10.0.0.100');
    await world.end();
  });
});
