/** A contact, and the line of text it is written as in lists: fourteen fields with commas between. Pure. */

/** In the order of the text. */
export const CONTACT_FIELDS = [
  'imStatus',
  'name',
  'sip',
  'phone',
  'phone2',
  'phone3',
  'otherNumbers',
  'sipContactUri',
  'email',
  'web',
  'address',
  'speedDial',
  'extra',
  'internalExtra',
] as const;

export type ContactField = (typeof CONTACT_FIELDS)[number];

export type Contact = Readonly<Record<ContactField, string>>;

const EMPTY: Contact = Object.fromEntries(CONTACT_FIELDS.map((field) => [field, ''])) as Contact;

export function contact(fields: Partial<Contact>): Contact {
  return { ...EMPTY, ...fields };
}

/** What a contact is found by: its name, whatever the case. */
export function contactKey(name: string): string {
  return name.trim().toLowerCase();
}

/** Commas and line breaks within a field would end it: they become spaces. */
export function printContact(one: Contact): string {
  return CONTACT_FIELDS.map((field) => one[field].replace(/[,\r\n]+/g, ' ')).join(',');
}

/** Missing fields are empty; what comes after the last one is left out. */
export function parseContact(text: string): Contact {
  const values = text.split(',').map((value) => value.trim());
  return contact(Object.fromEntries(CONTACT_FIELDS.map((field, index) => [field, values[index] ?? ''])));
}
