/** Methods of the group files. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface FilesMethods {
  /**
   * Keeps a text, encrypted for this machine.
   * @param filename name within the work folder
   */
  API_SaveFile(filename: Text, content: Text): Promise<boolean>;

  /**
   * Keeps a text as it is.
   * @param filename name within the work folder
   */
  API_SaveFileRaw(filename: Text, content: Text): Promise<boolean>;

  /**
   * The text of a file, or what API_LoadFileRemote brought under that name; empty when there is none.
   * @param filename name within the work folder
   */
  API_LoadFile(filename: Text): Promise<string>;

  /**
   * Begins to send a text to the server of `ftp_addr` or `http_addr`.
   * @param filename name within the work folder
   */
  API_SaveFileRemote(filename: Text, content: Text): boolean;

  /**
   * Begins to load a file from that server; API_LoadFile has it a little later, or a text `ERROR: reason`.
   * @param filename name within the work folder
   */
  API_LoadFileRemote(filename: Text): boolean;

  /**
   * Loads a file from that server and waits for it.
   * @param filename name within the work folder
   */
  API_LoadFileRemoteSync(filename: Text): Promise<string>;

  /** The folder of the program. */
  API_GetBindir(): string;

  /** The folder for the data of the phone. */
  API_GetWorkdir(): string;

  /** Another folder that can be written to: the one of the system for temporary files. */
  API_GetAltWorkdir(): string;
}
