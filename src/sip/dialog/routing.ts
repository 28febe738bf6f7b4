/**
 * Where a request goes, given a target and a route set: strict and loose routing (RFC 3261 §8.1.2, §12.2.1.1, §16.4).
 * Used by dialogs to build requests and by the endpoint to send them.
 */
import { NameAddr, type SipRequest, type Uri } from '../message/index.js';

/**
 * Sets Request-URI and Route so that `request` visits `routeSet` and ends at `target`.
 * A first hop without `lr` is a strict router: it wants its own URI in the request line, and the target goes last.
 */
export function applyRouteSet(request: SipRequest, target: Uri, routeSet: readonly NameAddr[]): void {
  const first = routeSet[0];
  if (!first) {
    request.uri = target;
    request.remove('Route');
  } else if (isLooseRouter(first)) {
    request.uri = target;
    request.set('Route', routeSet);
  } else {
    request.uri = asRequestUri(first.uri);
    request.set('Route', [...routeSet.slice(1), new NameAddr(target)]);
  }
}

/** The URI whose server gets the request next: the first loose route, else the Request-URI. */
export function nextHop(request: SipRequest): Uri {
  const first = request.has('Route') ? request.routes[0] : undefined;
  return first && isLooseRouter(first) ? first.uri : request.uri;
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
