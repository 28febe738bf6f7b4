/**
 * Every header field this stack knows by name: long form, compact form, and whether one line may hold a comma list
 * (RFC 3261 §7.3.1). Names are looked up here once, when a line is read; from then on a header is an object compared
 * by identity. Unknown names get an object of their own and keep their spelling.
 */

export interface HeaderName {
  /** Long form in the spelling of its RFC, or as received when unknown. */
  readonly name: string;
  /** Lower case of `name`. */
  readonly key: string;
  readonly compact?: string;
  /** Several values may stand in one line, separated by commas. */
  readonly list: boolean;
  readonly known: boolean;
}

/** Long names in the spelling of their RFC, lower case, and compact forms in both cases. */
const byName = new Map<string, HeaderName>();

/** Spellings by length and first letter: few enough to compare with the text in place. */
const inPlace: Array<Array<readonly [string, HeaderName]> | undefined> = Array(32 * 32).fill(undefined);

function define(list: boolean, name: string, compact?: string): HeaderName {
  const key = name.toLowerCase();
  const header: HeaderName = { name, key, compact, list, known: true };
  byName.set(name, header).set(key, header);
  if (compact) byName.set(compact, header).set(compact.toUpperCase(), header);
  for (const spelling of compact ? [name, compact] : [name]) {
    const slot = placeOf(spelling.charCodeAt(0), spelling.length);
    inPlace[slot] = [...(inPlace[slot] ?? []), [spelling, header]];
  }
  return header;
}

function placeOf(first: number, length: number): number {
  return length * 32 + (first & 31);
}

const one = (name: string, compact?: string): HeaderName => define(false, name, compact);
const many = (name: string, compact?: string): HeaderName => define(true, name, compact);

/** Headers with a typed accessor. */
export const H = {
  accept: many('Accept'), // RFC 3261 §20
  acceptEncoding: many('Accept-Encoding'),
  acceptLanguage: many('Accept-Language'),
  alertInfo: many('Alert-Info'),
  allow: many('Allow'),
  authenticationInfo: one('Authentication-Info'),
  authorization: one('Authorization'),
  callId: one('Call-ID', 'i'),
  callInfo: many('Call-Info'),
  contact: many('Contact', 'm'),
  contentDisposition: one('Content-Disposition'),
  contentEncoding: many('Content-Encoding', 'e'),
  contentLanguage: many('Content-Language'),
  contentLength: one('Content-Length', 'l'),
  contentType: one('Content-Type', 'c'),
  cseq: one('CSeq'),
  date: one('Date'),
  errorInfo: many('Error-Info'),
  expires: one('Expires'),
  from: one('From', 'f'),
  inReplyTo: many('In-Reply-To'),
  maxForwards: one('Max-Forwards'),
  mimeVersion: one('MIME-Version'),
  minExpires: one('Min-Expires'),
  organization: one('Organization'),
  priority: one('Priority'),
  proxyAuthenticate: one('Proxy-Authenticate'),
  proxyAuthenticationInfo: one('Proxy-Authentication-Info'), // RFC 8898 §2.2
  proxyAuthorization: one('Proxy-Authorization'),
  proxyRequire: many('Proxy-Require'),
  recordRoute: many('Record-Route'),
  replyTo: one('Reply-To'),
  require: many('Require'),
  retryAfter: one('Retry-After'),
  route: many('Route'),
  server: one('Server'),
  subject: one('Subject', 's'),
  supported: many('Supported', 'k'),
  timestamp: one('Timestamp'),
  to: one('To', 't'),
  unsupported: many('Unsupported'),
  userAgent: one('User-Agent'),
  via: many('Via', 'v'),
  warning: many('Warning'),
  wwwAuthenticate: one('WWW-Authenticate'),
  rack: one('RAck'), // RFC 3262 §7
  rseq: one('RSeq'),
  allowEvents: many('Allow-Events', 'u'), // RFC 6665 §8.2 (RFC 3265 §7.2)
  event: one('Event', 'o'),
  subscriptionState: one('Subscription-State'),
  privacy: one('Privacy'), // RFC 3323 §4.2: values separated by ";"
  pAssertedIdentity: many('P-Asserted-Identity'), // RFC 3325 §9
  pPreferredIdentity: many('P-Preferred-Identity'),
  reason: many('Reason'), // RFC 3326 §2
  path: many('Path'), // RFC 3327 §4
  referTo: one('Refer-To', 'r'), // RFC 3515 §2.1
  serviceRoute: many('Service-Route'), // RFC 3608 §5
  acceptContact: many('Accept-Contact', 'a'), // RFC 3841 §9
  rejectContact: many('Reject-Contact', 'j'),
  requestDisposition: many('Request-Disposition', 'd'),
  replaces: one('Replaces'), // RFC 3891 §6.1
  referredBy: one('Referred-By', 'b'), // RFC 3892 §3
  sipEtag: one('SIP-ETag'), // RFC 3903 §11.3
  sipIfMatch: one('SIP-If-Match'),
  join: one('Join'), // RFC 3911 §7.1
  minSe: one('Min-SE'), // RFC 4028 §5
  sessionExpires: one('Session-Expires', 'x'),
  targetDialog: one('Target-Dialog'), // RFC 4538 §7
  referSub: one('Refer-Sub'), // RFC 4488 §4
  flowTimer: one('Flow-Timer'), // RFC 5626 §11.2
  diversion: many('Diversion'), // RFC 5806
  historyInfo: many('History-Info'), // RFC 7044
  remotePartyId: many('Remote-Party-ID'), // draft-ietf-sip-privacy-04
  pAssociatedUri: many('P-Associated-URI'), // RFC 7315 §4.1
  pCalledPartyId: one('P-Called-Party-ID'),
} as const;

/** Registered names without a typed accessor: known for their list syntax or compact form. */
for (const name of [
  'Accept-Resource-Priority', // RFC 4412
  'Resource-Priority',
  'Feature-Caps', // RFC 6809
  'Geolocation', // RFC 6442
  'P-Media-Authorization',
  'P-Refused-URI-List',
  'P-Visited-Network-ID',
  'Permission-Missing', // RFC 5360
  'Trigger-Consent',
  'Policy-Contact', // RFC 6794
  'Policy-ID',
  'Recv-Info', // RFC 6086
  'Security-Client', // RFC 3329
  'Security-Server',
  'Security-Verify',
  'User-to-User', // RFC 7433
]) {
  many(name);
}
one('Identity', 'y'); // RFC 8224
one('Identity-Info', 'n'); // RFC 4474

/** The object of a header name; a fresh one for an unknown name. */
export function headerName(name: string): HeaderName {
  const exact = byName.get(name);
  if (exact !== undefined) return exact;
  const key = name.toLowerCase();
  return byName.get(key) ?? { name, key, list: false, known: false };
}

/** A usual spelling found in the text itself, without cutting it out; undefined when there is none. */
export function findHeaderName(
  text: string,
  start: number,
  end: number,
): readonly [spelling: string, header: HeaderName] | undefined {
  const candidates = inPlace[placeOf(text.charCodeAt(start), end - start)];
  if (candidates === undefined) return undefined;
  for (const candidate of candidates) if (text.startsWith(candidate[0], start)) return candidate;
  return undefined;
}

/** True when both name the same header. */
export function sameHeader(a: HeaderName, b: HeaderName): boolean {
  return a === b || (!a.known && !b.known && a.key === b.key);
}
