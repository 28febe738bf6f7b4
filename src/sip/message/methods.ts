/** The IANA registry of SIP methods: what is not in it is not implemented (501), what is may be not allowed (405). */
export const REGISTERED_METHODS: ReadonlySet<string> = new Set([
  'ACK', // RFC 3261
  'BYE',
  'CANCEL',
  'INFO', // RFC 6086
  'INVITE',
  'MESSAGE', // RFC 3428
  'NOTIFY', // RFC 6665
  'OPTIONS',
  'PRACK', // RFC 3262
  'PUBLISH', // RFC 3903
  'REFER', // RFC 3515
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE', // RFC 3311
]);
