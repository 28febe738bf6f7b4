/** Methods of the group settings. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface SettingsMethods {
  /**
   * Changes a setting. Some take effect with the next start only.
   * @param param name of the setting
   * @param value its value; DEF restores the default, NULL empties it
   */
  API_SetParameter(param: Text, value: Text): boolean;

  /**
   * Changes a setting. Some take effect with the next start only.
   * @param line a line number; 0 the next call, -1 the active line, -2 all
   */
  API_SetParameter(line: Int, param: Text, value: Text): boolean;

  /**
   * The value of a setting; empty for one that is not set and has no default, or does not exist.
   * @param param name of the setting
   */
  API_GetParameter(param: Text): string;

  /**
   * Changes several settings. False when one of them could not be set; the others are.
   * @param parameters lines of key=value
   */
  API_SetParameters(parameters: Text): boolean;

  /**
   * Sets something for the calls of one line. Line 0 without name and value takes everything of this kind back.
   * @param line a line number; 0 the next call, -1 the active line, -2 all
   * @param param name of the setting
   * @param value its value; NULL takes it back
   * @param permanent 1: for all calls of the line, not for the next one only; default 0
   */
  API_SetLineParameter(line: Int, param: Text, value: Text, permanent?: Int): boolean;

  /**
   * What a setting is for a line.
   * @param line a line number; 0 the next call, -1 the active line, -2 all
   * @param param name of the setting
   */
  API_GetLineParameter(line: Int, param: Text): string;

  /**
   * Sets the account; what is empty stays as it is.
   * @param server domain or address, with a port if need be
   * @param authname user name for authentication when it differs
   */
  API_SetCredentials(
    server: Text,
    username: Text,
    password: Text,
    authname?: Text,
    displayname?: Text,
  ): boolean;

  /**
   * Sets the account with a digest in place of the password.
   * @param md5 MD5 of username:realm:password, in hexadecimal digits
   */
  API_SetCredentialsMD5(server: Text, username: Text, md5: Text, realm?: Text): boolean;

  /** Forgets the account. */
  API_ClearCredentials(): boolean;

  /**
   * Deletes what is stored.
   * @param level 0 the settings, once; 1 the settings; 2 contacts, lists and accounts as well; 3 caches as well
   */
  API_DelSettings(level: Int): boolean;

  /** Another name of {@link API_DelSettings}. */
  API_DeSettings(level: Int): boolean;
}
