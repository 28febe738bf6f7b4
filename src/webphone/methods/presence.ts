/** Methods of the group presence. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface PresenceMethods {
  /**
   * People whose requests to see our presence are accepted.
   * @param contacts users and numbers, separated by commas
   */
  API_PushContactlist(contacts: Text): boolean;

  /**
   * Asks which contacts exist; needs a server of the vendor: false.
   * @param userlist users, separated by commas
   */
  API_NumExists(userlist: Text): boolean;

  /**
   * Watches the presence of users. PRESENCE tells.
   * @param userlist users, separated by commas
   */
  API_CheckPresence(userlist: Text): boolean;

  /**
   * Tells how we are.
   * @param statustring Online, Away, Busy, DND, Invisible or Offline
   */
  API_SetPresenceStatus(statustring: Text): boolean;

  /** Accepts who asked to see our presence (NEWUSER), and watches theirs. */
  API_NewUser(username: Text): boolean;

  /** Ends all watches: presence, busy lamps and voicemail. */
  API_UnSubscribe(): boolean;

  /**
   * Watches the calls of extensions. BLF tells.
   * @param userlist extensions, separated by commas
   */
  API_CheckBLF(userlist: Text): boolean;

  /**
   * Watches the calls of extensions no more.
   * @param userlist extensions; empty: all
   */
  API_DisableBLF(userlist?: Text): boolean;
}
