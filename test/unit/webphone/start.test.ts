/** When a webphone starts and registers by itself, and what it tells meanwhile. */
import { afterEach, describe, expect, it } from 'vitest';
import { FakeMediaEngine } from '../../../src/testing/fake-media.js';
import { FakeResolver } from '../../../src/testing/fake-resolver.js';
import { Webphone } from '../../../src/webphone/index.js';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import { outcome } from '../../support/outcome.js';
import type { Given } from '../../support/settings-world.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const ACCOUNT = { serveraddress: SERVER, username: 'alice', password: 'secret' };

let w: WebphoneWorld;
let registrar: FakeRegistrar;
const more: Webphone[] = [];

async function begin(given: Given = {}): Promise<void> {
  w = new WebphoneWorld(given);
  registrar = await w.registrar();
  registrar.password = 'secret';
}

/** Beside the one of the world, which is not used: made with its settings, started as they say. */
async function made(given: Given): Promise<string[]> {
  await begin();
  const webphone = new Webphone({
    settings: given,
    workFolder: w.folder,
    phone: {
      clock: w.world.clock,
      random: w.world.random,
      engine: new FakeMediaEngine(),
      network: { transport: w.world.network.transport('10.0.0.5'), resolver: new FakeResolver() },
      listen: { host: '10.0.0.5', port: 5060 },
    },
  });
  more.push(webphone);
  const told: string[] = [];
  webphone.notifications.subscribe((one) => told.push(String(one)));
  await w.run(500);
  return told;
}

afterEach(async () => {
  for (const webphone of more.splice(0)) {
    const closing = webphone.close();
    await w.run(5000);
    await closing;
  }
  await w.end();
});

describe('starting', () => {
  it('[registration/0] [param:startsipstack] 1 opens the sockets at once with a complete account', async () => {
    const told = await made(ACCOUNT);
    expect(told.filter((one) => one.startsWith('START'))).toContain('START,sip');
    expect(registrar.bindings.size).toBe(1);
  });

  it('[registration/0] [param:startsipstack] 1 waits without one, until the first registration', async () => {
    const told = await made({ serveraddress: SERVER, username: 'alice' });
    expect(told).not.toContain('START,sip');
    expect(registrar.requests).toHaveLength(0);
    more[0].API_SetParameter('password', 'secret');
    expect(more[0].API_Register()).toBe(true);
    await w.run(500);
    expect(told).toContain('START,sip');
    expect(registrar.bindings.size).toBe(1);
  });

  it('[param:startsipstack] 1 takes the MD5 of a login for a password', async () => {
    registrar.password = undefined;
    const told = await made({ serveraddress: SERVER, username: 'alice', md5: 'a'.repeat(32) });
    expect(told).toContain('START,sip');
  });

  it('[param:startsipstack] 0 waits for API_Start, 2 does not wait for an account', async () => {
    const waiting = await made({ ...ACCOUNT, startsipstack: 0 });
    expect(waiting).not.toContain('START,sip');
    more[0].API_Start();
    await w.run(500);
    expect(waiting).toContain('START,sip');
    for (const webphone of more.splice(0)) {
      const closing = webphone.close();
      await w.run(5000);
      await closing;
    }
    await w.end();
    expect(await made({ startsipstack: 2 })).toContain('START,sip');
  });

  it('[param:startsipstack] 3 and more wait for so many seconds', async () => {
    const told = await made({ ...ACCOUNT, startsipstack: 5 });
    await w.run(4000);
    expect(told).not.toContain('START,sip');
    await w.run(1000);
    expect(told).toContain('START,sip');
    expect(registrar.bindings.size).toBe(1);
  });
});

