/** Methods of the group conference. Written by `npm run docs` from the function table. */
import type { Bool, Int, Text } from './types.js';

export interface ConferenceMethods {
  /**
   * Mixes the calls there are, or calls somebody who joins when he has answered.
   * @param peer who is to join; empty: mix the calls there are
   */
  API_Conf(peer?: Text): boolean;

  /**
   * Adds lines or people to a conference, removes lines, or ends it and keeps the calls.
   * @param line -2: end all conferences; else add that line
   */
  API_ConfEx(line: Int): boolean;

  /**
   * Adds lines or people to a conference, removes lines, or ends it and keeps the calls.
   * @param line line to add or remove; -1 with a peer, -2 all
   * @param peer who is to be called, or empty
   * @param add false removes; default true
   * @param conflate a line that is in the conference meant, when there are several; default -1
   */
  API_ConfEx(line: Int, peer?: Text, add?: Bool, conflate?: Int): boolean;
}
