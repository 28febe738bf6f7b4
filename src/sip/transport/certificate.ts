/** Who a certificate speaks for in SIP (RFC 5922 §7). Pure; used by the TLS transport after the chain was verified. */
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { sameHost } from '../message/host.js';

interface Subject {
  /** SIP domain identities, lower case. */
  domains: string[];
  /** iPAddress values: RFC 5922 knows names only, RFC 5280 §4.2.1.6 these, for URIs with a numeric host. */
  addresses: string[];
}

/** The SIP domain identities of `certificate` (§7.1). */
export function sipIdentities(certificate: PeerCertificate): string[] {
  return readSubject(certificate).domains;
}

/**
 * True when the certificate is valid for `name`, the domain (or numeric host) of the URI (§7.2, §7.3).
 * @param wildcards accept '*.example.com' for one label below it, which RFC 5922 forbids and many servers have
 */
export function certificateMatches(certificate: PeerCertificate, name: string, wildcards: boolean): boolean {
  const { domains, addresses } = readSubject(certificate);
  if (isIP(name))
    return [...addresses, ...domains].some((identity) => isIP(identity) && sameHost(identity, name));
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const parent = wanted.slice(wanted.indexOf('.') + 1);
  return domains.some(
    (identity) => identity === wanted || (wildcards && parent.includes('.') && identity === `*.${parent}`),
  );
}

function readSubject(certificate: PeerCertificate): Subject {
  const uris: string[] = [];
  const names: string[] = [];
  const addresses: string[] = [];
  const alternatives = certificate.subjectaltname;
  if (!alternatives) {
    // §7.1 (2): the common name only where there is no subjectAltName at all.
    const commonName = certificate.subject?.CN;
    return { domains: isDnsName(commonName) ? [commonName.toLowerCase()] : [], addresses };
  }
  for (const [type, value] of splitAlternatives(alternatives)) {
    if (type === 'URI') {
      // No user part: that would name a person, not a domain.
      const host = /^sip:([^@;?]+)$/i.exec(value.replace(/[;?].*$/, ''))?.[1];
      if (host && !value.includes('@'))
        uris.push(
          host
            .replace(/:\d+$/, '')
            .replace(/^\[|\]$/g, '')
            .toLowerCase(),
        );
    } else if (type === 'DNS') {
      names.push(value.toLowerCase());
    } else if (type === 'IP Address') {
      addresses.push(value);
    }
  }
  // §7.1 (1): DNS values count if and only if there is no sip URI.
  return { domains: uris.length > 0 ? uris : names, addresses };
}

/** Node's text form: `DNS:a.example, URI:"sip:b,c", IP Address:192.0.2.1`; unusual values stand in JSON quotes. */
function splitAlternatives(text: string): Array<[type: string, value: string]> {
  const found: Array<[string, string]> = [];
  for (const [, type, quoted, plain] of text.matchAll(
    /([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    found.push([type, quoted === undefined ? plain : unquoteJson(quoted)]);
  }
  return found;
}

function unquoteJson(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}

function isDnsName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name);
}
