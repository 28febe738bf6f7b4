/** A registered webphone whose settings are changed while it runs, in virtual time, for the cases beside this file. */
import { expect, vi } from 'vitest';
import { Phone } from '../../../../src/phone/index.js';
import type { Call } from '../../../../src/ua/index.js';
import type { SettingValue } from '../../../../src/webphone/parameters/spec.js';
import type { FakeRegistrar } from '../../../support/fake-registrar.js';
import type { Party, RawPeer } from '../../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../../support/webphone-world.js';

/** Changes the setting of its name in a running phone, and shows that it acts. */
export type LiveCase = () => Promise<void>;
export type LiveCases = Readonly<Record<string, LiveCase>>;

/** Us, for those who call by themselves. */
export const ME = { uri: `sip:alice@${HOST}`, host: HOST } as Party;

export class LivePhone {
  private constructor(
    readonly w: WebphoneWorld,
    readonly registrar: FakeRegistrar,
    /** Speaks SIP by hand. */
    readonly peer: RawPeer,
    /** A phone that rings. */
    readonly bob: Party,
    /** What nobody can see from outside. */
    readonly engine: Phone,
  ) {}

  static async start(given: Readonly<Record<string, SettingValue>>): Promise<LivePhone> {
    const w = new WebphoneWorld({ serveraddress: SERVER, username: 'alice', password: 'secret', ...given });
    const registrar = await w.registrar();
    const starts = vi.spyOn(Phone.prototype, 'start');
    w.webphone.API_Start();
    const engine = starts.mock.contexts.at(-1) as Phone;
    starts.mockRestore();
    await w.run();
    const peer = await w.world.peer('raw', '10.0.0.20');
    return new LivePhone(w, registrar, peer, await w.party('bob'), engine);
  }

  get api(): WebphoneWorld['webphone'] {
    return this.w.webphone;
  }

  /** As everybody does it. */
  async set(name: string, value: SettingValue): Promise<void> {
    expect(this.api.API_SetParameter(name, value)).toBe(true);
    await this.w.run(10);
  }

  run(ms = 100): Promise<void> {
    return this.w.run(ms);
  }

  /** Somebody calls us, and we answer. @returns the call at his end */
  async talk(party: Party = this.bob): Promise<Call> {
    const call = party.agent.invite(ME.uri, { from: party.uri });
    await this.w.run(60);
    expect(this.api.API_Accept(-1)).toBe(true);
    await this.w.run(60);
    expect(call.state).toBe('connected');
    return call;
  }

  /** The last request of ours that was for the server to answer. */
  asked(method: string): FakeRegistrar['others'][number] {
    const found = this.registrar.others.findLast(({ request }) => request.method === method);
    if (!found) throw new Error(`no ${method} has come`);
    return found;
  }

  /** What we have sent to somebody, as text. */
  sent(method: string, host?: string): string[] {
    return this.w.world.network.packets
      .filter(
        ({ text, from, to }) =>
          from.host === HOST && text.startsWith(`${method} `) && (!host || to.host === host),
      )
      .map(({ text }) => text);
  }

  /** REGISTERs that took a binding back. */
  get unregistered(): number {
    return this.registrar.requests.filter(({ expires }) => expires === 0).length;
  }

  /** The final status that a request of the raw peer got. */
  async asks(
    method: string,
    callId: string,
    options: Parameters<RawPeer['request']>[2] = {},
  ): Promise<number> {
    const before = this.peer.responses.length;
    await this.peer.request(method, ME, { callId, ...options });
    await this.run();
    return this.peer.responses.slice(before).findLast(({ status }) => status >= 200)?.status ?? 0;
  }

  async end(): Promise<void> {
    await this.w.end();
  }
}

/** With a phone that has run with these settings. */
export function live(
  work: (phone: LivePhone) => Promise<void>,
  given: Readonly<Record<string, SettingValue>> = {},
): LiveCase {
  return async () => {
    const phone = await LivePhone.start(given);
    try {
      await work(phone);
    } finally {
      await phone.end();
    }
  };
}
