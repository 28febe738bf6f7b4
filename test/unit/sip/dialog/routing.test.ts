import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyRouteSet, nextHop } from '../../../../src/sip/dialog/routing.js';
import { NameAddr, parseUri, SipRequest, SipUri } from '../../../../src/sip/message/index.js';

const hop = fc.record({ host: fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5', 'p6'), loose: fc.boolean() });
const toRoute = ({ host, loose }: { host: string; loose: boolean }): NameAddr =>
  new NameAddr(new SipUri({ host: `${host}.example`, params: loose ? { lr: undefined } : {} }));

const target = parseUri('sip:bob@10.0.0.2;transport=tcp');

/**
 * Walks a request through its proxies (§16.4: what stands in the request line of a strict router is itself, and its
 * target is the last Route) and returns the hosts it visits and the URI at the end.
 */
function walk(request: SipRequest): { visited: string[]; end: string } {
  const visited: string[] = [];
  for (let i = 0; i < 20; i++) {
    const next = nextHop(request);
    const host = next.kind === 'sip' ? next.host : '';
    visited.push(host);
    if (!host.startsWith('p')) return { visited, end: String(request.uri) };
    const isStrict = next === request.uri;
    const { routes } = request;
    if (isStrict) applyRouteSet(request, routes.at(-1)?.uri ?? request.uri, routes.slice(0, -1));
    else applyRouteSet(request, request.uri, routes.slice(1));
  }
  return { visited, end: 'loop' };
}

describe('strict and loose routing', () => {
  it('visits every route in order and ends at the target', () => {
    fc.assert(
      // A proxy is either strict or loose: no host stands in a route set as both.
      fc.property(fc.uniqueArray(hop, { selector: ({ host }) => host }), (hops) => {
        const request = new SipRequest('BYE', 'sip:unset@x');
        applyRouteSet(request, target, hops.map(toRoute));
        const { visited, end } = walk(request);
        expect(visited).toEqual([...hops.map(({ host }) => `${host}.example`), '10.0.0.2']);
        expect(end).toBe(String(target));
      }),
    );
  });

  it('keeps the target in the request line behind a loose router', () => {
    const request = new SipRequest('BYE', 'sip:unset@x');
    applyRouteSet(request, target, NameAddr.parseList('<sip:p1;lr>, <sip:p2>'));
    expect(String(request.uri)).toBe(String(target));
    expect(request.getAll('Route')).toEqual(['<sip:p1;lr>', '<sip:p2>']);
    expect(String(nextHop(request))).toBe('sip:p1;lr');
  });

  it('puts a strict router into the request line and the target last (§12.2.1.1)', () => {
    const request = new SipRequest('BYE', 'sip:unset@x').set('Route', '<sip:old>');
    applyRouteSet(request, target, NameAddr.parseList('<sip:p1;method=INVITE?Subject=x>, <sip:p2;lr>'));
    expect(String(request.uri)).toBe('sip:p1');
    expect(request.getAll('Route')).toEqual(['<sip:p2;lr>', '<sip:bob@10.0.0.2;transport=tcp>']);
  });

  it('removes Route when there is no route set', () => {
    const request = new SipRequest('BYE', 'sip:unset@x').set('Route', '<sip:old;lr>');
    applyRouteSet(request, target, []);
    expect(request.has('Route')).toBe(false);
    expect(nextHop(request)).toBe(target);
  });
});
