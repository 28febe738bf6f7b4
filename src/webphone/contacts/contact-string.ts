/** A contact as text: its fields in a fixed order, separated by commas. Pure. */

export const CONTACT_FIELDS = [
  'imstatus',
  'name',
  'sip',
  'phone',
  'phone2',
  'phone3',
  'othernumbers',
  'sipcontacturi',
  'email',
  'web',
  'address',
  'speeddial',
  'extra',
  'internalextra',
] as const;

export type ContactField = (typeof CONTACT_FIELDS)[number];
export type Contact = Record<ContactField, string>;

/** Words presence is told with: what tells a contact with its status first from one that begins with the name. */
const STATUS_WORDS =
  /^(open|online|reachable|available|call ?me|registered|dnd|busy|speaking|pending|forwarding|away|idle|close|closed|unreachable|offline|unregistered|unknown|not ?set|notexists|exists|invisible|ready|other|callforward|callsetup|donotdisturb|-?\d*)$/i;

/** @returns undefined for a text without a name or address */
export function parseContact(text: string): Contact | undefined {
  const parts = text
    .replace(/[\r\n]+/g, ' ')
    .split(',')
    .map((part) => part.trim());
  // As printed, an example begins with the name.
  const values = STATUS_WORDS.test(parts[0] ?? '') ? parts : ['', ...parts];
  const contact = Object.fromEntries(CONTACT_FIELDS.map((field, at) => [field, values[at] ?? ''])) as Contact;
  contact.name ||= contact.sip || contact.phone;
  return contact.name ? contact : undefined;
}

export function formatContact(contact: Contact): string {
  return CONTACT_FIELDS.map((field) => contact[field]).join(',');
}

/** A value that can stand in a field. */
export function contactValue(text: string): string {
  return text.replace(/[,\r\n]+/g, ' ').trim();
}
