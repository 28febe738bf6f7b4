import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import {
  contact,
  MemoryStore,
  parseContact,
  printContact,
  SqliteStore,
  type Store,
  type StoredCall,
} from '../../../src/phone/index.js';
import { openDb, type SqlDriver, sqlDrivers } from '../../../src/phone/store/db.js';
import { outcome } from '../../support/outcome.js';
import { PhoneWorld } from '../../support/phone-world.js';

let folder: string;
const stores: Store[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-store-'));
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Those of this Node.js; the package is one of the dependencies. */
const drivers = sqlDrivers().filter((driver) => driver !== 'node:sqlite' || isBuiltin(driver));

async function open(kind: 'memory' | 'sqlite' | SqlDriver, limits = {}): Promise<Store> {
  const path = join(folder, 'phone.db');
  const store =
    kind === 'memory'
      ? new MemoryStore(limits)
      : SqliteStore.open(path, limits, kind === 'sqlite' ? undefined : [kind]);
  stores.push(store);
  return store;
}

const call = (n: number): StoredCall => ({
  callId: `id${n}`,
  line: 1,
  direction: 'outgoing',
  peer: String(n),
  peerName: '',
  peerAddress: `sip:${n}@x`,
  caller: 'me',
  called: String(n),
  startedAt: n,
  connectMs: 0,
  durationMs: 0,
  answered: false,
  endedBy: 'local',
  status: 487,
  cause: 'user-hung-up',
  reason: '',
});

const message = (id: string, at: number) => ({
  id,
  peer: 'sip:bob@x',
  body: 'hello',
  contentType: 'text/plain',
  group: '',
  headers: {},
  createdAt: at,
  attempts: 0,
  lastError: '',
});

describe('contacts', () => {
  it('[contacts/0] are lines of fourteen fields, set and read one by one', () => {
    const text = 'busy,John Smith,jsmith,1,2,3,4,sip:j@x,j@x.org,x.org,Main St 1,77,a,b';
    const john = parseContact(text);
    expect(john).toMatchObject({
      imStatus: 'busy',
      name: 'John Smith',
      sip: 'jsmith',
      phone: '1',
      speedDial: '77',
      internalExtra: 'b',
    });
    expect(printContact(john)).toBe(text);
    expect(printContact(contact({ name: 'A,B\nC', phone: '5' }))).toBe(',A B C,,5,,,,,,,,,,');
    expect(parseContact(',Kate').phone).toBe('');
  });
});

describe.each(['memory', ...drivers] as const)('a store (%s)', (kind) => {
  it('[contacts/0] keeps contacts by name, up to its limit', async () => {
    const { contacts } = await open(kind, { contacts: 2 });
    expect(contacts.set(contact({ name: 'John', phone: '1' }))).toBe(true);
    expect(contacts.set(contact({ name: 'JOHN', phone: '2' }))).toBe(true);
    expect(contacts.set(contact({ phone: '3' }))).toBe(false);
    contacts.set(contact({ name: 'Kate' }));
    expect(contacts.set(contact({ name: 'Third' }))).toBe(false);
    expect(contacts.get('John')?.phone).toBe('2');
    expect(contacts.delete('Kate')).toBe(true);
    expect(contacts.delete('Kate')).toBe(false);
    contacts.replaceAll([contact({ name: 'Only' })]);
    expect(contacts.all().map(({ name }) => name)).toEqual(['Only']);
  });

  it('keeps calls, latest first, and forgets the oldest', async () => {
    const { calls } = await open(kind, { calls: 3 });
    for (let n = 1; n <= 5; n++) calls.add(call(n));
    expect(calls.latest().map(({ peer }) => peer)).toEqual(['5', '4', '3']);
    expect(calls.latest(1)).toEqual([call(5)]);
    expect(calls.latest(0)).toEqual([]);
    calls.clear();
    expect(calls.latest()).toEqual([]);
  });

  it('keeps values by name, and messages until they are out', async () => {
    const { values, messages } = await open(kind, { values: 2 });
    values.set('a', '1');
    values.set('a', '2');
    values.set('b', '3');
    values.set('c', '4');
    values.set('b', undefined);
    expect([values.get('a'), values.get('b'), values.names()]).toEqual(['2', undefined, ['a']]);
    await messages.put(message('1', 1));
    await messages.put(message('2', 2));
    await messages.put({ ...message('1', 1), attempts: 1 });
    expect((await messages.list()).map(({ id, attempts }) => [id, attempts])).toEqual([
      ['1', 1],
      ['2', 0],
    ]);
    await messages.remove('1');
    expect((await messages.list()).map(({ id }) => id)).toEqual(['2']);
    expect([
      await messages.note('x', 10, 0),
      await messages.note('x', 11, 0),
      await messages.note('x', 99, 50),
    ]).toEqual([true, false, true]);
  });
});

describe.each(drivers)('the database (%s)', (driver) => {
  it('survives the end of the process, and a kill in the middle', async () => {
    const first = SqliteStore.open(join(folder, 'phone.db'), {}, [driver]);
    first.contacts.set(contact({ name: 'John' }));
    await first.close();
    await first.close();
    const program = join(folder, 'writer.mjs');
    writeFileSync(
      program,
      `import { createRequire } from 'node:module';
       const { DatabaseSync } = createRequire(${JSON.stringify(import.meta.url)})('${driver}');
       const db = new DatabaseSync(${JSON.stringify(join(folder, 'phone.db'))});
       db.exec('PRAGMA journal_mode = WAL');
       const set = db.prepare('INSERT INTO items VALUES (?, ?)');
       for (let n = 0; ; n++) { set.run('value' + n, 'x'); if (n === 20) process.stdout.write('written'); }`,
    );
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const again = await open(driver);
    expect(again.contacts.all().map(({ name }) => name)).toEqual(['John']);
    expect(again.values.names().length).toBeGreaterThanOrEqual(21);
    expect(again.values.get('value20')).toBe('x');
  });

  it('says what is wrong with a file that is none', async () => {
    const path = join(folder, 'broken.db');
    writeFileSync(
      path,
      'no database at all, but some text that is long enough to be read as a header of one, perhaps',
    );
    for (const wrong of [path, join(folder, 'missing', 'x.db')]) {
      expect(() => SqliteStore.open(wrong, {}, [driver])).toThrow(
        expect.objectContaining({ code: 'ERR_STORE' }),
      );
    }
  });

  it.each(drivers)('is read and written with %s as well', async (other) => {
    const first = await open(driver);
    first.contacts.set(contact({ name: 'Jürgen', phone: '1' }));
    first.calls.add(call(1));
    first.values.set('a', '1');
    await first.messages.put(message('1', 1));
    await first.messages.note('seen', 10, 0);
    const second = await open(other);
    expect(second.contacts.get('Jürgen')?.phone).toBe('1');
    expect(second.calls.latest()).toEqual([call(1)]);
    expect(await second.messages.list()).toEqual([message('1', 1)]);
    expect(await second.messages.note('seen', 11, 0)).toBe(false);
    second.values.set('a', '2');
    second.contacts.set(contact({ name: 'Kate' }));
    // Both have it open.
    expect(first.values.get('a')).toBe('2');
    await first.close();
    await second.close();
    const third = await open(driver);
    expect(third.contacts.all().map(({ name }) => name)).toEqual(['Jürgen', 'Kate']);
  });
});

describe('the driver of the database', () => {
  it('is that of Node.js once it is no experiment any more, else the package', () => {
    const first = ['20.19.0', '22.23.5', '24.14.1', '24.15.0', '26.0.0'].map((node) => sqlDrivers(node)[0]);
    const [own, another] = ['node:sqlite', '@photostructure/sqlite'];
    expect(first).toEqual([another, another, another, own, own]);
  });

  it('is the next one where the first is missing; with none it is said what is missing', () => {
    const missing = 'node:nosuch' as SqlDriver;
    const db = openDb(join(folder, 'x.db'), [missing, ...drivers]);
    expect(db.prepare('SELECT 1 AS one').get()?.one).toBe(1);
    db.close();
    expect(() => openDb(join(folder, 'x.db'), [missing])).toThrow(/there is no node:nosuch/);
  });
});

describe('the records of a phone', () => {
  it('[cdr/0] every call ends with one: parties, times, who ended it and why, line and direction', async () => {
    const world = new PhoneWorld();
    const [alice, bob] = await world.started(2);
    const told: StoredCall[] = [];
    alice.on('record', (record) => told.push(record));
    const { out, in: incoming } = await world.talk(alice, bob, 'bob');
    await world.run(5000);
    void incoming.hangup();
    await world.run(100);
    expect(told).toEqual(alice.store.calls.latest());
    expect(told[0]).toMatchObject({
      callId: out.id,
      line: 1,
      direction: 'outgoing',
      peer: 'bob',
      peerAddress: 'sip:bob@10.0.0.2:5060',
      called: 'bob',
      answered: true,
      endedBy: 'remote',
      cause: 'bye-received',
    });
    expect(told[0].durationMs).toBeGreaterThanOrEqual(5000);
    expect(told[0].connectMs).toBeGreaterThan(0);
    expect(bob.store.calls.latest()[0]).toMatchObject({
      direction: 'incoming',
      endedBy: 'local',
      called: 'bob',
    });
    await world.end();
  });

  it('[cdr/1] the reason is a code and a text: ours, or that of the peer', async () => {
    const world = new PhoneWorld();
    const [alice, bob] = await world.started(2);
    const first = await alice.dial(world.uriOf(bob));
    await world.run(50);
    bob.came[0].reject(603, 'not today');
    await world.run(50);
    expect(first.end?.status).toBe(603);
    const second = await alice.dial(world.uriOf(bob));
    await world.run(50);
    void second.hangup();
    await world.run(50);
    const [latest, before] = alice.store.calls.latest();
    expect(before).toMatchObject({ status: 603, cause: 'call-rejected-by-peer' });
    expect(before.reason).toContain('not today');
    expect(latest).toMatchObject({ status: 487, cause: 'user-hung-up', endedBy: 'local', answered: false });
    await world.end();
  });

  it('[outgoing-call/0] the number dialled last is known after a restart', async () => {
    const world = new PhoneWorld();
    const store = await open('sqlite');
    const bob = world.phone('10.0.0.2');
    await bob.start();
    const alice = world.phone('10.0.0.1', { store });
    await alice.dial(world.uriOf(bob, 'first'));
    const closing = outcome(alice.close());
    await world.run(5000);
    expect(closing.text).toBe('done');
    const again = world.phone('10.0.0.3', { store: await open('sqlite') });
    await again.start();
    expect(again.lastDialled).toBe(world.uriOf(bob, 'first'));
    await world.end();
  });

  it('a store that fails ends no call, loses no event and stops no message', async () => {
    const world = new PhoneWorld();
    const full = (): never => {
      throw new SwitchhookError('ERR_STORE', { path: 'phone.db', why: 'disk full' });
    };
    const store = new MemoryStore();
    store.calls.add = full;
    store.values.get = full;
    store.values.set = full;
    store.messages.list = full;
    const bob = world.phone('10.0.0.2');
    await bob.start();
    const alice = world.phone('10.0.0.1', { store });
    const told: string[] = [];
    alice.on('record', ({ callId }) => told.push(callId));
    alice.on('callEnded', ({ id }) => told.push(id));
    const out = await alice.dial(world.uriOf(bob));
    await world.run(50);
    expect(alice.lastDialled).toBe(world.uriOf(bob));
    // A sign of life of the peer: what waits for it is due.
    await world.soon(bob.messages.send(world.uriOf(alice), 'hello'));
    await expect(alice.messages.retry()).rejects.toMatchObject({ code: 'ERR_STORE' });
    void out.hangup();
    await world.run(50);
    expect(told).toEqual([out.id, out.id]);
    await world.end();
  });
});