describe('registering by itself', () => {
  const registers = async (given: Given): Promise<number> => {
    await begin({ ...given });
    registrar.password = given.password ? 'secret' : undefined;
    w.webphone.API_Start();
    await w.run(500);
    const count = registrar.bindings.size;
    await w.end();
    return count;
  };

  it('[registration/0] [param:register] 0 leaves it to the application, 1 wants a complete account, 2 asks for no password', async () => {
    const { password: _, ...open } = ACCOUNT;
    expect(await registers({ ...ACCOUNT, register: 0 })).toBe(0);
    expect(await registers({ ...ACCOUNT, register: 1 })).toBe(1);
    expect(await registers({ ...open, register: 2 })).toBe(1);
    await begin({ ...ACCOUNT, register: 0 });
    w.webphone.API_Start();
    await w.run(500);
    expect(registrar.requests).toHaveLength(0);
    // Without arguments it is the account of the settings.
    expect(w.webphone.API_Register()).toBe(true);
    await w.run(500);
    expect(registrar.bindings.size).toBe(1);
    expect(registrar.last.from.uri.toString()).toBe(`sip:alice@${SERVER}`);
  });

  it('[registration/2] [notify:REGISTER] tells state, main account, user, reason and code, and the texts in their order', async () => {
    await begin(ACCOUNT);
    w.webphone.API_Start();
    await w.run(500);
    expect(w.strings('REGISTER')).toEqual([
      'REGISTER,0,0,Registering...,true,,alice,,-1',
      'REGISTER,0,1,Registered,true,,alice,,-1',
    ]);
    expect(w.states(-1)).toEqual(['Initialized', 'Register...', 'Registering...', 'Registered.']);
    w.forget();
    registrar.script = [403];
    w.webphone.API_Register();
    await w.run(3000);
    const failed = w.strings('REGISTER').at(-1) ?? '';
    expect(failed).toMatch(/^REGISTER,0,2,.*,true,,alice,.*,403$/);
    expect(w.states(-1).at(-1)).toBe('Register Failed');
  });

  it('[registration/2] [notify:REGISTER] further accounts are told as such, without a state of the phone', async () => {
    await begin({ ...ACCOUNT, extraregisteraccounts: `${SERVER},kate,secret,300` });
    w.webphone.API_Start();
    await w.run(5000);
    expect(w.strings('REGISTER')).toEqual([
      'REGISTER,0,0,Registering...,true,,alice,,-1',
      'REGISTER,0,1,Registered,true,,alice,,-1',
      'REGISTER,0,0,Registering...,false,,kate,,-1',
      'REGISTER,0,1,Registered,false,,kate,,-1',
    ]);
    expect(w.states(-1)).toEqual(['Initialized', 'Register...', 'Registering...', 'Registered.']);
  });

  it('[registration/1] registers anew before the time is over, and for longer when the server wants that', async () => {
    await begin({ ...ACCOUNT, registerinterval: 60, keepaliveival: 0 });
    registrar.minExpires = 100;
    w.webphone.API_Start();
    await w.run(500);
    // Each is challenged first.
    expect(registrar.requests.map(({ expires }) => expires)).toEqual([60, 60, 100]);
    await w.run(100_000);
    const [, , granted, next] = registrar.times;
    expect(next - granted).toBeLessThan(100_000);
    expect(w.webphone.API_IsRegistered()).toBe(true);
    expect(w.strings('REGISTER').filter((text) => text.includes(',0,2,'))).toEqual([]);
  });

  it.each([
    [{}, 2000],
    [{ waitforunregister: 500 }, 500],
  ])(
    '[registration/3] [API_Unregister] [param:waitforunregister] %j: Expires 0, and waits %i ms for a silent server',
    async (given, ms) => {
      await begin({ ...ACCOUNT, ...given });
      w.webphone.API_Start();
      await w.run(500);
      registrar.script = Array.from({ length: 20 }, () => 0);
      const left = outcome(w.webphone.API_Unregister(1));
      await w.run(ms - 100);
      expect(left.text).toBe('pending');
      expect(registrar.last.expires ?? registrar.last.contacts[0].params.get('expires')).toBe(0);
      await w.run(200);
      expect(left.text).toBe('done');
      await w.run(5000);
      expect(w.webphone.API_IsRegistered()).toBe(false);
    },
  );
});

describe('after a failure', () => {
  const report = async (given: Given, known: boolean): Promise<{ told: string[]; tried: number }> => {
    w = new WebphoneWorld({ ...ACCOUNT, serveraddress: 'pbx.example', ...given });
    registrar = await w.registrar();
    const table: FakeResolver['table'] = w.resolver.table;
    table.set('pbx.example', [{ protocol: 'udp', host: '10.0.0.99', port: 5060 }]);
    if (known) table.set('probe.example', [{ protocol: 'udp', host: '198.51.100.1', port: 5060 }]);
    w.world.network.unreachable.add('10.0.0.99');
    w.webphone.API_Start();
    await w.run(70_000);
    const told = w.strings('EVENT').filter((one) => /network/i.test(one));
    const tried = w.world.network.packets.filter(({ text }) => text.startsWith('REGISTER')).length;
    await w.end();
    return { told, tried };
  };

  it('[auto-recover/0] [param:networkchecks] [param:networkchecksdomain] says whether the network or the server is gone, when asked to', async () => {
    const checks = { networkchecks: 1, networkchecksdomain: 'probe.example' };
    const there = await report(checks, true);
    expect(there.told[0]).toBe('EVENT,WARNING,The network is there, the server does not answer');
    const gone = await report(checks, false);
    expect(gone.told[0]).toBe('EVENT,WARNING,No network');
    const unasked = await report({ ...checks, networkchecks: 0 }, true);
    expect(unasked.told).toEqual([]);
    // What is found out changes nothing of what is done.
    expect(there.tried).toBeGreaterThan(5);
    expect([gone.tried, unasked.tried]).toEqual([there.tried, there.tried]);
    await begin();
    expect(w.world.network.packets.filter(({ from }) => from.host === HOST)).toEqual([]);
  });
});
