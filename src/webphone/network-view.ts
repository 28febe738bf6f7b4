/** What the API tells of the network: whether there is one, and where SIP is listened on. */
import { interfaceAddresses } from '../base/interfaces.js';
import type { Settings, SettingsReader } from './settings/settings.js';
import type { Stack } from './stack.js';

export class NetworkView {
  readonly #stack: Stack;
  readonly #settings: Settings;

  constructor(stack: Stack, settings: Settings) {
    this.#stack = stack;
    this.#settings = settings;
  }

  /** An address other than loopback, or a server that needs none. */
  get online(): boolean {
    const external = interfaceAddresses().some(({ internal }) => !internal);
    return external || /^(127\.|localhost|\[?::1)/.test(this.#settings.text('serveraddress'));
  }

  /** `address:port` of the SIP socket; empty before the start. */
  get listener(): string {
    const own = this.#stack.phone?.ownAddress;
    if (!own) return '';
    const { host, port } = own;
    return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Who we are without a server: our name at our address. */
  ourselves(settings: SettingsReader): string | undefined {
    const user = settings.text('username');
    const { listener } = this;
    return user && listener ? `sip:${encodeURIComponent(user)}@${listener}` : undefined;
  }
}
