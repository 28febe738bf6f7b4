/**
 * A webphone on the fake network in virtual time, with a registrar and other phones to talk to. `end` closes everything
 * and checks that nothing is left.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createDiagnostics } from '../../src/base/diagnostics.js';
import { MemoryStore } from '../../src/phone/index.js';
import { FakeMediaEngine, type FakeMediaSession } from '../../src/testing/fake-media.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import type { Call } from '../../src/ua/index.js';
import { type Notification, type NotificationKind, Webphone } from '../../src/webphone/index.js';
import type { Settings } from '../../src/webphone/settings/settings.js';
import { FakeRegistrar } from './fake-registrar.js';
import { type Party, UaWorld } from './ua-harness.js';

export const SERVER = '10.0.0.100';
export const HOST = '10.0.0.1';

export class WebphoneWorld {
  readonly world = new UaWorld();
  readonly engine = new FakeMediaEngine();
  readonly resolver = new FakeResolver();
  readonly folder: string;
  readonly webphone: Webphone;
  /** Everything told so far. */
  readonly told: Notification[] = [];
  readonly #temporary: boolean;

  /** @param folder of the work, which stays: what the phone remembers is kept there; default: in memory */
  constructor(
    settings: Settings | Readonly<Record<string, string | number | boolean>> = {},
    folder?: string,
  ) {
    this.#temporary = folder === undefined;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'switchhook-webphone-'));
    const { network } = this.world;
    const diagnostics = createDiagnostics();
    const lose = network.lose;
    // The fake network has no taps of its own.
    network.lose = (packet) => {
      const trace = {
        time: this.world.clock.wallTime(),
        protocol: 'udp',
        data: Buffer.from(packet.text),
      } as const;
      const { from, to } = packet;
      if (from.host === HOST)
        diagnostics.sip.publish({ ...trace, direction: 'out', local: from, remote: to });
      if (to.host === HOST) diagnostics.sip.publish({ ...trace, direction: 'in', local: to, remote: from });
      return lose(packet);
    };
    this.webphone = new Webphone({
      startsipstack: 0,
      settings,
      workFolder: this.folder,
      phone: {
        clock: this.world.clock,
        random: this.world.random,
        engine: this.engine,
        store: this.#temporary ? new MemoryStore() : undefined,
        diagnostics,
        network: { transport: this.world.network.transport(HOST), resolver: this.resolver },
        listen: { host: HOST, port: 5060 },
      },
    });
    this.webphone.notifications.subscribe((one) => this.told.push(one));
  }

  run(ms = 100): Promise<void> {
    return this.world.run(ms);
  }

  registrar(): Promise<FakeRegistrar> {
    return FakeRegistrar.start(this.world, SERVER);
  }

  /** Another phone, which rings until the test does something. */
  party(name: string, host = `10.0.0.${10 + this.world.parties.length}`): Promise<Party> {
    return this.world.party(name, host);
  }

  /** Our strings of a kind so far. */
  strings(kind?: NotificationKind): string[] {
    return this.told.filter((one) => !kind || one.kind === kind).map(String);
  }

  last(kind: NotificationKind): string {
    return this.strings(kind).at(-1) ?? '';
  }

  /** The status texts of a line so far. */
  states(line: number): string[] {
    return this.told.flatMap((one) =>
      one.kind === 'STATUS' && one.line === line ? [one.statustext ?? ''] : [],
    );
  }

  forget(): void {
    this.told.length = 0;
  }

  /** We call them and they answer. */
  async calls(party: Party, line = -1): Promise<Call> {
    expect(this.webphone.API_Call(line, party.uri)).toBe(true);
    await this.run(60);
    const call = party.calls.at(-1) as Call;
    const answered = call.answer();
    await this.run(60);
    await answered;
    return call;
  }

  /** They call us; it rings. */
  async called(party: Party): Promise<Call> {
    const call = party.agent.invite(`sip:me@${HOST}`, { from: party.uri });
    await this.run(60);
    return call;
  }

  /** The media session of our n-th call. */
  media(index = 0): FakeMediaSession {
    return [...this.engine.open][index];
  }

  async end(): Promise<void> {
    const closing = this.webphone.close();
    await this.run(70_000);
    await closing;
    expect(this.engine.open.size).toBe(0);
    await this.world.end();
    if (this.#temporary) rmSync(this.folder, { recursive: true, force: true });
  }
}
