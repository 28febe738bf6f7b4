/** Methods of the group calls. Written by `npm run docs` from the function table. */
import type { Bool, Int, Text } from './types.js';

export interface CallsMethods {
  /**
   * Begins a call. STATUS tells how it goes, CDR how it ended.
   * @param line line to use if it is free; -1 the next free one
   * @param peer number, user or SIP address; digits to send after the answer follow a comma; empty: the last one again
   * @param calltype 0 and -1 voice; 1 video, 2 screen: not yet; default -1
   */
  API_Call(line: Int, peer: Text, calltype?: Int): boolean;

  /**
   * Ends calls, or refuses one that rings.
   * @param line line number; -1 the active one, -2 all
   * @param reasontext told to the peer
   */
  API_Hangup(line: Int, reasontext?: Text): boolean;

  /**
   * Answers an incoming call.
   * @param line line number; -1 the active one, -2 all
   * @param calltype 0 and -1 voice; 1 video, 2 screen: not yet; default -1
   */
  API_Accept(line: Int, calltype?: Int): boolean;

  /**
   * Refuses incoming calls, with the status of `userrejectdisccode`.
   * @param line line number; -1 the active one, -2 all
   */
  API_Reject(line: Int): boolean;

  /**
   * Lets an incoming call ring that was held back by `deferincomingcall`.
   * @param line line number; -1 the active one, -2 all; default -1
   */
  API_HandleCall(line?: Int): boolean;

  /**
   * Sends the caller of a call that rings elsewhere, with the status of `callforwardcode`.
   * @param line line number; -1 the active one, -2 all
   * @param peer number, user or SIP address
   */
  API_Forward(line: Int, peer: Text): boolean;

  /**
   * Transfers a call as `transfertype` says; what comes of it is told by STATUS and EVENT.
   * @param line line number; -1 the active one, -2 all
   * @param peer who is to get the call; empty: the other call there is
   */
  API_Transfer(line: Int, peer: Text): boolean;

  /** Asks the user for the target of a transfer. There is no window here: false. */
  API_TransferDialog(): boolean;

  /**
   * Mutes calls; the peers are not told.
   * @param line line number; -1 the active one, -2 all
   * @param mute false takes it back; default true
   * @param direction 0 and 3 both, 1 speaker, 2 microphone, 4 as `defmute` says; default 4
   */
  API_Mute(line: Int, mute?: Bool, direction?: Int): boolean;

  /**
   * 0 not, 1 both, 2 the speaker, 3 the microphone, -1 no call.
   * @param line line number; -1 the active one, -2 all
   */
  API_IsMuted(line: Int): number;

  /**
   * Puts calls on hold, as `holdtype` says, or takes them back.
   * @param line line number; -1 the active one, -2 all
   * @param hold false takes the call back; default true
   */
  API_Hold(line: Int, hold?: Bool): boolean;

  /**
   * Puts a call on hold, or takes it back if it is.
   * @param line line number; -1 the active one, -2 all
   */
  API_HoldChange(line: Int): boolean;

  /**
   * 0 no, 2 we send only (as we do by default when we hold), 3 we receive only (as when we are held), 4 neither, -1 no call; of line -2 whether any call is.
   * @param line line number; -1 the active one, -2 all
   */
  API_IsOnHold(line: Int): number;

  /**
   * The name of the other party, or its number.
   * @param line line number; -1 the active one, -2 all
   */
  API_GetCallerID(line: Int): string;

  /**
   * Number of the caller and, if there is one, the name on a second line.
   * @param line line number; -1 the active one, -2 all
   */
  API_GetIncomingDisplay(line: Int): string;

  /** What the last call was, a line for each: peer, direction, times, Disc By, reason, Call-ID. Empty before the first. */
  API_GetLastCallDetails(): string;

  /** Why the last call ended. */
  API_GetDiscReasonText(): string;

  /** What ended the last call or refused the last registration: BYE, CANCEL or a status; -1 when there was no such message. */
  API_GetDiscReasonCode(): string;

  /** 0 no call, 1 one that is not answered yet, 2 in conversation. */
  API_IsInCall(): number;

  /** How many calls are answered. */
  API_GetCurrentConnectedCallCount(): number;
}
