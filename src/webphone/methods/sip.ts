/** Methods of the group sip. Written by `npm run docs` from the function table. */
import type { ApiTlsContext, Int, Text } from './types.js';

export interface SipMethods {
  /**
   * Sends OPTIONS to a server; EVENT has what it answered.
   * @param server empty: the server of the settings
   */
  API_CapabilityRequest(server?: Text, username?: Text): boolean;

  /**
   * Adds headers to all messages of a line from now on.
   * @param line line number; -1 the active one, -2 all, -3 the next call, 0 takes back
   * @param hdr header lines, one below the other
   */
  API_SetSIPHeader(line: Int, hdr: Text): Promise<boolean>;

  /**
   * A header of the last message received on a line.
   * @param line line number; -1 the active one
   * @param hdr name of the header
   */
  API_GetSIPHeader(line: Int, hdr: Text): string;

  /**
   * A field of the last session description received on a line.
   * @param line line number; -1 the active one
   * @param field such as o, c, a=ptime or ptime
   */
  API_GetSDPField(line: Int, field: Text): string;

  /**
   * Adds lines to all session descriptions of a line from now on.
   * @param line line number; -1 the active one, -2 all, -3 the next call, 0 takes back
   * @param field lines such as a=x-room:7
   * @param type 0 before the m= line, 1 behind it; default 0
   */
  API_SetSDPField(line: Int, field: Text, type?: Int): Promise<boolean>;

  /**
   * Sends a header extension with every RTP packet; profile 0 and no words take it back.
   * @param line line number; -1 the active one, -2 all, -3 the next call, 0 takes back
   * @param profile the first two bytes
   * @param extension 32-bit words in decimal, separated by semicolons
   */
  API_RTPHeaderExtension(line: Int, profile: Int, extension: Text): boolean;

  /**
   * Push to talk of a radio. Not yet: false.
   * @param line line number; -1 the active one
   * @param ptt 0 off, 1 normal, 2 coupling, 3 priority, 4 emergency
   * @param pttid default -1
   */
  API_ED137PTT(line: Int, ptt: Int, pttid?: Int): boolean;

  /**
   * Sets User-to-User data (RFC 7433) for the messages that follow: of a call, or of the next one when there is none.
   * @param line line number; -1 the active one
   * @param value the data, with or without parameters
   * @param fortarget 0 for the peer, 1 for the target of a transfer, 2 for both; default 0
   */
  API_SetUUI(line: Int, value: Text, fortarget?: Int): boolean;

  /** Another name of {@link API_SetUUI}. */
  API_SetURI(line: Int, value: Text, fortarget?: Int): boolean;

  /**
   * Sends a request of any method; EVENT has what was answered. INVITE calls, BYE and CANCEL end calls.
   * @param line line of a call it is sent in; -1 the active one unless somebody else is named, -2 all, -3 and 0 outside
   * @param msg a method, a header, or a whole request
   * @param body "null": none
   * @param account one we have, or user:password@server
   * @param target a number, user or SIP address
   */
  API_SendSIPMessage(line: Int, msg: Text, body?: Text, account?: Text, target?: Text): boolean;

  /**
   * The last message of that kind, of the call on a line, or of all when there is none.
   * @param line line number; -1 the active one
   * @param dir 0 received, 1 sent; default 0
   * @param type 0 any, 1 a request, 2 a response, 3 an INVITE, 4 a 200; default 0
   */
  API_GetSIPMessage(line: Int, dir?: Int, type?: Int): string;

  /** Another name of {@link API_GetSIPMessage}. */
  API_Getessage(line: Int, dir?: Int, type?: Int): string;

  /** The last INVITE that was received. */
  API_GetLastRecInvite(): string;

  /** Another name of {@link API_GetLastRecInvite}. */
  API_GetLastReinvite(): string;

  /** The last INVITE that was sent. */
  API_GetLastSentInvite(): string;

  /**
   * The last message that was received: of a call, or of all.
   * @param line line number or Call-ID; default "-1"
   */
  API_GetLastRecSIPMessage(line?: Text): string;

  /**
   * Sets certificates for TLS; takes effect with the next start.
   * @param sc { ca, cert, key, verify }, texts in PEM
   */
  API_SetSSLContext(sc: ApiTlsContext): boolean;
}
