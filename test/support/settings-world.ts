/** A phone made of settings beside a registrar, on a fake network in virtual time: what settings do on the wire. */

import { Phone, type PhoneOptions } from '../../src/phone/index.js';
import type { SipRequest } from '../../src/sip/index.js';
import { FakeMediaEngine } from '../../src/testing/fake-media.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import type { Call } from '../../src/ua/index.js';
import { accountSettings } from '../../src/webphone/mapping/account-options.js';
import { callOptions } from '../../src/webphone/mapping/call-options.js';
import { phoneOptions } from '../../src/webphone/mapping/phone-options.js';
import type { SettingValue } from '../../src/webphone/parameters/spec.js';
import { Settings } from '../../src/webphone/settings/settings.js';
import { FakeRegistrar } from './fake-registrar.js';
import { outcome } from './outcome.js';
import { UaWorld } from './ua-harness.js';

export type Given = Readonly<Record<string, SettingValue>>;

export const SERVER = '10.0.0.100';
export const HOST = '10.0.0.1';

export class SettingsWorld {
  readonly settings = new Settings();
  readonly engine = new FakeMediaEngine();
  readonly #phones: Phone[] = [];

  private constructor(
    readonly world: UaWorld,
    readonly registrar: FakeRegistrar,
  ) {}

  /** With an account at the registrar, and what is given besides. */
  static async start(given: Given = {}): Promise<SettingsWorld> {
    const world = new UaWorld();
    const made = new SettingsWorld(world, await FakeRegistrar.start(world, SERVER));
    const all: Given = { serveraddress: SERVER, username: 'anna', password: 'secret', ...given };
    for (const [name, value] of Object.entries(all)) {
      const result = made.settings.set(name, value);
      if (!result.ok) throw new Error(result.error);
    }
    return made;
  }

  /** The phone of the settings as they are now. */
  phone(): Phone {
    const { username, ...account } = accountSettings(this.settings);
    const options: PhoneOptions = { ...phoneOptions(this.settings), ...account, username };
    const phone = new Phone({
      ...options,
      clock: this.world.clock,
      random: this.world.random,
      engine: this.engine,
      network: { transport: this.world.network.transport(HOST), resolver: new FakeResolver() },
      listen: { host: HOST, port: 5060, ...options.listen },
    });
    this.#phones.push(phone);
    return phone;
  }

  /** The first REGISTER. */
  async register(phone: Phone = this.phone()): Promise<SipRequest> {
    const registering = outcome(phone.register());
    await this.world.run(1000);
    if (this.registrar.requests.length === 0) throw new Error(`no REGISTER: ${registering.text}`);
    return this.registrar.requests[0];
  }

  /** A call of a line as the settings have it. */
  async dial(target = '1234', line = 1, phone: Phone = this.phone()): Promise<Call> {
    const call = await phone.dial(target, callOptions(this.settings.forLine(line)));
    await this.world.run(100);
    return call;
  }

  /** The INVITE that reaches the server. */
  async invite(target = '1234', line = 1): Promise<SipRequest> {
    await this.dial(target, line);
    const invite = this.registrar.others.find(({ request }) => request.method === 'INVITE');
    if (!invite) throw new Error('no INVITE has come');
    return invite.request;
  }

  /** Somebody calls us. @returns the statuses he got */
  async called(by: Parameters<UaWorld['party']>[0] = 'bob', phone: Phone = this.phone()): Promise<number[]> {
    await phone.start();
    const bob = await this.world.party(by, '10.0.0.2');
    const call = bob.agent.invite(`sip:anna@${HOST}`, { from: bob.uri, redirects: 0 });
    await this.world.run(500);
    const statuses = this.world
      .lines(HOST, '10.0.0.2')
      .filter((line) => line.startsWith('SIP/2.0 '))
      .map((line) => Number(line.slice(8, 11)));
    if (call.state !== 'ended') void call.hangup();
    await this.world.run(500);
    return statuses;
  }

  async end(): Promise<void> {
    const closing = this.#phones.map((phone) => phone.close());
    await this.world.run(70_000);
    await Promise.all(closing);
    await this.world.end();
  }
}

/** Does something in a world with these settings, and takes it down again. */
export async function inWorld<T>(given: Given, work: (world: SettingsWorld) => Promise<T>): Promise<T> {
  const world = await SettingsWorld.start(given);
  try {
    return await work(world);
  } finally {
    await world.end();
  }
}
