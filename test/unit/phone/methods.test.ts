/** Every method of a phone on the wire, sent by the one and accepted by the other, both ways round. */
import { expect, it } from 'vitest';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { PhoneWorld, type TestPhone } from '../../support/phone-world.js';

const DIALOG = ['INVITE', 'ACK', 'PRACK', 'BYE', 'CANCEL', 'UPDATE', 'INFO', 'REFER'];
const OTHERS = ['MESSAGE', 'OPTIONS', 'SUBSCRIBE'];

async function everything(
  world: PhoneWorld,
  from: TestPhone,
  to: TestPhone,
  third: TestPhone,
): Promise<void> {
  const { out, in: incoming } = await world.talk(from, to);
  await world.soon(out.hold());
  await world.soon(out.resume());
  await world.soon(out.info('text/plain', 'hello'));
  await world.run(60_000);
  await world.soon(out.transferTo(world.uriOf(third)), 1000);
  await world.soon(incoming.ended, 1000);
  const given = await from.dial(world.uriOf(to));
  await world.run(100);
  await world.soon(given.hangup(), 500);
  const again = await world.talk(from, to);
  await world.soon(again.out.hangup());
  expect(await world.soon(from.messages.send(world.uriOf(to), 'hi'), 500)).toMatchObject({ status: 'sent' });
  expect(await world.soon(from.options(world.uriOf(to)))).toMatchObject({ status: 200 });
  from.presence.watch(world.uriOf(to));
  await world.run(500);
}

it('[sip-core/0] requests of every method are sent and accepted', async () => {
  const world = new PhoneWorld();
  const registrar = await FakeRegistrar.start(world, '10.0.0.9');
  const [alice, bob, carol] = await world.started(3, {
    reliableProvisionals: 'required',
    sessionExpires: 90,
    presence: { strangers: 'accept' },
  });
  carol.policies.configure({ answering: { automatic: 'all' } });
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ]) {
    await everything(world, from, to, carol);
    const [{ host }] = from.addresses;
    const [{ host: other }] = to.addresses;
    for (const method of [...DIALOG, ...OTHERS]) {
      const sent = [...world.lines(host, other), ...world.lines(host, '10.0.0.3')];
      expect(
        sent.some((line) => line.startsWith(`${method} `)),
        method,
      ).toBe(true);
    }
    expect(
      world.lines(other, host).some((line) => line.startsWith('NOTIFY ')),
      'NOTIFY',
    ).toBe(true);
  }
  const phone = world.phone('10.0.0.4', { server: '10.0.0.9', username: 'dave', password: 'pw' });
  await world.soon(phone.register(), 500);
  expect(registrar.last.method).toBe('REGISTER');
  // All were welcome: refused is only what was given up.
  const refusals = world.flow().filter((one) => /^[4-6]\d\d/.test(one));
  expect(new Set(refusals)).toEqual(new Set(['487 INVITE']));
  await world.end();
});
