/** Alice and Bob, two phones that send all requests to each other: peers without a server between them. */
import type { PhoneOptions } from '../../src/phone/index.js';
import { PhoneWorld, type TestPhone } from './phone-world.js';

export async function neighbours(
  ofAlice: PhoneOptions = {},
  ofBob: PhoneOptions = {},
): Promise<{ world: PhoneWorld; alice: TestPhone; bob: TestPhone }> {
  const world = new PhoneWorld();
  const alice = world.phone('10.0.0.1', {
    server: '10.0.0.2',
    domain: '10.0.0.1',
    username: 'alice',
    displayName: 'Alice A.',
    ...ofAlice,
  });
  const bob = world.phone('10.0.0.2', {
    server: '10.0.0.1',
    domain: '10.0.0.2',
    username: 'bob',
    displayName: 'Bob B.',
    ...ofBob,
  });
  await Promise.all([alice.start(), bob.start()]);
  return { world, alice, bob };
}
