/** Methods of the group http. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface HttpMethods {
  /**
   * Asks an address and gives what it answers; a text that begins with ERROR when that failed.
   * @param url http or https address
   */
  API_HTTPGet(url: Text): Promise<string>;

  /**
   * Posts data to an address; true when it took it.
   * @param url http or https address
   */
  API_HTTPPost(url: Text, data: Text): Promise<boolean>;

  /**
   * GET without data, POST with; gives the answer, within 20 seconds.
   * @param url http or https address
   * @param data empty: GET, else POST
   */
  API_HTTPReq(url: Text, data?: Text): Promise<string>;

  /**
   * The same without waiting: an ANSWER notification has the result.
   * @param url http or https address
   * @param data empty: GET, else POST
   */
  API_HTTPReqAsync(url: Text, data?: Text): boolean;
}
