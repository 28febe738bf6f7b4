/**
 * Who may reach this phone: lists of users and addresses, and whether calls for others or from strangers are taken.
 * Asked by the endpoint for what is dropped unseen, and by the user agent for what is refused. Keeps no state but its
 * options, which are those of the policies.
 */
import { isIP } from 'node:net';
import type { Flow, SipRequest } from '../../sip/index.js';
import type { Account } from '../../ua/index.js';
import type { Policies } from './policies.js';

export interface FilterOptions {
  /** Users, numbers, `user@host`, hosts and IP addresses that are not wanted. */
  block?: readonly string[];
  /** When not empty, nobody else is wanted. */
  allow?: readonly string[];
  /**
   * What happens to the unwanted: their presence and line state requests are refused; everything that begins something
   * is dropped without an answer; their calls are refused; calls are refused and the rest is dropped. Default 'drop'.
   */
  mode?: 'presence' | 'drop' | 'reject' | 'both';
  /** What unwanted calls are refused with. Default 403. */
  rejectStatus?: number;
  /**
   * Refuse calls to a user that is none of ours with 404; `contact`: also such that are not to an address of ours.
   * Default 'anybody'.
   */
  callsFor?: 'anybody' | 'us' | 'contact';
  /** Refuse calls that do not come from the server or proxy of an account. Default false. */
  refuseUnknownSources?: boolean;
}

export interface BlockedRequest {
  method: string;
  /** User and host of who sent it. */
  from: string;
  /** Where it came from. */
  source: string;
  action: 'dropped' | 'refused';
  /** The list that spoke against it; undefined when it was no list. */
  list: 'block' | 'allow' | undefined;
  request: SipRequest;
}

export interface FilterEnvironment {
  policies: Policies;
  accounts(): readonly Account[];
  /** Users we are, beside those of the accounts. */
  ownUsers: readonly string[];
  blocked(event: BlockedRequest): void;
}

const PRESENCE_METHODS = new Set(['SUBSCRIBE', 'NOTIFY', 'PUBLISH']);
const FORBIDDEN = 403;
const NOT_FOUND = 404;

export class RequestFilter {
  readonly #env: FilterEnvironment;

  constructor(env: FilterEnvironment) {
    this.#env = env;
  }

  /** For the endpoint: true = as if the request had never come. Requests within dialogs always pass. */
  drops(request: SipRequest, flow: Pick<Flow, 'remote'>): boolean {
    const { mode = 'drop' } = this.#env.policies.filter;
    if (mode !== 'drop' && mode !== 'both') return false;
    if (mode === 'both' && isCall(request)) return false;
    const list = hasToTag(request) ? undefined : this.#verdict(request, flow.remote.host);
    if (!list) return false;
    this.#tell(request, flow, 'dropped', list);
    return true;
  }

  /** For the user agent: the status to refuse a request with that begins something. */
  refuses(request: SipRequest, flow: Flow): number | undefined {
    const status = this.#refusal(request, flow);
    if (status === undefined) return undefined;
    this.#tell(request, flow, 'refused', this.#verdict(request, flow.remote.host));
    return status;
  }

  /** The list that speaks against a request. */
  #verdict(request: SipRequest, source: string): BlockedRequest['list'] {
    const { block = [], allow = [] } = this.#env.policies.filter;
    if (block.length === 0 && allow.length === 0) return undefined;
    const names = namesOf(request, source);
    if (block.some((entry) => names.has(normal(entry)))) return 'block';
    return allow.length > 0 && !allow.some((entry) => names.has(normal(entry))) ? 'allow' : undefined;
  }

  /** True when a number or address is on the list of those not wanted: such is not called either. */
  blocksTarget(target: { user: string; host: string }): boolean {
    const { block = [], mode = 'drop' } = this.#env.policies.filter;
    if (mode === 'presence') return false;
    const names = new Set([target.user, target.host, `${target.user}@${target.host}`].map(normal));
    names.delete('');
    return block.some((entry) => names.has(normal(entry)));
  }

  #refusal(request: SipRequest, flow: Flow): number | undefined {
    const { mode = 'drop', rejectStatus = FORBIDDEN, callsFor = 'anybody' } = this.#env.policies.filter;
    const concerned =
      PRESENCE_METHODS.has(request.method) || (mode !== 'presence' && request.method === 'INVITE');
    if (mode !== 'drop' && concerned && this.#verdict(request, flow.remote.host)) return rejectStatus;
    if (request.method !== 'INVITE') return undefined;
    if (this.#env.policies.filter.refuseUnknownSources && !this.#isServer(flow.remote.host)) return FORBIDDEN;
    if (callsFor !== 'anybody' && !this.#isForUs(request, flow, callsFor)) return NOT_FOUND;
    return undefined;
  }

  #isForUs(request: SipRequest, flow: Flow, callsFor: 'us' | 'contact'): boolean {
    const { uri } = request;
    if (uri.kind !== 'sip') return false;
    const accounts = this.#env.accounts();
    const users = [...accounts.map((account) => account.uri.user), ...this.#env.ownUsers];
    if (users.length > 0 && !users.includes(uri.user)) return false;
    if (callsFor === 'us') return true;
    const contacts = accounts.map((account) => account.binding(flow).uri);
    return contacts.some(
      (contact) => contact.kind === 'sip' && contact.host === uri.host && contact.port === uri.port,
    );
  }

  #isServer(source: string): boolean {
    return this.#env.accounts().some(({ flow, hops, outboundProxy }) => {
      const hosts = [flow?.remote.host, outboundProxy?.host, ...hops.map(({ uri }) => uri.host)];
      return hosts.some(
        (host) => host === source || (host === 'localhost' && isIP(source) && /^(127\.|::1$)/.test(source)),
      );
    });
  }

  #tell(
    request: SipRequest,
    flow: Pick<Flow, 'remote'>,
    action: BlockedRequest['action'],
    list: BlockedRequest['list'],
  ): void {
    const { uri } = request.from;
    const from = uri.kind === 'sip' ? `${uri.user ?? ''}@${uri.host}` : uri.toString();
    this.#env.blocked({ method: request.method, from, source: flow.remote.host, action, list, request });
  }
}

function isCall(request: SipRequest): boolean {
  return request.method === 'INVITE' || request.method === 'CANCEL' || request.method === 'ACK';
}

/** Never throws: what cannot be read is for others to refuse. */
function hasToTag(request: SipRequest): boolean {
  return /;\s*tag\s*=/i.test(request.get('To') ?? '');
}

/** Everything a list may call the sender of a request. */
function namesOf(request: SipRequest, source: string): Set<string> {
  const names = new Set([normal(source)]);
  for (const header of ['From', 'P-Asserted-Identity']) {
    for (const [, user, host] of (request.get(header) ?? '').matchAll(
      /(?:sips?|tel):(?:([^@>;]*)@)?([^>;:]*)/gi,
    )) {
      const name = decode(user ?? (host && /^tel:/i.test(host) ? host : ''));
      if (name) names.add(normal(name)).add(normal(`${name}@${host}`));
      if (host) names.add(normal(host));
    }
  }
  return names;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/:.*$/, ''));
  } catch {
    return text;
  }
}

function normal(entry: string): string {
  return entry
    .trim()
    .toLowerCase()
    .replace(/^sips?:/, '');
}
