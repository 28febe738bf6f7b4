/**
 * Who calls: what we say of ourselves beside From (RFC 3325, RFC 3323, Remote-Party-ID), and whom an INVITE says it comes
 * from. Pure.
 */
import { NameAddr, type SipMessage, type SipRequest, SipUri } from '../../sip/index.js';
import { lenient } from '../lenient.js';

export interface IdentityOptions {
  /** P-Preferred-Identity: the value, or true for our own address. */
  preferred?: string | true;
  /** P-Asserted-Identity, for trusted servers: the value, or true for our own address. */
  asserted?: string | true;
  /** Remote-Party-ID: the value, or true for our own address. */
  remotePartyId?: string | true;
  /** Privacy (RFC 3323 §4.2): 'id', 'header;user', 'none' … */
  privacy?: string;
  /**
   * Calls without telling who calls (RFC 3323 §4.1): From is anonymous and `privacy` 'id', unless it says otherwise. A
   * display name "Anonymous" means the same.
   */
  anonymous?: boolean;
}

export type IdentitySource =
  | 'p-asserted-identity'
  | 'remote-party-id'
  | 'p-preferred-identity'
  | 'from'
  | 'contact';

export interface CallerIdentity {
  uri: string;
  /** The user part or number; empty when there is none. */
  user: string;
  displayName?: string;
  source: IdentitySource;
  /** The caller does not want to be known: by From, or by Privacy (RFC 3323 §4.2). */
  anonymous: boolean;
  privacy: readonly string[];
}

const ANONYMOUS = /^anonymous$/i;

/** The caller wants not to be known. */
export function wantsAnonymity(
  options: IdentityOptions | undefined,
  displayName: string | undefined,
): boolean {
  return options?.anonymous ?? ANONYMOUS.test(displayName ?? '');
}

/** RFC 3323 §4.1.1.3. */
export function anonymousAddress(): NameAddr {
  return new NameAddr(new SipUri({ user: 'anonymous', host: 'anonymous.invalid' }), 'Anonymous');
}

/** Puts the identity headers into a request, or into the answer to one. @param own who we really are */
export function writeIdentity(
  message: SipMessage,
  options: IdentityOptions,
  own: NameAddr,
  anonymous: boolean,
): void {
  const { preferred, asserted, remotePartyId } = options;
  const privacy = options.privacy ?? (anonymous ? 'id' : undefined);
  const self = new NameAddr(
    own.uri.clone(),
    ANONYMOUS.test(own.displayName ?? '') ? undefined : own.displayName,
  );
  const text = (value: string | true): string => (value === true ? self.toString() : addressText(value));
  // RFC 3325 §9.2: who hides in From tells his server in this header.
  const preference = preferred ?? (anonymous && asserted === undefined ? true : undefined);
  if (preference !== undefined) message.set('P-Preferred-Identity', text(preference));
  if (asserted !== undefined) message.set('P-Asserted-Identity', text(asserted));
  if (remotePartyId !== undefined) {
    const role = 'method' in message ? 'calling' : 'called';
    // Both say the same: what Privacy asks for is not taken back here (RFC 3323 §4.2: 'none' asks for nothing).
    const hides = anonymous || (privacy !== undefined && !/^none\b/i.test(privacy.trim()));
    const value = `${self};party=${role};privacy=${hides ? 'full' : 'off'};screen=no`;
    message.set('Remote-Party-ID', remotePartyId === true ? value : addressText(remotePartyId));
  }
  if (privacy !== undefined) message.set('Privacy', privacy);
}

/** A bare `user@host` gets its scheme and its brackets. */
function addressText(value: string): string {
  if (/[<"]/.test(value)) return value;
  return `<${/^[a-z]+:/i.test(value) ? value : `sip:${value}`}>`;
}

/**
 * Whom an INVITE comes from: what servers assert before what the caller says itself.
 * Headers that cannot be read are passed over.
 */
export function readCaller(request: SipRequest): CallerIdentity {
  const privacy = lenient(() => request.privacy, []);
  const { from } = request;
  const hidden = isAnonymous(from);
  const candidates: Array<[IdentitySource, NameAddr | undefined]> = [
    ['p-asserted-identity', best(lenient(() => request.pAssertedIdentity, []))],
    ['remote-party-id', best(lenient(() => request.remotePartyId, []))],
    ['p-preferred-identity', best(lenient(() => request.pPreferredIdentity, []))],
    ['from', userOf(from) === '' ? undefined : from],
    ['contact', lenient(() => request.contacts[0], undefined)],
  ];
  const fitting = candidates.find(
    ([, address]) => address && !isAnonymous(address) && userOf(address) !== '',
  );
  const [source, address] =
    fitting && !(hidden && fitting[0] === 'contact') ? fitting : (['from', from] as const);
  const found = address ?? from;
  return {
    uri: found.uri.toString(),
    user: userOf(found),
    displayName: found.displayName ?? (hidden ? undefined : from.displayName),
    source,
    anonymous: hidden || privacy.some((value) => value === 'id' || value === 'user' || value === 'full'),
    privacy,
  };
}

/** A SIP address before a tel URI: it has a name more often (RFC 3325 §9.1 allows one of each). */
function best(addresses: readonly NameAddr[]): NameAddr | undefined {
  return addresses.find(({ uri }) => uri.kind === 'sip') ?? addresses[0];
}

function isAnonymous({ uri, displayName }: NameAddr): boolean {
  const host = uri.kind === 'sip' ? uri.host.toLowerCase() : '';
  return host === 'anonymous.invalid' || ANONYMOUS.test(displayName ?? '') || ANONYMOUS.test(userText(uri));
}

function userOf({ uri }: NameAddr): string {
  return userText(uri);
}

function userText(uri: NameAddr['uri']): string {
  return uri.kind === 'sip' ? (uri.user ?? '') : uri.kind === 'tel' ? uri.number : '';
}
