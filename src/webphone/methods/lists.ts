/** Methods of the group lists. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface ListsMethods {
  /** The black list, separated by commas. */
  API_GetBlacklist(): string;

  /**
   * Replaces the black list.
   * @param str users, numbers and addresses, separated by commas
   */
  API_SetBlacklist(str: Text): boolean;

  /**
   * Adds to the black list.
   * @param str users, numbers and addresses, separated by commas
   */
  API_AddToBlacklist(str: Text): boolean;

  /** The white list, separated by commas. */
  API_GetWhitelist(): string;

  /**
   * Replaces the white list.
   * @param str users, numbers and addresses, separated by commas
   */
  API_SetWhitelist(str: Text): boolean;

  /**
   * Adds to the white list.
   * @param str users, numbers and addresses, separated by commas
   */
  API_AddToWhitelist(str: Text): boolean;
}
