/**
 * The checks a server makes before it looks at what a request means (RFC 3261 §8.2.1 to §8.2.3, §16.3), in the order
 * of the RFC, and the response each failure gets. Called by the cores of user agent, registrar and proxy; it sends
 * nothing.
 */
import { isSwitchhookError } from '../../base/errors.js';
import type { SipRequest } from './message.js';
import { REGISTERED_METHODS } from './methods.js';
import { BRANCH_COOKIE } from './via.js';

export interface ValidationRules {
  role: 'uas' | 'registrar' | 'proxy';
  /** Methods this element serves, for Allow; none given means all. */
  methods?: readonly string[];
  /** Schemes of Request-URIs it serves; default sip, sips, tel. */
  schemes?: readonly string[];
  /** Option tags it supports. */
  extensions?: readonly string[];
  /** Body types it understands ('application/sdp'); none given means all. */
  bodyTypes?: readonly string[];
}

/** The response a request fails with. */
export interface Rejection {
  status: number;
  /** What was wrong, for the log and as reason phrase of a 400. */
  why: string;
  /** Header lines the RFC wants in that response: Allow, Unsupported, Accept, … */
  headers: ReadonlyArray<readonly [string, string]>;
}

const DEFAULT_SCHEMES = ['sip', 'sips', 'tel'];
/** Methods of dialogs or transactions that Require does not apply to (§8.2.2.3). */
const NO_REQUIRE = ['CANCEL', 'ACK'];

/** @returns undefined when the request may be processed */
export function validateRequest(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  try {
    return (
      checkForm(request) ??
      (rules.role === 'proxy' ? undefined : checkMethod(request, rules)) ??
      checkUri(request, rules) ??
      checkHops(request, rules) ??
      checkExtensions(request, rules) ??
      (rules.role === 'proxy' ? undefined : checkContent(request, rules))
    );
  } catch (error) {
    if (isSwitchhookError(error, 'ERR_SIP_PARSE')) return reject(400, error.message);
    throw error;
  }
}

function reject(status: number, why: string, headers: Rejection['headers'] = []): Rejection {
  return { status, why, headers };
}

/** What every element has to read in a request: a malformed value throws. */
function checkForm(request: SipRequest): Rejection | undefined {
  void request.contacts;
  void request.routes;
  void request.recordRoutes;
  if (request.topVia?.branch === BRANCH_COOKIE) return reject(400, 'the Via branch is empty'); // RFC 4475 §3.2.1
  const { uri } = request;
  // §19.1.1, table 1: headers and a method have no place in a Request-URI.
  if (uri.kind === 'sip' && uri.headers.length > 0) return reject(400, 'the Request-URI has headers');
  if (request.contactWildcard && (request.method !== 'REGISTER' || request.expires !== 0)) {
    return reject(400, 'Contact "*" without Expires: 0'); // §10.3 step 6
  }
  return undefined;
}

/** Methods there are but not here get 405, others 501 (§8.2.1, §21.5.2). */
function checkMethod(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  if (!rules.methods || request.method === 'ACK' || rules.methods.includes(request.method)) return undefined;
  return reject(REGISTERED_METHODS.has(request.method) ? 405 : 501, `no support for ${request.method}`, [
    ['Allow', rules.methods.join(', ')],
  ]);
}

function checkUri(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  const { uri } = request;
  const scheme = uri.kind === 'sip' ? (uri.secure ? 'sips' : 'sip') : uri.kind === 'tel' ? 'tel' : uri.scheme;
  if (!(rules.schemes ?? DEFAULT_SCHEMES).includes(scheme))
    return reject(416, `no support for ${scheme} URIs`);
  // §10.3 step 5: the address of record is a SIP or SIPS URI.
  if (rules.role === 'registrar' && request.method === 'REGISTER' && request.to.uri.kind !== 'sip') {
    return reject(400, 'the To of a REGISTER is not a SIP URI');
  }
  return undefined;
}

/** Only who forwards counts hops (§16.3 step 3); an overlarge value reads as absent (RFC 4475 §3.1.2.4). */
function checkHops(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  if (rules.role !== 'proxy') return undefined;
  return /^0+$/.test(request.get('Max-Forwards') ?? '') ? reject(483, 'Max-Forwards is 0') : undefined;
}

function checkExtensions(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  if (NO_REQUIRE.includes(request.method)) return undefined;
  const required = rules.role === 'proxy' ? request.proxyRequire : request.require;
  const unsupported = required.filter((tag) => !rules.extensions?.includes(tag));
  if (unsupported.length === 0) return undefined;
  return reject(420, `no support for ${unsupported.join(', ')}`, [['Unsupported', unsupported.join(', ')]]);
}

function checkContent(request: SipRequest, rules: ValidationRules): Rejection | undefined {
  const { bodyTypes } = rules;
  if (bodyTypes && request.body.length > 0) {
    const accept: Rejection['headers'] = [['Accept', bodyTypes.join(', ')]];
    const optional = request.contentDisposition?.params.get('handling')?.toLowerCase() === 'optional';
    const encoding = request.contentEncoding.filter((coding) => coding.toLowerCase() !== 'identity');
    if (!optional && encoding.length > 0) {
      return reject(415, `no support for ${encoding.join(', ')}`, [['Accept-Encoding', 'identity']]);
    }
    const type = request.contentType;
    if (!optional && (type === undefined || !bodyTypes.some((supported) => type.is(supported)))) {
      return reject(415, 'no support for this body type', accept);
    }
  }
  if (request.method === 'INVITE' && !acceptsSdp(request)) {
    return reject(406, 'the answer would be SDP', [
      ['Warning', '399 switchhook "the answer to an INVITE is application/sdp"'],
    ]);
  }
  return undefined;
}

/** Absent, or a range that SDP is in (§20.1). */
function acceptsSdp(request: SipRequest): boolean {
  if (!request.has('Accept')) return true;
  return request.accept.some(
    ({ type, subtype }) => (type === '*' || type === 'application') && (subtype === '*' || subtype === 'sdp'),
  );
}
