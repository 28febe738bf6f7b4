/** Who may reach this phone: lists of users and addresses, and whether calls for others or from strangers are taken. */

export interface FilterOptions {
  /** Users, numbers, `user@host`, hosts and IP addresses that are not wanted. */
  block?: readonly string[];
  /** When not empty, nobody else is wanted. */
  allow?: readonly string[];
  /**
   * What happens to the unwanted: their presence and line state requests are refused, everything is dropped unanswered,
   * calls are refused, or dropped where it can be and refused else. Default 'drop'.
   */
  mode?: 'presence' | 'drop' | 'reject' | 'both';
  /** What unwanted calls are refused with. Default 403. */
  rejectStatus?: number;
  /** Calls to a user that is none of our accounts are refused with 404; `contact`: also such to an old Contact of ours. Default 'anybody'. */
  callsFor?: 'anybody' | 'us' | 'contact';
  /** Refuse calls that do not come from the server or proxy of an account. Default false. */
  refuseUnknownSources?: boolean;
}
