/**
 * From what an application says of a call to the INVITE of it: who calls, whom, and every header that does not depend on
 * the way out. Used by UserAgent; pure but for the random numbers.
 */
import { SwitchhookError } from '../base/errors.js';
import { NameAddr, SipRequest, type SipUri } from '../sip/index.js';
import type { CallEnvironment } from './call/call-host.js';
import type { OfferKind } from './call/call-media.js';
import type { CallPolicies } from './call/call-policies.js';
import { identityWithoutAccount, resolveTarget, telephoneNumber } from './call-target.js';
import { anonymousAddress, wantsAnonymity } from './identity/caller-id.js';
import { writeDiversions } from './identity/diversion.js';
import type { InviteOptions } from './user-agent-types.js';

export interface OutgoingCall {
  uri: SipUri;
  callId: string;
  localTag: string;
  /** As From says. */
  local: NameAddr;
  /** Who we really are. */
  own: NameAddr;
  policies: CallPolicies;
  offer: OfferKind | 'none';
  /** A fresh INVITE, to another target when the call was redirected. */
  build(redirected?: SipUri): SipRequest;
}

/** RFC 3261 §25.1: a word, or two with an @ between. */
const CALL_ID = /^[\w.!%*+`'~()<>:\\"/[\]?{}-]+(@[\w.!%*+`'~()<>:\\"/[\]?{}-]+)?$/;

function checkedCallId(callId: string | undefined): string | undefined {
  if (!callId || CALL_ID.test(callId)) return callId;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `"${callId}" is not a Call-ID: letters, digits and marks without blanks`,
  });
}

/** @throws ERR_INVALID_ARGUMENT */
export function prepareCall(
  env: CallEnvironment,
  target: string,
  options: InviteOptions,
  defaults: CallPolicies,
): OutgoingCall {
  const { account } = options;
  const { random } = env;
  const uri = resolveTarget(target, account);
  const own = account?.identity() ?? identityWithoutAccount(options.from ?? env.ourselves());
  if (options.displayName) own.displayName = options.displayName;
  const policies = { ...defaults, ...options.policies };
  const local = wantsAnonymity(policies.identity, own.displayName) ? anonymousAddress() : own.clone();
  const localTag = random.token(10);
  const from = local.clone();
  from.tag = localTag;
  const callId = checkedCallId(options.callId) || random.token(24);
  const { allow, supported, reliable } = env;
  const number = policies.telephone === 'number' ? telephoneNumber(target, account) : undefined;
  const build = (redirected?: SipUri): SipRequest => {
    const request = new SipRequest('INVITE', (redirected ?? number ?? uri).clone());
    for (const route of account?.routes() ?? []) request.add('Route', route);
    request.set('From', from);
    request.set('To', new NameAddr(number ?? uri.withoutZone().clone()));
    request.set('Call-ID', callId);
    request.set('Allow', allow);
    request.set('Supported', supported);
    if (reliable === 'required') request.set('Require', '100rel');
    if (options.diversion) writeDiversions(request, [options.diversion].flat());
    for (const [name, value] of Object.entries(options.headers ?? {})) request.set(name, value);
    return request;
  };
  if (options.headers || options.diversion) build(); // one that cannot be sent shows now
  const offer = options.offer ?? (options.offerless ? 'none' : 'full');
  return { uri, callId, localTag, local, own, policies, offer, build };
}
