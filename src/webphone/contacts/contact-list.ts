/**
 * The contacts as the API sees them: texts of a line each, found by name, address or number. They are kept in the store
 * of the phone.
 */
import { type Contact, type ContactField, type ContactStore, printContact } from '../../phone/index.js';
import { contactValue, parseContact } from './contact-string.js';

const MAX_CONTACTS = 10_000;

export class ContactList {
  readonly #store: () => ContactStore;

  constructor(store: () => ContactStore) {
    this.#store = store;
  }

  /** All of them, a line each. */
  get text(): string {
    return this.#store().all().map(printContact).join('\r\n');
  }

  /** By name, SIP address or number. */
  find(text: string): Contact | undefined {
    const wanted = plain(text);
    if (!wanted) return undefined;
    const store = this.#store();
    return (
      store.get(text) ??
      store
        .all()
        .find((one) => [one.sip, one.phone, one.phone2, one.phone3].some((value) => plain(value) === wanted))
    );
  }

  /** Takes the place of all there were. @returns false when a line is no contact; nothing has changed then */
  replace(text: string): boolean {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    const contacts = lines.map(parseContact).filter((contact) => contact !== undefined);
    if (contacts.length < lines.length || contacts.length > MAX_CONTACTS) return false;
    this.#store().replaceAll(contacts);
    return true;
  }

  add(text: string): boolean {
    const contact = parseContact(text);
    return contact !== undefined && this.#store().set(contact);
  }

  /** Puts other fields in place of those of a contact, in its place. */
  change(name: string, text: string): boolean {
    const old = this.find(name);
    const contact = parseContact(text);
    return old !== undefined && contact !== undefined && this.#put(old, contact);
  }

  set(name: string, field: ContactField, value: string): boolean {
    const old = this.find(name);
    if (!old) return false;
    const contact = { ...old, [field]: contactValue(value) };
    return contact.name !== '' && this.#put(old, contact);
  }

  delete(name: string): boolean {
    const contact = this.find(name);
    return contact !== undefined && this.#store().delete(contact.name);
  }

  #put(old: Contact, contact: Contact): boolean {
    const store = this.#store();
    if (plain(contact.name) === plain(old.name)) return store.set(contact);
    if (store.get(contact.name)) return false;
    store.replaceAll(store.all().map((one) => (plain(one.name) === plain(old.name) ? contact : one)));
    return true;
  }
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
