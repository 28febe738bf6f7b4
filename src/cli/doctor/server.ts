/** What `switchhook doctor` finds out about a server. */
import { systemClock } from '../../base/clock.js';
import { isSwitchhookError } from '../../base/errors.js';
import { nullLogger } from '../../base/logger.js';
import { cryptoRandom } from '../../base/random.js';
import {
  createDnsClient,
  probeReach,
  type Reach,
  type Target,
  TargetResolver,
  targetName,
} from '../../sip/index.js';
import { parseServer } from '../../ua/index.js';
import type { Values } from '../arguments.js';
import { phoneFrom } from '../phone-from-options.js';
import { Finding } from './finding.js';

const DNS_MS = 10_000;
/** Long enough for four repetitions of a lost datagram, and for a server that is slow. */
const PATIENCE_MS = 8_000;
const PROBE_MS = 2_000;

/** What to do about silence over UDP, by what TCP says on the same port. */
const UDP_REMEDIES: Record<Reach, string> = {
  open: 'UDP is filtered on the way, or the server does not take it.',
  refused: 'The host is up and refuses TCP on that port: is it the right port?',
  unreachable: 'There is no way to that host from here.',
  silent: 'TCP gets no answer either: a firewall on the way, or a host that is down.',
};

export class ServerChecks {
  readonly #values: Values;
  #targets: readonly Target[] = [];
  /** Nobody listens there. */
  #absent = false;

  constructor(values: Values) {
    this.#values = values;
  }

  async dns(): Promise<string> {
    const { server = '', transport } = this.#values;
    const resolver = new TargetResolver({
      clock: systemClock,
      random: cryptoRandom,
      logger: nullLogger,
      dns: createDnsClient(),
      supported: ['udp', 'tcp', 'tls'],
      family: 'any',
    });
    const uri = parseServer(server, 'server');
    if (transport && !uri.transport) uri.params.set('transport', transport);
    this.#targets = await resolver.resolve(uri, AbortSignal.timeout(DNS_MS));
    return this.#targets.map(targetName).join(', ');
  }

  async answers(): Promise<string> {
    await using phone = phoneFrom(this.#values);
    const { server = '' } = this.#values;
    const target = /^sips?:/i.test(server) ? server : `sip:${server}`;
    const answer = await this.#patiently('OPTIONS', (signal) => phone.options(target, { signal }));
    const software = answer.server ? `, ${answer.server}` : '';
    return `${answer.status} ${answer.reason} after ${answer.roundTripMs.toFixed(0)} ms${software}`;
  }

  /** Tried even at a server that does not answer OPTIONS: some do so to nobody they do not know. */
  async registration(): Promise<string> {
    if (this.#absent) throw new Finding('not tried: there is no server to register at', 'Find it first.');
    await using phone = phoneFrom(this.#values);
    await this.#patiently('REGISTER', (signal) => phone.register({ signal }));
    const [{ account, grantedSeconds }] = phone.registrations;
    const nat = account.publicAddress;
    return `granted for ${grantedSeconds} s${nat ? `; the server sees us at ${nat.host}:${nat.port} (NAT)` : ''}`;
  }

  /** Asks for as long as somebody may answer, and finds out what is wrong when nobody does. */
  async #patiently<T>(method: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const enough = new AbortController();
    const patience = setTimeout(() => enough.abort(), PATIENCE_MS);
    const [target] = this.#targets;
    const probing = target && this.#isAbsent(target).then((absent) => absent && enough.abort());
    try {
      return await ask(enough.signal);
    } catch (error) {
      if (!target || !isSwitchhookError(error, 'ERR_ABORTED')) throw error;
      await probing;
      throw await this.#silence(method, target);
    } finally {
      clearTimeout(patience);
    }
  }

  /** A host tells by ICMP that nobody listens on a UDP port. It may tell strangers so, and still answer SIP: wait a little. */
  async #isAbsent({ protocol, host, port }: Target): Promise<boolean> {
    this.#absent = protocol === 'udp' && (await probeReach('udp', host, port, PROBE_MS)) === 'refused';
    if (this.#absent) await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    return this.#absent;
  }

  async #silence(method: string, { protocol, host, port }: Target): Promise<Finding> {
    const where = targetName({ protocol, host, port });
    const silent = `no answer to ${method} from ${where} within ${PATIENCE_MS / 1000} s`;
    const tcp = await probeReach('tcp', host, port, PROBE_MS);
    if (protocol !== 'udp') {
      return new Finding(
        silent,
        tcp === 'open'
          ? 'Somebody listens there: is it a SIP server, and does it speak this transport on this port?'
          : 'No connection comes about: a firewall on the way, or a host that is down.',
      );
    }
    const tryTcp = tcp === 'open' ? ' TCP is open there: try --transport tcp.' : '';
    if (this.#absent) {
      return new Finding(`nothing listens at ${where}`, `Start the server, or correct its port.${tryTcp}`);
    }
    return new Finding(silent, `${UDP_REMEDIES[tcp]}${tryTcp}`);
  }
}
