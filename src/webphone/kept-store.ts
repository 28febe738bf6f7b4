/**
 * What the phones of a webphone remember, one after the other: contacts, calls, values, and messages that wait. A
 * database in the work folder, opened when something is first wanted of it; in memory when there is no folder or the
 * settings are against files. Closed with the webphone.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { MemoryStore, SqliteStore, type Store } from '../phone/index.js';

export interface KeptStoreOptions {
  /** A store of the application; it is not closed here. */
  given?: Store;
  /** Of the database; undefined: nothing is to be kept on disk. */
  path(): string | undefined;
  report(message: string, error?: unknown): void;
}

export class KeptStore {
  readonly #options: KeptStoreOptions;
  #opened: Store | undefined;

  constructor(options: KeptStoreOptions) {
    this.#options = options;
  }

  get store(): Store {
    this.#opened ??= this.#options.given ?? this.#open();
    return this.#opened;
  }

  /** Deletes everything. */
  async forget(): Promise<void> {
    const { contacts, calls, messages, values } = this.store;
    contacts.replaceAll([]);
    calls.clear();
    for (const name of values.names()) values.set(name, undefined);
    for (const { id } of await messages.list()) await messages.remove(id);
  }

  async close(): Promise<void> {
    if (this.#opened !== this.#options.given) await this.#opened?.close();
  }

  #open(): Store {
    const path = this.#options.path();
    if (path === undefined) return new MemoryStore();
    try {
      mkdirSync(dirname(path), { recursive: true });
      return SqliteStore.open(path);
    } catch (error) {
      // A phone without a memory is better than none.
      this.#options.report('contacts and calls are not kept', error);
      return new MemoryStore();
    }
  }
}
