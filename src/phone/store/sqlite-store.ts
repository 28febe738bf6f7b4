/** A store in a database file. Every change is written at once, so that a killed process has lost nothing it was told of. */
import type { MessageStore, StoredMessage } from '../messaging/message-store.js';
import { type Contact, contactKey, parseContact, printContact } from './contact.js';
import { type Db, openDb, type SqlDriver, type SqlStatement, storeError } from './db.js';
import {
  type CallStore,
  type ContactStore,
  STORE_LIMITS,
  type Store,
  type StoredCall,
  type StoreLimits,
  type ValueStore,
} from './store.js';

/** The version of this layout: one that is newer is not touched. */
const VERSION = 1;
const LAYOUT = `
  CREATE TABLE IF NOT EXISTS contacts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, line TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS items (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, message TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS noted (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
`;

export class SqliteStore implements Store {
  readonly contacts: ContactStore;
  readonly calls: CallStore;
  readonly values: ValueStore;
  readonly messages: MessageStore;
  readonly #db: Db;
  #closed = false;

  private constructor(db: Db, limits: StoreLimits) {
    this.#db = db;
    this.contacts = new SqlContacts(db, limits.contacts);
    this.calls = new SqlCalls(db, limits.calls);
    this.values = new SqlValues(db, limits.values);
    this.messages = new SqlMessages(db, limits.messages);
  }

  /**
   * Opens or creates the file; its folder has to be there.
   * @param drivers the first that is there is used; default: that of Node.js where it is no experiment any more
   * @throws ERR_STORE
   */
  static open(path: string, limits: Partial<StoreLimits> = {}, drivers?: readonly SqlDriver[]): SqliteStore {
    const db = openDb(path, drivers);
    try {
      const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
      if (version > VERSION) throw new Error(`it is of a newer version (${version})`);
      db.exec(LAYOUT);
      db.exec(`PRAGMA user_version = ${VERSION}`);
      return new SqliteStore(db, { ...STORE_LIMITS, ...limits });
    } catch (cause) {
      db.close();
      throw storeError(path, cause);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#db.close();
  }
}

class SqlContacts implements ContactStore {
  readonly #db: Db;
  readonly #all: SqlStatement;
  readonly #get: SqlStatement;
  readonly #set: SqlStatement;
  readonly #delete: SqlStatement;
  readonly #count: SqlStatement;

  constructor(
    db: Db,
    private readonly limit: number,
  ) {
    this.#db = db;
    this.#all = db.prepare('SELECT line FROM contacts ORDER BY number');
    this.#get = db.prepare('SELECT line FROM contacts WHERE name = ?');
    this.#set = db.prepare(
      'INSERT INTO contacts (name, line) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET line = excluded.line',
    );
    this.#delete = db.prepare('DELETE FROM contacts WHERE name = ?');
    this.#count = db.prepare('SELECT COUNT(*) AS n FROM contacts');
  }

  all(): readonly Contact[] {
    return this.#all.all().map(({ line }) => parseContact(String(line)));
  }

  get(name: string): Contact | undefined {
    const row = this.#get.get(contactKey(name));
    return row && parseContact(String(row.line));
  }

  set(contact: Contact): boolean {
    const key = contactKey(contact.name);
    if (key === '') return false;
    if (!this.#get.get(key) && Number(this.#count.get()?.n) >= this.limit) return false;
    this.#set.run(key, printContact(contact));
    return true;
  }

  delete(name: string): boolean {
    return Number(this.#delete.run(contactKey(name)).changes) > 0;
  }

  replaceAll(contacts: readonly Contact[]): void {
    atOnce(this.#db, () => {
      this.#db.exec('DELETE FROM contacts');
      for (const contact of contacts) this.set(contact);
    });
  }
}

class SqlCalls implements CallStore {
  readonly #db: Db;
  readonly #add: SqlStatement;
  readonly #trim: SqlStatement;
  readonly #latest: SqlStatement;

  constructor(
    db: Db,
    private readonly limit: number,
  ) {
    this.#db = db;
    this.#add = db.prepare('INSERT INTO calls (record) VALUES (?)');
    this.#trim = db.prepare('DELETE FROM calls WHERE id <= (SELECT MAX(id) FROM calls) - ?');
    this.#latest = db.prepare('SELECT record FROM calls ORDER BY id DESC LIMIT ?');
  }

  add(call: StoredCall): void {
    this.#add.run(JSON.stringify(call));
    this.#trim.run(this.limit);
  }

  latest(count = this.limit): readonly StoredCall[] {
    return this.#latest.all(Math.max(0, count)).map(({ record }) => JSON.parse(String(record)) as StoredCall);
  }

  clear(): void {
    this.#db.exec('DELETE FROM calls');
  }
}

class SqlValues implements ValueStore {
  readonly #get: SqlStatement;
  readonly #set: SqlStatement;
  readonly #delete: SqlStatement;
  readonly #names: SqlStatement;

  constructor(
    db: Db,
    private readonly limit: number,
  ) {
    this.#get = db.prepare('SELECT value FROM items WHERE name = ?');
    this.#set = db.prepare(
      'INSERT INTO items VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.#delete = db.prepare('DELETE FROM items WHERE name = ?');
    this.#names = db.prepare('SELECT name FROM items ORDER BY name');
  }

  get(name: string): string | undefined {
    const row = this.#get.get(name);
    return row && String(row.value);
  }

  set(name: string, value: string | undefined): void {
    if (value === undefined) this.#delete.run(name);
    else if (this.#get.get(name) || this.names().length < this.limit) this.#set.run(name, value);
  }

  names(): readonly string[] {
    return this.#names.all().map(({ name }) => String(name));
  }
}

class SqlMessages implements MessageStore {
  readonly #put: SqlStatement;
  readonly #trim: SqlStatement;
  readonly #remove: SqlStatement;
  readonly #list: SqlStatement;
  readonly #noted: SqlStatement;
  readonly #note: SqlStatement;
  readonly #forget: SqlStatement;

  constructor(
    db: Db,
    private readonly limit: number,
  ) {
    this.#put = db.prepare(
      'INSERT INTO messages (id, message) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET message = excluded.message',
    );
    this.#trim = db.prepare('DELETE FROM messages WHERE number <= (SELECT MAX(number) FROM messages) - ?');
    this.#remove = db.prepare('DELETE FROM messages WHERE id = ?');
    this.#list = db.prepare('SELECT message FROM messages ORDER BY number');
    this.#noted = db.prepare('SELECT at FROM noted WHERE name = ?');
    this.#note = db.prepare(
      'INSERT INTO noted VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at',
    );
    this.#forget = db.prepare('DELETE FROM noted WHERE at < ?');
  }

  put(message: StoredMessage): void {
    this.#put.run(message.id, JSON.stringify(message));
    this.#trim.run(this.limit);
  }

  remove(id: string): void {
    this.#remove.run(id);
  }

  list(): readonly StoredMessage[] {
    return this.#list.all().map(({ message }) => JSON.parse(String(message)) as StoredMessage);
  }

  note(key: string, at: number, forget: number): boolean {
    this.#forget.run(forget);
    const known = this.#noted.get(key) !== undefined;
    this.#note.run(key, at);
    return !known;
  }
}

function atOnce(db: Db, act: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    act();
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}
