/** How an account registers, beyond the defaults of RFC 3261 §10 and RFC 5626. Data, and the pure rules of it. */
import { type SipResponse, SipUri } from '../sip/index.js';
import { lenient } from './lenient.js';

export interface RegistrationOptions {
  /** Refresh after so many seconds, whatever the lifetime granted; it never outlives that. */
  refreshSeconds?: number;
  /** Refresh after this part of the lifetime: 2 = at half of it. Default: at 80 to 90 %. */
  refreshDivisor?: number;
  /** Where the lifetime granted is read first; `none`: what we asked for counts. Default 'contact'. */
  grantedBy?: 'contact' | 'header' | 'none';
  /** Where the lifetime asked for stands; it always does when a binding is taken back. Default 'header'. */
  askedIn?: 'header' | 'contact' | 'both' | 'nowhere';
  /** Value of an Event header, which some registrars want. */
  event?: string;
  /**
   * Domain of our address: the server as it was given, without `_sip._udp.` before it ('bare'), or the host its SRV
   * record leads to ('target'). Default 'auto': 'target' where the server is given as the name of such a record, else
   * as given.
   */
  domain?: 'given' | 'bare' | 'target' | 'auto';
  /** Take the binding back when leaving. Default true. */
  unregister?: boolean;
  /** Then take back all bindings of the user (RFC 3261 §10.2.2). Default false. */
  unregisterAll?: boolean;
  /** How long to wait for the answer to that, in ms; 0 = said once and not waited for. Default: as long as it is repeated. */
  unregisterWaitMs?: number;
  /** Take bindings of an earlier life back before the first REGISTER. Default false. */
  unregisterFirst?: boolean;
  /** Take the binding of an address we had before back with the REGISTER from the new one. Default true. */
  unbind?: boolean;
  /** The address to be called at: the one this machine has, or the one the server sees, at once or after a failure only. Default 'public'. */
  contact?: 'local' | 'onFailure' | 'public';
  /**
   * Which address the server sees counts: any; one in place of a private address of ours ('private'); or likewise, as
   * long as the server sees the same one when it has been told so ('stable'). Default 'stable'.
   */
  seenAddress?: 'any' | 'private' | 'stable';
  /** Name this device and its connection (RFC 5626: +sip.instance, reg-id, ob); 'auto': over connections. Default 'auto'. */
  outbound?: 'auto' | 'always' | 'never';
  /**
   * Ask for a GRUU (RFC 5627) and be the Contact of calls under it. The proxies on the way have to look it up within calls
   * as well. Default false.
   */
  gruu?: boolean;
  /** What keeps the way to the server open. Default 'crlfcrlf' (RFC 5626 §4.4.1); over UDP one CRLF does unless named. */
  keepAliveKind?: 'none' | 'crlf' | 'crlfcrlf' | 'space' | 'notify';
  /**
   * How long a server that has answered keep-alives may leave one without answer, in ms, until the way counts as lost
   * and we register anew; 0 = for ever. Default 10000 over connections, 22000 over UDP.
   */
  keepAliveAnswerMs?: number;
  /** Used while the server does not register us. */
  backup?: BackupServer;
  /** Ask the server whether it is there before the first REGISTER, and take the backup at once when it is not. Default false. */
  probeFirst?: boolean;
  /** When no answer comes over UDP, try TCP, then TLS; never when the transport is named. Default false. */
  otherTransports?: boolean;
  /** How often a server of lesser rank asks for the first one again, in seconds. Default 120. */
  returnSeconds?: number;
}

export interface BackupServer {
  /** `host`, `host:port` or a SIP URI. */
  server: string;
  /** Domain of our address there, when it is another one. */
  domain?: string;
}

/** RFC 3261 §10.2.4: the lifetime of our own binding, else Expires, else what we asked for; or by the rule given. */
export function grantedLifetime(
  response: SipResponse,
  isOurs: (contact: SipResponse['contacts'][number]) => boolean,
  asked: number,
  { grantedBy = 'contact' }: RegistrationOptions,
): number {
  if (grantedBy === 'none') return asked;
  const ours = response.contacts.find(isOurs);
  const parameter = Number(ours?.params.get('expires'));
  const contact = Number.isInteger(parameter) && parameter > 0 ? parameter : undefined;
  const header = response.expires || undefined;
  return (grantedBy === 'header' ? (header ?? contact) : (contact ?? header)) ?? asked;
}

/** RFC 5627 §3. */
export interface Gruus {
  public: SipUri;
  /** Tells nothing of who we are. */
  temporary?: SipUri;
}

/** Those our binding has got (RFC 5627 §4.2). */
export function grantedGruus(contact: SipResponse['contacts'][number] | undefined): Gruus | undefined {
  const [open, temporary] = ['pub-gruu', 'temp-gruu'].map((name) => {
    const text = contact?.params.get(name);
    return text === undefined ? undefined : lenient(() => SipUri.parse(text), undefined);
  });
  return open && { public: open, temporary };
}

/** Shortest time between two refreshes, in seconds. */
const SHORTEST_S = 1;

/** When to refresh a binding of `granted` seconds; undefined = by the usual rule. */
export function ownRefreshDelay(
  granted: number,
  { refreshSeconds, refreshDivisor }: RegistrationOptions,
): number | undefined {
  if (refreshSeconds) return Math.max(SHORTEST_S, Math.min(refreshSeconds, granted * 0.9));
  if (refreshDivisor && refreshDivisor > 1) return Math.max(SHORTEST_S, granted / refreshDivisor);
  return undefined;
}
