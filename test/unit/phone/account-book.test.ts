import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT_STATES, type AccountBook } from '../../../src/phone/index.js';
import { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld, type TestPhone } from '../../support/phone-world.js';

const SERVER = '10.0.0.100';
const OTHER = '10.0.0.101';

let world: PhoneWorld;

beforeEach(() => {
  world = new PhoneWorld();
});

afterEach(() => world.end());

async function alice(options = {}): Promise<{ phone: TestPhone; book: AccountBook }> {
  const phone = world.phone('10.0.0.1', { server: SERVER, username: 'alice', ...options });
  await phone.start();
  return { phone, book: phone.accountBook };
}

describe('the accounts of a phone', () => {
  it('[accounts/0] are one main and up to 99 others, told apart by user@domain', async () => {
    const { phone, book } = await alice();
    await phone.addAccount({ aor: 'sip:Alice@10.0.0.100:5070', displayName: 'Merged' });
    expect(book.accounts).toHaveLength(1);
    expect(book.main?.displayName).toBe('Merged');
    for (let i = 1; i < 100; i++) await phone.addAccount({ aor: `sip:u${i}@${SERVER}` });
    expect(book.accounts).toHaveLength(100);
    await expect(phone.addAccount({ aor: `sip:u100@${SERVER}` })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    });
  });

  it('[accounts/1] the main one registers first, the others on its success or failure', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const { phone } = await alice();
    await phone.addAccount({ aor: `sip:second@${SERVER}` });
    await phone.addAccount({ aor: `sip:third@${SERVER}` });
    const users = (): unknown[] => registrar.requests.map(({ to }) => to.uri.toString());
    registrar.script = [{ status: 403, headers: {} }];
    const registered = outcome(phone.register());
    await world.run(8);
    expect(users()).toEqual([`sip:alice@${SERVER}`]);
    await world.run(100);
    expect(registered.text).toBe('ERR_REGISTRATION_REJECTED');
    expect(users()).toEqual([`sip:alice@${SERVER}`, `sip:second@${SERVER}`, `sip:third@${SERVER}`]);
  });

  it('[accounts/2] are added, found, changed, listed and removed; a change of the main one is told', async () => {
    const { phone, book } = await alice();
    const told: unknown[] = [];
    phone.on('mainAccount', ({ account, by }) => told.push([account?.uri.user, by]));
    const second = (await phone.addAccount({ aor: `sip:second@${OTHER}`, password: 'a' })).account;
    expect(book.get('second')).toBe(second);
    expect(book.get(`sip:second@${OTHER}`)).toBe(second);
    expect(book.get('nobody')).toBeUndefined();
    expect(book.setMain(second)).toBe(true);
    expect(book.accounts.map(({ uri }) => uri.user)).toEqual(['second', 'alice']);
    expect(await world.soon(book.remove(second))).toBe(true);
    expect(book.setMain(second)).toBe(false);
    expect(told).toEqual([
      ['second', 'user'],
      ['alice', 'phone'],
    ]);
  });

  it('[accounts/3] tell how they are doing: error, invalid, none, not registering, working, success, failed, unregistered', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const { phone, book } = await alice();
    const { main } = book;
    if (!main) throw new Error('no main account');
    const seen = [book.stateOf(main)];
    registrar.script = [{ status: 403, headers: {} }];
    outcome(phone.register());
    await world.run(2);
    seen.push(book.stateOf(main));
    await world.run(100);
    seen.push(book.stateOf(main));
    outcome(phone.register());
    await world.run(100);
    seen.push(book.stateOf(main));
    await world.soon(phone.unregister());
    seen.push(book.stateOf(main));
    await world.soon(book.remove(main));
    seen.push(book.stateOf(main), book.stateOf(undefined));
    expect(seen).toEqual([
      'notRegistering',
      'working',
      'failed',
      'registered',
      'unregistered',
      'invalid',
      'none',
    ]);
    expect(seen.map((state) => ACCOUNT_STATES[state])).toEqual([-1, 0, 2, 1, 3, -3, -2]);
    expect(ACCOUNT_STATES.error).toBe(-4);
  });

  it('[accounts/2] an account that the phone removes is out of the book, and unregistered', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    const { phone, book } = await alice();
    const second = (await phone.addAccount({ aor: `sip:second@${SERVER}` })).account;
    await world.soon(phone.register());
    await world.run(50);
    expect(registrar.bindings.size).toBe(2);
    const told: unknown[] = [];
    book.on('changed', () => told.push(book.accounts.length));
    phone.on('registration', ({ account, state }) => told.push([account.uri.user, state]));
    await world.soon(phone.removeAccount(second));
    expect(told).toEqual([1, ['second', 'unregistering'], ['second', 'idle']]);
    expect(book.get('second')).toBeUndefined();
    expect(book.options).toHaveLength(1);
    expect(registrar.bindings.size).toBe(1);
    // Nothing of it is there when it is added again.
    const again = await phone.addAccount({ aor: `sip:second@${SERVER}`, expires: 99 });
    expect(again.account).not.toBe(second);
    await world.soon(again.register());
    expect(registrar.last.expires).toBe(99);
  });

  it('[accounts/2] one that is changed takes its old registration back before it registers anew', async () => {
    const registrar = await FakeRegistrar.start(world, SERVER);
    registrar.password = 'one';
    const { phone, book } = await alice({ password: 'one' });
    await world.soon(phone.register());
    registrar.requests.length = 0;
    const told: unknown[] = [];
    phone.on('registration', ({ state }) => told.push(state));
    const changed = await phone.addAccount({ aor: `sip:alice@${SERVER}`, expires: 99 });
    expect(book.main).toBe(changed.account);
    await world.soon(changed.register());
    expect(registrar.requests.map(({ expires }) => expires)).toEqual([0, 99, 99]);
    expect(registrar.bindings.size).toBe(1);
    expect(told).toEqual(['registering', 'registered']);
    // The same once more is no change.
    expect((await phone.addAccount({ aor: `sip:alice@${SERVER}`, expires: 99 })).state).toBe('registered');
  });

  it('[accounts/4] can be kept and given back; without the main one another is', async () => {
    const { phone, book } = await alice({ password: 'p' });
    await phone.addAccount({ aor: `sip:second@${OTHER}`, password: 'q', displayName: 'Two' });
    const kept = JSON.parse(JSON.stringify(book.options));
    const again = world.phone('10.0.0.9');
    for (const options of kept) await again.addAccount(options);
    expect(again.accounts.map(({ uri }) => uri.toString())).toEqual([
      `sip:alice@${SERVER}`,
      `sip:second@${OTHER}`,
    ]);
    await world.soon(again.accountBook.remove(again.accounts[0]));
    expect(again.accountBook.main?.uri.user).toBe('second');
  });

  it('[accounts/5] calls go by the main one, or by the one named', async () => {
    const one = await FakeRegistrar.start(world, SERVER);
    const two = await FakeRegistrar.start(world, OTHER);
    const { phone, book } = await alice();
    const second = (await phone.addAccount({ aor: `sip:second@${OTHER}` })).account;
    await phone.dial('100');
    await phone.dial('200', { account: second });
    await world.run(50);
    const called = ({ others }: FakeRegistrar): unknown[] =>
      others.map(({ request }) => [request.from.uri.toString(), request.uri.toString()]);
    expect(called(one)).toEqual([[`sip:alice@${SERVER}`, `sip:100@${SERVER}`]]);
    expect(called(two)).toEqual([[`sip:second@${OTHER}`, `sip:200@${OTHER}`]]);
    expect(book.main?.uri.user).toBe('alice');
    for (const { tx } of [...one.others, ...two.others]) tx.reply(486);
    await world.run(100);
  });

  it('[param:autoswitchmainacc] another one steps in when the main one fails and was not just chosen', async () => {
    for (const [autoMain, chosen, expected] of [
      ['never', false, 'alice'],
      ['gentle', false, 'second'],
      ['gentle', true, 'alice'],
      ['failure', true, 'alice'],
      ['always', true, 'second'],
    ] as const) {
      const inner = new PhoneWorld();
      const registrar = await FakeRegistrar.start(inner, SERVER);
      const phone = inner.phone('10.0.0.1', { server: SERVER, username: 'alice', accountBook: { autoMain } });
      await phone.addAccount({ aor: `sip:second@${SERVER}` });
      const book = phone.accountBook;
      if (chosen) book.setMain(book.get('alice') as NonNullable<typeof book.main>);
      registrar.script = [{ status: 403, headers: {} }];
      outcome(phone.register());
      await inner.run(200);
      expect([autoMain, chosen, book.main?.uri.user]).toEqual([autoMain, chosen, expected]);
      await inner.end();
    }
  });
});
