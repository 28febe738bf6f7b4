/**
 * A store that forgets everything at the end: the default, and for tests. Of calls it keeps only the latest few hundred,
 * so that a phone that makes a million of them stays as small as it was.
 */
import { MemoryMessageStore, type MessageStore } from '../messaging/message-store.js';
import { type Contact, contactKey } from './contact.js';
import {
  type CallStore,
  type ContactStore,
  STORE_LIMITS,
  type Store,
  type StoredCall,
  type StoreLimits,
  type ValueStore,
} from './store.js';

const LIMITS: Readonly<StoreLimits> = { ...STORE_LIMITS, calls: 500 };

export class MemoryStore implements Store {
  readonly contacts: ContactStore;
  readonly calls: CallStore;
  readonly values: ValueStore;
  readonly messages: MessageStore = new MemoryMessageStore();

  constructor(limits: Partial<StoreLimits> = {}) {
    const most = { ...LIMITS, ...limits };
    this.contacts = new MemoryContacts(most.contacts);
    this.calls = new MemoryCalls(most.calls);
    this.values = new MemoryValues(most.values);
  }

  async close(): Promise<void> {}
}

class MemoryContacts implements ContactStore {
  readonly #byName = new Map<string, Contact>();

  constructor(private readonly limit: number) {}

  all(): readonly Contact[] {
    return [...this.#byName.values()];
  }

  get(name: string): Contact | undefined {
    return this.#byName.get(contactKey(name));
  }

  set(contact: Contact): boolean {
    const key = contactKey(contact.name);
    if (key === '') return false;
    if (!this.#byName.has(key) && this.#byName.size >= this.limit) return false;
    this.#byName.set(key, contact);
    return true;
  }

  delete(name: string): boolean {
    return this.#byName.delete(contactKey(name));
  }

  replaceAll(contacts: readonly Contact[]): void {
    this.#byName.clear();
    for (const contact of contacts) this.set(contact);
  }
}

class MemoryCalls implements CallStore {
  readonly #calls: StoredCall[] = [];

  constructor(private readonly limit: number) {}

  add(call: StoredCall): void {
    this.#calls.push(call);
    if (this.#calls.length > this.limit) this.#calls.shift();
  }

  latest(count = this.limit): readonly StoredCall[] {
    return count > 0 ? this.#calls.slice(-count).reverse() : [];
  }

  clear(): void {
    this.#calls.length = 0;
  }
}

class MemoryValues implements ValueStore {
  readonly #values = new Map<string, string>();

  constructor(private readonly limit: number) {}

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: string | undefined): void {
    if (value === undefined) this.#values.delete(name);
    else if (this.#values.has(name) || this.#values.size < this.limit) this.#values.set(name, value);
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }
}
