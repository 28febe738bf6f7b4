/** Passing a call on by 3xx (RFC 3261 §8.1.3.4, §21.3), both ways, with the trail it leaves (RFC 5806, RFC 7044). Pure. */
import type { NameAddr, SipRequest, SipResponse, SipUri } from '../../sip/index.js';
import {
  type Diversion,
  readDiversions,
  reasonOf,
  writeDiversions,
  writeHistory,
} from '../identity/diversion.js';
import type { CallPolicies } from './call-policies.js';
import type { Redirection } from './outgoing-invite.js';

export interface RedirectOptions {
  /** 301 Moved Permanently or 302 Moved Temporarily. Default 302. */
  status?: 300 | 301 | 302 | 305 | 380;
  /** Why, for Diversion (RFC 5806 §4). Default 'unconditional'. */
  reason?: string;
}

/** Our INVITE goes to another target: who sent it there stands in Diversion, and the way in History-Info. */
export function noteRedirections(
  request: SipRequest,
  redirections: readonly Redirection[],
  { diversions = true, historyInfo = false }: CallPolicies,
): void {
  for (const { response, from, to } of redirections) {
    if (historyInfo) writeHistory(request, from, to, response.status);
    if (!diversions) continue;
    const told = response.has('Diversion') ? readDiversions(response) : [];
    const own: Diversion = { uri: from.toString(), user: from.user ?? '', reason: reasonOf(response.status) };
    writeDiversions(request, told.length > 0 ? told : [own]);
  }
}

/** Completes our 3xx. @param targetUui User-to-User data for the new target, escaped in its URI (RFC 7433 §4) */
export function fillRedirect(
  response: SipResponse,
  target: SipUri,
  us: NameAddr,
  invite: SipRequest,
  options: RedirectOptions & { targetUui?: string; diversions: boolean },
): void {
  const contact = target.clone();
  if (options.targetUui !== undefined) contact.headers.push(['User-to-User', options.targetUui]);
  response.set('Contact', `<${contact}>`);
  if (!options.diversions) return;
  const before = readDiversions(invite);
  const uri = us.uri.toString();
  const own = { uri, user: '', displayName: us.displayName, reason: options.reason ?? 'unconditional' };
  writeDiversions(response, [own, ...before]);
}
