/**
 * Which way the requests of an established call take: that of RFC 3261 §12.2.1.1, or one of those that help where a proxy
 * or a NAT gets Contact or Record-Route wrong. Used by CallWay.
 */
import type { Dialog, Flow, SipRequest } from '../../sip/index.js';

/**
 * 'rfc': by Record-Route, else to the Contact; 'source': without Record-Route back to where the peer was met, whatever its
 * Contact says; 'contact': to the Contact, whatever Record-Route says.
 */
export type RequestWay = 'rfc' | 'source' | 'contact';

/**
 * Puts a request of a dialog on its way.
 * @param met where the peer was met
 * @returns the flow to use; undefined leaves it to Route or Request-URI
 */
export function flowOf(
  request: SipRequest,
  dialog: Dialog,
  met: Flow | undefined,
  way: RequestWay,
): Flow | undefined {
  const { isCaller, routeSet } = dialog;
  if (way === 'contact' && routeSet.length > 0) {
    request.remove('Route');
    request.uri = dialog.remoteTarget;
    return undefined;
  }
  if (!met?.open) return undefined;
  if (way === 'source' && routeSet.length === 0) return met;
  // A connection is used again when the next hop is the peer of it: always for a call that came over it, else when the
  // route goes through the proxy it leads to. Datagrams need no flow.
  return met.reliable && (!isCaller || routeSet.length > 0) ? met : undefined;
}
