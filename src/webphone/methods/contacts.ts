/** Methods of the group contacts. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface ContactsMethods {
  /**
   * Replaces all contacts.
   * @param contacts a line for each: imstatus,name,sip,phone,phone2,phone3,othernumbers,sipcontacturi,email,web,address,speeddial,extra,internalextra
   */
  API_SetContacts(contacts: Text): boolean;

  /** All contacts, a line each. */
  API_GetContacts(): string;

  /**
   * Deletes a contact.
   * @param name name, SIP address or number of the contact
   */
  API_DelContact(name: Text): boolean;

  /**
   * Adds a contact; one of the same name is replaced.
   * @param params imstatus,name,sip,phone,phone2,phone3,othernumbers,sipcontacturi,email,web,address,speeddial,extra,internalextra; may begin with the name
   */
  API_AddContact(params: Text): boolean;

  /**
   * Changes all of a contact.
   * @param name name, SIP address or number of the contact
   * @param params imstatus,name,sip,phone,phone2,phone3,othernumbers,sipcontacturi,email,web,address,speeddial,extra,internalextra
   */
  API_SetContact(name: Text, params: Text): boolean;

  /**
   * A contact as text; empty when there is none.
   * @param name name, SIP address or number of the contact
   */
  API_GetContact(name: Text): string;

  /**
   * Changes the name of a contact.
   * @param name name, SIP address or number of the contact
   * @param param the name
   */
  API_SetContactName(name: Text, param: Text): boolean;

  /**
   * The name of a contact; empty when there is none.
   * @param name name, SIP address or number of the contact
   */
  API_GetContactName(name: Text): string;

  /**
   * Changes the SIP address of a contact.
   * @param name name, SIP address or number of the contact
   * @param param the SIP address
   */
  API_SetContactSIP(name: Text, param: Text): boolean;

  /**
   * The SIP address of a contact; empty when there is none.
   * @param name name, SIP address or number of the contact
   */
  API_GetContactSIP(name: Text): string;

  /**
   * Changes the number of a contact.
   * @param name name, SIP address or number of the contact
   * @param param the number
   */
  API_SetContactPhone(name: Text, param: Text): boolean;

  /**
   * The number of a contact; empty when there is none.
   * @param name name, SIP address or number of the contact
   */
  API_GetContactPhone(name: Text): string;

  /**
   * Changes the short number of a contact.
   * @param name name, SIP address or number of the contact
   * @param param the short number
   */
  API_SetContactSpeedDial(name: Text, param: Text): boolean;

  /**
   * The short number of a contact; empty when there is none.
   * @param name name, SIP address or number of the contact
   */
  API_GetContactSpeedDial(name: Text): string;
}
