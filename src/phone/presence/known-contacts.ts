/**
 * Whether somebody is in the list of contacts, by any address or number of theirs. The list is looked through once a second
 * at most: strangers ask as often as they like, and lists may be long.
 */
import type { Clock } from '../../base/clock.js';
import type { Peer } from '../peer-name.js';
import type { ContactField } from '../store/contact.js';
import type { ContactStore } from '../store/store.js';
import { nameOf } from './watchers.js';

/** Fields that say where a contact is reached. */
const ADDRESSES: readonly ContactField[] = ['sip', 'sipContactUri', 'phone', 'phone2', 'phone3'];
const FRESH_MS = 1000;

export class KnownContacts {
  readonly #clock: Clock;
  readonly #contacts: Pick<ContactStore, 'all'>;
  #names: ReadonlySet<string> = new Set();
  #freshUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, contacts: Pick<ContactStore, 'all'>) {
    this.#clock = clock;
    this.#contacts = contacts;
  }

  /** By the address, or by the user name or number alone. */
  has({ uri, user }: Peer): boolean {
    const now = this.#clock.now();
    if (now >= this.#freshUntil) {
      this.#freshUntil = now + FRESH_MS;
      this.#names = new Set(
        this.#contacts
          .all()
          .flatMap((contact) => ADDRESSES.map((field) => nameOf(contact[field])))
          .filter((name) => name !== ''),
      );
    }
    return this.#names.has(uri) || this.#names.has(user);
  }
}
