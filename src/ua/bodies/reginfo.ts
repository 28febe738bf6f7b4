/** Who is registered where (RFC 3680). Pure. */
import { childrenOf, parseXml, textOf, type XmlElement } from '../../base/xml.js';

export const REGINFO_TYPE = 'application/reginfo+xml';

export interface RegisteredContact {
  id: string;
  uri: string;
  state: 'active' | 'terminated';
  /** `registered`, `created`, `refreshed`, `shortened`, `expired`, `deactivated`, `probation`, `unregistered`, `rejected`. */
  event: string;
  displayName?: string;
  /** Seconds. */
  expires?: number;
  retryAfter?: number;
}

export interface RegistrationInfo {
  id: string;
  aor: string;
  state: 'init' | 'active' | 'terminated';
  contacts: RegisteredContact[];
}

export interface RegInfoDocument {
  version: number;
  full: boolean;
  registrations: RegistrationInfo[];
}

/** @throws ERR_XML */
export function parseRegInfo(text: string): RegInfoDocument {
  const root = parseXml(text);
  return {
    version: Number.parseInt(root.attributes.get('version') ?? '', 10) || 0,
    full: root.attributes.get('state') !== 'partial',
    registrations: childrenOf(root, 'registration').map((one) => ({
      id: one.attributes.get('id') ?? '',
      aor: one.attributes.get('aor') ?? '',
      state: stateOf(one),
      contacts: childrenOf(one, 'contact').map(parseContact),
    })),
  };
}

function stateOf(registration: XmlElement): RegistrationInfo['state'] {
  const word = registration.attributes.get('state');
  return word === 'active' || word === 'terminated' ? word : 'init';
}

function parseContact(contact: XmlElement): RegisteredContact {
  const { attributes } = contact;
  return {
    id: attributes.get('id') ?? '',
    uri: textOf(contact, 'uri') ?? '',
    state: attributes.get('state') === 'terminated' ? 'terminated' : 'active',
    event: attributes.get('event') ?? '',
    displayName: textOf(contact, 'display-name'),
    expires: seconds(attributes.get('expires')),
    retryAfter: seconds(attributes.get('retry-after')),
  };
}

function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
