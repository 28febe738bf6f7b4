/** From what people type, and what redirects, to the addresses of SIP: whom to call, and who calls. Pure. */
import { isSwitchhookError, SwitchhookError } from '../base/errors.js';
import { NameAddr, parseUri, type SipResponse, SipUri, type Uri } from '../sip/index.js';
import type { Account } from './account.js';
import { lenient } from './lenient.js';

/**
 * `1234`, `bob@example.com`, `sip:…`, `tel:+1…` as the address to call; a bare number is completed with our domain.
 * @throws ERR_INVALID_ARGUMENT
 */
export function resolveTarget(target: string, account: Account | undefined): SipUri {
  const text = target.trim();
  const invalid = (why: string): SwitchhookError =>
    new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `"${target}" cannot be called: ${why}` });
  if (text === '') throw invalid('it is empty');
  if (/[\r\n]/.test(text)) throw invalid('it has a line break');
  try {
    if (/^sips?:/i.test(text)) return callable(SipUri.parse(text));
    if (/^tel:/i.test(text)) {
      parseUri(text);
      if (!account) throw invalid('a telephone number needs an account or a server');
      // RFC 3261 §19.1.6: the telephone-subscriber becomes the user part.
      return new SipUri({
        user: text.slice(4),
        host: account.uri.host,
        port: account.uri.port,
        params: { user: 'phone' },
        secure: account.uri.secure,
      });
    }
    if (text.includes('@')) return callable(SipUri.parse(`sip:${text}`));
  } catch (error) {
    if (isSwitchhookError(error, 'ERR_INVALID_ARGUMENT')) throw error;
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  if (!account) throw invalid('a number or name alone needs an account or a server; write sip:user@host');
  return new SipUri({
    user: text.replace(/[\s()]/g, ''),
    host: account.uri.host,
    port: account.uri.port,
    secure: account.uri.secure,
  });
}

/** RFC 3966 §5.1.5: what is no global number is one of our domain. Undefined for what is no telephone number. */
export function telephoneNumber(target: string, account: Account | undefined): Uri | undefined {
  const text = target.trim();
  if (!/^tel:/i.test(text) || !account) return undefined;
  const uri = parseUri(text);
  if (uri.kind === 'tel' && !uri.number.startsWith('+') && !uri.params.has('phone-context'))
    uri.params.set('phone-context', account.uri.host);
  return uri;
}

/** RFC 3261 §19.1.5: headers and method of a URI are no part of a Request-URI; a call is an INVITE whatever they say. */
export function callable(uri: SipUri): SipUri {
  if (uri.headers.length === 0 && !uri.params.has('method')) return uri;
  const copy = uri.clone();
  copy.headers = [];
  copy.params.delete('method');
  return copy;
}

/**
 * The SIP contact of a 3xx with the highest q value that was not tried yet (RFC 3261 §8.1.3.4). A request to a
 * sips address follows none without: nobody is asked, and the user wanted it secure.
 */
export function nextTarget(
  response: SipResponse,
  visited: ReadonlySet<string>,
  secure: boolean,
): SipUri | undefined {
  let best: SipUri | undefined;
  let bestQ = -1;
  for (const contact of lenient(() => response.contacts, [])) {
    if (!(contact.uri instanceof SipUri) || (secure && !contact.uri.secure)) continue;
    const uri = callable(contact.uri);
    const q = Number(contact.params.get('q') ?? 1);
    if (q > bestQ && !visited.has(uri.toString())) {
      best = uri;
      bestQ = q;
    }
  }
  return best;
}

/**
 * Who calls without an account: `from`, or nobody (RFC 3261 §8.1.1.3, RFC 3323 §4.1.1.3).
 * @throws ERR_INVALID_ARGUMENT
 */
export function identityWithoutAccount(from: string | undefined): NameAddr {
  if (!from) return new NameAddr(new SipUri({ user: 'anonymous', host: 'anonymous.invalid' }), 'Anonymous');
  try {
    return NameAddr.parse(/^sips?:|</i.test(from) ? from : `sip:${from}`);
  } catch (cause) {
    throw new SwitchhookError(
      'ERR_INVALID_ARGUMENT',
      { what: `option 'from': "${from}" is not a SIP address` },
      { cause },
    );
  }
}
