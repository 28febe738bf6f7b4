/** Methods of the group status. Written by `npm run docs` from the function table. */
import type { Bool, Int, Text } from './types.js';

export interface StatusMethods {
  /**
   * Who speaks and how loud, as the VAD notification, which is not sent by itself any more.
   * @param line a line; 0 and less: all of them
   */
  API_VAD(line: Int): Promise<string>;

  /** How good the media is, as the RTPSTAT notification, which is not sent by itself any more. */
  API_RTPStat(): Promise<string>;

  /**
   * The state as text, as STATUS has it.
   * @param line line number, -1 the active one, -2 the phone as a whole
   * @param strict 1: Unknown for a line without a call; default 0
   */
  API_GetStatus(line: Int, strict?: Int): string;

  /**
   * The state of a line as a number: 0 Unknown, 1 NotReady, 2 Init, 3 Ready, 4 Outband, 5 Register, 6 Registered, 7 RegisterFailed, 8 Unregister, 9 Subscribe, 10 Chat, 11 Setup, 12 Routed, 13 InProgress, 14 SessionProgress, 15 Ringing, 16 InCall, 17 Speaking, 18 Midcall, 19 Muted, 20 Hold, 21 Finishing, 22 Finished, 23 Deletable, 24 Error.
   * @param line line number, -1 the active one
   */
  API_GetLineStatus(line: Int): number;

  /**
   * The same as text; Unknown without a call. Line 0 is the one that registers.
   * @param line line number, -1 the active one
   */
  API_GetLineStatusText(line: Int): string;

  /** The state of the phone as a whole. */
  API_GetGlobalStatus(): string;

  /** Whether there is a network: an address other than that of this machine itself, or a server on it. */
  API_IsOnline(): boolean;

  /** 0 no, 1 partly, 2 yes, 3 in every way, -1 unknown: of the call there is, else of the way to the server. */
  API_IsEncrypted(): number;

  /** Address and port SIP is listened on; empty before the start. */
  API_GetAddress(): string;

  /**
   * The address we can be called at.
   * @param all all addresses, separated by commas; default false
   */
  API_GetMySIPURI(all?: Bool): string;

  /** The text somebody has set beside the presence; ours for our own user name or an empty one. */
  API_GetProfileStatusText(username: Text): string;

  /** Looks at once whether the registrations are still good, as after a laptop woke up. */
  API_CheckConnection(): void;
}
