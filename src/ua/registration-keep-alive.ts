/** What keeps the way to the registrar open: the bytes of a keep-alive, or NOTIFY requests in their place. */
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Random } from '../base/random.js';
import { type Flow, type SipEndpoint, SipRequest } from '../sip/index.js';
import type { Account } from './account.js';
import type { RegistrationOptions } from './registration-options.js';

const BYTES = { crlf: '\r\n', crlfcrlf: '\r\n\r\n', space: ' \r\n' } as const;

/** What to send for a kind; undefined for the usual of the flow. */
export function keepAliveBytes(kind: RegistrationOptions['keepAliveKind']): Uint8Array | undefined {
  if (kind === undefined || kind === 'none' || kind === 'notify') return undefined;
  return Buffer.from(BYTES[kind]);
}

/** Sends a NOTIFY every so often; whatever is answered, it has kept the way open. */
export class NotifyKeepAlive {
  readonly #account: Account;
  readonly #env: { endpoint: Pick<SipEndpoint, 'request'>; clock: Clock; random: Random; logger: Logger };
  #timer: Timer | undefined;

  constructor(
    account: Account,
    env: { endpoint: Pick<SipEndpoint, 'request'>; clock: Clock; random: Random; logger: Logger },
  ) {
    this.#account = account;
    this.#env = env;
  }

  start(flow: Flow, seconds: number): void {
    this.stop();
    if (seconds <= 0) return;
    this.#timer = this.#env.clock.after(seconds * 1000, () => {
      if (!flow.open) return;
      this.#env.endpoint
        .request(this.#notify(), { flow, auth: this.#account.auth })
        .catch((error: unknown) => {
          this.#env.logger.debug('keep-alive not answered', { error });
        });
      this.start(flow, seconds);
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #notify(): SipRequest {
    const { random } = this.#env;
    const request = new SipRequest('NOTIFY', this.#account.registrar);
    const from = this.#account.identity();
    from.tag = random.token(10);
    request.set('From', from);
    request.set('To', this.#account.identity());
    request.set('Call-ID', random.token(24));
    request.set('CSeq', '1 NOTIFY');
    request.set('Event', 'keep-alive');
    return request;
  }
}
