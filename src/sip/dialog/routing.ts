/**
 * Where a request goes, given a target and a route set: strict and loose routing (RFC 3261 §8.1.2, §12.2.1.1, §16.4).
 * Used by dialogs to build requests and by the endpoint to send them.
 */
import { NameAddr, type SipRequest, type Uri } from '../message/index.js';

/**
 * Requests whose first hop is a strict router and so stands in the request line: the Route of such a request begins
 * with the hop after it, which the message alone does not tell (§8.1.2).
 */
const strictlyRouted = new WeakSet<SipRequest>();

/**
 * Sets Request-URI and Route so that `request` visits `routeSet` and ends at `target`.
 * A first hop without `lr` is a strict router: it wants its own URI in the request line, and the target goes last.
 */
export function applyRouteSet(request: SipRequest, target: Uri, routeSet: readonly NameAddr[]): void {
  const first = routeSet[0];
  strictlyRouted.delete(request);
  if (!first) {
    request.uri = target;
    request.remove('Route');
  } else if (isLooseRouter(first)) {
    request.uri = target;
    request.set('Route', routeSet);
  } else {
    request.uri = asRequestUri(first.uri);
    request.set('Route', [...routeSet.slice(1), new NameAddr(target)]);
    strictlyRouted.add(request);
  }
}

/** The URI whose server gets the request next (§8.1.2): a strict router, else the first Route, else the target. */
export function nextHop(request: SipRequest): Uri {
  if (!request.has('Route') || strictlyRouted.has(request)) return request.uri;
  return request.routes[0]?.uri ?? request.uri;
}

/** True where our Contact in `request` has to be a sips URI (§8.1.1.8). */
export function sendsSipsContact(request: SipRequest): boolean {
  return isSips(request.uri) || (request.has('Route') && isSips(request.routes[0]?.uri));
}

/** The same for our answer to `request` (§12.1.1). */
export function answersSipsContact(request: SipRequest): boolean {
  return isSips(request.uri) || isSips((request.recordRoutes[0] ?? request.contacts[0])?.uri);
}

function isSips(uri: Uri | undefined): boolean {
  return uri?.kind === 'sip' && uri.secure;
}

function isLooseRouter(route: NameAddr): boolean {
  return route.uri.kind === 'sip' && route.uri.lr;
}

/** §19.1.1, table 1: method and headers are not allowed in a Request-URI. */
function asRequestUri(uri: Uri): Uri {
  if (uri.kind !== 'sip' || (uri.headers.length === 0 && !uri.params.has('method'))) return uri;
  const copy = uri.clone();
  copy.headers = [];
  copy.params.delete('method');
  return copy;
}
