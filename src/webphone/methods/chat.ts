/** Methods of the group chat. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface ChatMethods {
  /**
   * Sends a text (SIP MESSAGE). CHATREPORT tells what becomes of it.
   * @param line line of a call to send it in; -1 outside of any
   * @param peer who is to get it
   * @param group name of the group, its members separated by |, or empty
   * @param msgid comes back in CHATREPORT; default 0
   */
  API_SendChat(line: Int, peer: Text, group: Text, message: Text, msgid?: Int): boolean;

  /**
   * Sends a text that the server is to pass on as SMS (X-Sms: Yes).
   * @param line line of a call to send it in; -1 outside of any
   * @param peer number
   * @param id comes back in CHATREPORT; default 0
   */
  API_SendSMS(line: Int, peer: Text, message: Text, id?: Int): boolean;

  /** Opens the chat window. There is none here: false. */
  API_Chat(peer?: Text): boolean;

  /**
   * Tells a peer that the user is typing.
   * @param number who is to know
   */
  API_SendChatIsComposing(line: Text, number: Text): boolean;
}
