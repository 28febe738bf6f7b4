/** Where incoming calls are sent instead of ringing here (RFC 3261 §21.3): always, on busy, when nobody answers. */

export interface ForwardingOptions {
  /** Every call goes there. */
  always?: string;
  /** Every call is answered and transferred there (REFER): for servers that do not know redirections. */
  transfer?: string;
  /** Calls that come while there is another. */
  busy?: string;
  /** Calls that nobody has answered or refused for `noAnswerMs`. */
  noAnswer?: string;
  /** Default 15000. */
  noAnswerMs?: number;
  /** Moved Permanently or Moved Temporarily. Default 302. */
  status?: 301 | 302;
}
