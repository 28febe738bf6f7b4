/** Methods of the group lines. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface LinesMethods {
  /**
   * Makes a line the active one: what is done with line -1 is done there.
   * @param line line number, -1 the active one
   */
  API_SetLine(line: Int): boolean;

  /** The active line. */
  API_GetLine(): number;

  /**
   * LINEDETAILS,line,state,callid,remoteusername,localusername,type,localaddress,serveraddress,mute,hold,remotefullname. Empty without a call.
   * @param line line number, -1 the active one
   */
  API_GetLineDetails(line: Int): string;

  /**
   * The Call-ID of the call on a line; empty when there is none.
   * @param line line number, -1 the active one
   */
  API_LineToCallID(line: Int): string;

  /** The line of the call with a Call-ID; 0 for that of a registration, -1 when there is none. */
  API_CallIDToLine(callid: Text): number;

  /**
   * Sets the Call-ID of the next call, and gives it.
   * @param callid empty: one is made
   */
  API_NextCallID(callid?: Text): string;
}
