/** Phones on a fake network in virtual time, on top of {@link UaWorld}; `end` closes all and checks that nothing is left. */
import { expect } from 'vitest';
import { SwitchhookError } from '../../src/base/errors.js';
import { Phone, type PhoneOptions } from '../../src/phone/index.js';
import { FakeMediaEngine } from '../../src/testing/fake-media.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import type { Call } from '../../src/ua/index.js';
import { outcome } from './outcome.js';
import { UaWorld } from './ua-harness.js';

export interface TestPhone extends Phone {
  /** Calls that came, in order; they ring until the test does something about them. */
  readonly came: Call[];
  readonly engine: FakeMediaEngine;
  /** No socket can be opened. */
  portsTaken: boolean;
  /** All connections of the phone break. */
  breakConnections(): void;
}

export class PhoneWorld extends UaWorld {
  readonly phones: TestPhone[] = [];
  readonly resolvers = new Map<string, FakeResolver>();

  phone(host: string, options: PhoneOptions = {}): TestPhone {
    const engine = new FakeMediaEngine();
    const resolver = new FakeResolver();
    this.resolvers.set(host, resolver);
    const transport = this.network.transport(host);
    const phone = new Phone({
      clock: this.clock,
      random: this.random,
      engine,
      network: { transport, resolver },
      listen: { host, port: 5060 },
      ...options,
    });
    const made = Object.assign(phone, {
      came: [] as Call[],
      engine,
      portsTaken: false,
      breakConnections: () => transport.breakConnections(),
    });
    const listen = transport.listen.bind(transport);
    transport.listen = async (how) => {
      if (!made.portsTaken) return listen(how);
      throw new SwitchhookError('ERR_SIP_LISTEN', {
        address: host,
        protocol: how.protocol,
        why: 'EADDRINUSE',
      });
    };
    made.on('incoming', (call) => made.came.push(call));
    this.phones.push(made);
    return made;
  }

  /** `count` phones that are up: 10.0.0.1, 10.0.0.2 … */
  async started(count: number, options: PhoneOptions = {}): Promise<TestPhone[]> {
    const phones = Array.from({ length: count }, (_, i) => this.phone(`10.0.0.${i + 1}`, options));
    await Promise.all(phones.map((phone) => phone.start()));
    return phones;
  }

  /** The address a phone made by {@link started} is called at. */
  uriOf(phone: TestPhone, user = 'someone'): string {
    const [{ host, port }] = phone.addresses;
    return `sip:${user}@${host}:${port}`;
  }

  /** `from` calls `to`, who answers. */
  async talk(from: TestPhone, to: TestPhone, user?: string): Promise<{ out: Call; in: Call }> {
    const out = await from.dial(this.uriOf(to, user));
    await this.run(30);
    const incoming = to.came.at(-1) as Call;
    const answered = incoming.answer();
    await this.run(50);
    await answered;
    expect(out.state).toBe('connected');
    return { out, in: incoming };
  }

  /** Waits for a promise while time passes. */
  async soon<T>(promise: Promise<T>, ms = 100): Promise<T> {
    const done = outcome(promise);
    await this.run(ms);
    expect(done.text).not.toBe('pending');
    return promise;
  }

  override async end(): Promise<void> {
    this.network.lose = () => false;
    const closing = this.phones.map((phone) => outcome(phone.close()));
    await this.run(70_000);
    expect(closing.map(({ text }) => text)).toEqual(closing.map(() => 'done'));
    for (const { engine, lines } of this.phones) {
      expect(engine.open.size).toBe(0);
      expect(lines.taken).toEqual([]);
    }
    await super.end();
  }
}
