/**
 * The contacts of a webphone, by name whatever the case, in the order they came. Changes are handed to whoever keeps
 * them; the list itself touches no disk.
 */
import {
  type Contact,
  type ContactField,
  contactValue,
  formatContact,
  parseContact,
} from './contact-string.js';

const MAX_CONTACTS = 10_000;

export class ContactList {
  #contacts = new Map<string, Contact>();
  readonly #changed: (text: string) => void;

  /** @param changed told all contacts after every change */
  constructor(changed: (text: string) => void = () => {}) {
    this.#changed = changed;
  }

  /** All of them, a line each. */
  get text(): string {
    return [...this.#contacts.values()].map(formatContact).join('\r\n');
  }

  get all(): readonly Contact[] {
    return [...this.#contacts.values()];
  }

  /** By name, SIP address or number. */
  find(text: string): Contact | undefined {
    const key = keyOf(text);
    return (
      this.#contacts.get(key) ??
      this.all.find((one) =>
        [one.sip, one.phone, one.phone2, one.phone3].some((value) => keyOf(value) === key),
      )
    );
  }

  /** Takes the place of all there were. @returns false when a line is no contact; nothing has changed then */
  replace(text: string): boolean {
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    const contacts = lines.map(parseContact);
    if (contacts.some((contact) => !contact) || contacts.length > MAX_CONTACTS) return false;
    this.#contacts = new Map((contacts as Contact[]).map((contact) => [keyOf(contact.name), contact]));
    this.#changed(this.text);
    return true;
  }

  add(text: string): boolean {
    const contact = parseContact(text);
    if (!contact || (this.#contacts.size >= MAX_CONTACTS && !this.#contacts.has(keyOf(contact.name))))
      return false;
    this.#contacts.set(keyOf(contact.name), contact);
    this.#changed(this.text);
    return true;
  }

  /** Puts other fields in place of those of a contact, in its place. */
  change(name: string, text: string): boolean {
    const old = this.find(name);
    const contact = parseContact(text);
    if (!old || !contact) return false;
    return this.#put(old, contact);
  }

  set(name: string, field: ContactField, value: string): boolean {
    const old = this.find(name);
    if (!old) return false;
    const contact = { ...old, [field]: contactValue(value) };
    return contact.name !== '' && this.#put(old, contact);
  }

  delete(name: string): boolean {
    const contact = this.find(name);
    if (!contact) return false;
    this.#contacts.delete(keyOf(contact.name));
    this.#changed(this.text);
    return true;
  }

  clear(): void {
    this.#contacts.clear();
    this.#changed('');
  }

  #put(old: Contact, contact: Contact): boolean {
    const key = keyOf(contact.name);
    if (key !== keyOf(old.name) && this.#contacts.has(key)) return false;
    this.#contacts = new Map(
      [...this.#contacts.values()].map((one) => {
        const now = one === old ? contact : one;
        return [keyOf(now.name), now];
      }),
    );
    this.#changed(this.text);
    return true;
  }
}

function keyOf(text: string): string {
  return text.trim().toLowerCase();
}
