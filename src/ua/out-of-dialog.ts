/**
 * Requests that stand alone or open a dialog other than a call's: OPTIONS, MESSAGE, PUBLISH, SUBSCRIBE, REFER. Builds
 * them (RFC 3261 §8.1.1), finds their way out and has them sent with the credentials of the account.
 */
import { SwitchhookError } from '../base/errors.js';
import {
  type ClientHandle,
  NameAddr,
  type RequestResult,
  type SendOptions,
  SipRequest,
  type SipUri,
} from '../sip/index.js';
import { type Account, contactFor } from './account.js';
import { identityWithoutAccount, nextTarget, resolveTarget } from './call-target.js';
import type { SignallingEnvironment } from './signalling.js';
import { findWayOut } from './way-out.js';

export interface RequestOptions {
  account?: Account;
  /** Who asks, in place of the identity of the account. */
  from?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Of the body; default `text/plain`. */
  contentType?: string;
  /** Gives up when it fires. */
  signal?: AbortSignal;
}

/** Methods whose Contact nobody may use, since they make no dialog (RFC 3428 §5, RFC 3903 §4.1). */
const WITHOUT_CONTACT = new Set(['MESSAGE', 'PUBLISH']);

/** A request for `uri`; Contact comes on when it is sent. @throws ERR_INVALID_ARGUMENT for headers that cannot be */
export function buildRequest(
  env: Pick<SignallingEnvironment, 'random' | 'decorate' | 'ourselves'>,
  method: string,
  uri: SipUri,
  options: RequestOptions = {},
): SipRequest {
  const { account, headers = {}, body } = options;
  const { random } = env;
  const from =
    (options.from ? undefined : account?.identity()) ??
    identityWithoutAccount(options.from ?? env.ourselves());
  from.tag = random.token(10);
  const request = new SipRequest(method, uri.clone());
  for (const route of account?.routes() ?? []) request.add('Route', route);
  request.set('From', from);
  request.set('To', new NameAddr(uri.withoutZone().clone()));
  request.set('Call-ID', random.token(24));
  request.set('CSeq', `1 ${method}`);
  for (const [name, value] of Object.entries(headers)) request.set(name, value);
  if (body !== undefined) request.setBody(body, options.contentType ?? 'text/plain');
  env.decorate(request);
  return request;
}

/**
 * Sends what {@link buildRequest} made.
 * @throws ERR_DNS_NOT_FOUND, ERR_SIP_TRANSPORT, ERR_ABORTED
 */
export async function sendRequest(
  env: Pick<SignallingEnvironment, 'endpoint'>,
  request: SipRequest,
  account: Account | undefined,
  options: Pick<SendOptions, 'onFinal' | 'onError' | 'nextCseq' | 'signal'>,
): Promise<ClientHandle> {
  const uri = request.uri as SipUri;
  const { flow, targets } = await findWayOut(env.endpoint, uri, account, options.signal);
  const { user } = request.from.uri as SipUri;
  return env.endpoint.send(request, {
    ...options,
    auth: account?.auth,
    flow: targets ? undefined : flow,
    targets,
    beforeSend: (message, over) => {
      if (WITHOUT_CONTACT.has(message.method)) return;
      message.set(
        'Contact',
        account?.contact(over, uri.secure) ?? contactFor(user, over, undefined, uri.secure),
      );
    },
  });
}

/** One after the other, as for calls. */
const MAX_REDIRECTIONS = 5;

/**
 * A request of any method to `target` with its final response, whatever the status; redirections are followed (RFC 3261
 * §8.1.3.4).
 * @throws ERR_INVALID_ARGUMENT, ERR_SIP_TIMEOUT, ERR_SIP_TRANSPORT, ERR_DNS_NOT_FOUND, ERR_AUTHENTICATION_FAILED,
 * ERR_ABORTED
 */
export async function requestOnce(
  env: Pick<SignallingEnvironment, 'endpoint' | 'random' | 'decorate' | 'ourselves'>,
  method: string,
  target: string | SipUri,
  options: RequestOptions = {},
): Promise<RequestResult> {
  const { account, signal } = options;
  if (method === 'INVITE' || method === 'ACK' || method === 'CANCEL') {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `a ${method} is the business of a call` });
  }
  let uri = typeof target === 'string' ? resolveTarget(target, account) : target;
  const first = buildRequest(env, method, uri, options);
  const visited = new Set<string>();
  let seq = 0;
  for (;;) {
    visited.add(uri.toString());
    const request = first.clone();
    request.uri = uri.clone();
    request.set('CSeq', `${++seq} ${method}`);
    const result = await new Promise<RequestResult>((resolve, reject) => {
      sendRequest(env, request, account, {
        signal,
        nextCseq: () => ++seq,
        onFinal: (response, { flow, request: sent }) =>
          resolve({ response, flow: flow as RequestResult['flow'], request: sent }),
        onError: reject,
      }).catch(reject);
    });
    const { status } = result.response;
    const redirected = status >= 300 && status < 400 && visited.size <= MAX_REDIRECTIONS;
    const next = redirected ? nextTarget(result.response, visited, uri.secure) : undefined;
    if (!next) return result;
    uri = next;
  }
}
