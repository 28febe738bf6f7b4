/** Methods of the group dtmf. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface DtmfMethods {
  /**
   * Sends digits, one after the other, as `dtmfmode` says. INFO tells whether they went.
   * @param line line number; -1 the active one, -2 all
   * @param dtmf 0-9 * # A-D; a blank is a pause
   */
  API_Dtmf(line: Int, dtmf: Text): boolean;

  /**
   * Sends an INFO with a text, its type from `contenttype` or guessed. INFO tells whether the peer took it.
   * @param line line number; -1 the active one, -2 all
   * @param msg body of the INFO
   */
  API_Info(line: Int, msg: Text): boolean;

  /**
   * Sends USSD over IMS. Not yet: false.
   * @param line line number; -1 the active one, -2 all
   * @param method INVITE, INFO or BYE
   * @param ussd such as *135#, or the XML document
   */
  API_SendUSSD(line: Int, method: Text, ussd: Text): boolean;
}
