/** The contacts. */
import { type ContactField, printContact } from '../../phone/index.js';
import type { WebphoneContext } from '../webphone-context.js';
import { define } from './spec.js';

const NAME = { name: 'name', type: 'string', doc: 'name, SIP address or number of the contact' } as const;
const FIELDS =
  'imstatus,name,sip,phone,phone2,phone3,othernumbers,sipcontacturi,email,web,address,speeddial,extra,internalextra';

const setter = (field: ContactField, what: string) =>
  ({
    group: 'contacts',
    overloads: [[NAME, { name: 'param', type: 'string', doc: `the ${what}` }]],
    returns: 'boolean',
    doc: `Changes the ${what} of a contact.`,
    run: ({ contacts }: WebphoneContext, { name, param }: { name: string; param: string }) =>
      contacts.set(name, field, param),
  }) as const;

const getter = (field: ContactField, what: string) =>
  ({
    group: 'contacts',
    overloads: [[NAME]],
    returns: 'string',
    doc: `The ${what} of a contact; empty when there is none.`,
    run: ({ contacts }: WebphoneContext, { name }: { name: string }) => contacts.find(name)?.[field] ?? '',
  }) as const;

export const contacts = [
  define('API_SetContacts', {
    group: 'contacts',
    overloads: [[{ name: 'contacts', type: 'string', doc: `a line for each: ${FIELDS}` }]],
    returns: 'boolean',
    doc: 'Replaces all contacts.',
    run: ({ contacts }, { contacts: text }) => contacts.replace(text),
  }),
  define('API_GetContacts', {
    group: 'contacts',
    overloads: [[]],
    returns: 'string',
    doc: 'All contacts, a line each.',
    run: ({ contacts }) => contacts.text,
  }),
  define('API_DelContact', {
    group: 'contacts',
    overloads: [[NAME]],
    returns: 'boolean',
    doc: 'Deletes a contact.',
    run: ({ contacts }, { name }) => contacts.delete(name),
  }),
  define('API_AddContact', {
    group: 'contacts',
    overloads: [[{ name: 'params', type: 'string', doc: `${FIELDS}; may begin with the name` }]],
    returns: 'boolean',
    doc: 'Adds a contact; one of the same name is replaced.',
    run: ({ contacts }, { params }) => contacts.add(params),
  }),
  define('API_SetContact', {
    group: 'contacts',
    overloads: [[NAME, { name: 'params', type: 'string', doc: FIELDS }]],
    returns: 'boolean',
    doc: 'Changes all of a contact.',
    run: ({ contacts }, { name, params }) => contacts.change(name, params),
  }),
  define('API_GetContact', {
    group: 'contacts',
    overloads: [[NAME]],
    returns: 'string',
    doc: 'A contact as text; empty when there is none.',
    run: ({ contacts }, { name }) => {
      const contact = contacts.find(name);
      return contact ? printContact(contact) : '';
    },
  }),
  define('API_SetContactName', setter('name', 'name')),
  define('API_GetContactName', getter('name', 'name')),
  define('API_SetContactSIP', setter('sip', 'SIP address')),
  define('API_GetContactSIP', getter('sip', 'SIP address')),
  define('API_SetContactPhone', setter('phone', 'number')),
  define('API_GetContactPhone', getter('phone', 'number')),
  define('API_SetContactSpeedDial', setter('speedDial', 'short number')),
  define('API_GetContactSpeedDial', getter('speedDial', 'short number')),
];
