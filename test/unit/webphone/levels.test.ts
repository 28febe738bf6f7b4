/** How much is notified, what stopping forgets, and the texts of states, as the settings and the catalogue have them. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import { type LoopbackWorld, onLoopback } from '../../support/loopback-world.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let registrar: FakeRegistrar;

beforeEach(async () => {
  w = new WebphoneWorld();
  registrar = await w.registrar();
});
afterEach(() => w.end());

const kinds = (): string[] => [...new Set(w.told.map(({ kind }) => kind))].sort();

async function aCall(): Promise<void> {
  w.forget();
  const bob = w.world.parties[0] ?? (await w.party('bob'));
  const call = await w.calls(bob);
  call.sendDtmf?.('1');
  w.webphone.API_Hangup(-1);
  await w.run(1000);
}

describe('how much is notified', () => {
  it('[param:events] is nothing, states and records, events, or the log as well', async () => {
    w.webphone.API_Start();
    await w.run();
    w.webphone.API_SetParameter('events', 0);
    await aCall();
    expect(w.told).toEqual([]);
    w.webphone.API_SetParameter('events', 1);
    await aCall();
    expect(kinds()).toEqual(['CDR', 'STATUS']);
    w.webphone.API_SetParameter('events', 2);
    await aCall();
    expect(kinds()).toEqual(expect.arrayContaining(['CDR', 'EVENT', 'STATUS']));
    expect(kinds()).not.toContain('LOG');
    w.webphone.API_SetParameter('events', 3);
    w.webphone.API_SetParameter('loglevel', 5);
    await aCall();
    expect(kinds()).toEqual(expect.arrayContaining(['CDR', 'EVENT', 'LOG', 'STATUS']));
    expect(w.strings('LOG').join()).toContain('INVITE sip:bob@');
    w.webphone.API_SetParameter('loglevel', 0);
    await aCall();
    expect(kinds()).not.toContain('EVENT');
    expect(kinds()).not.toContain('LOG');
  });
});

describe('what stopping forgets', () => {
  it('[param:destroymode] no presets of lines but with API_Exit, or in any case', async () => {
    const stopped = async (mode: number): Promise<string> => {
      w.webphone.API_SetParameter('destroymode', mode);
      w.webphone.API_Start();
      await w.run();
      w.webphone.API_SetLineParameter(1, 'displayname', 'Anna', 1);
      w.webphone.API_Stop();
      await w.run(70_000);
      return w.webphone.API_GetLineParameter(1, 'displayname');
    };
    expect(await stopped(-1)).toBe('Anna');
    expect(await stopped(0)).toBe('Anna');
    expect(await stopped(1)).toBe('');
  });
});

describe('the texts of states', () => {
  /** What the phone as a whole has said since the last time, without repetitions. */
  const said = (line = -1): string[] => {
    const texts = w.states(line).filter((text, i, all) => text !== all[i - 1]);
    w.forget();
    return texts;
  };

  const global = ({ told }: LoopbackWorld): string[] =>
    told.flatMap((one) => (one.kind === 'STATUS' && one.line === -1 ? [one.statustext ?? ''] : []));

  it('[status-texts/0] of the phone as a whole follow each other as things happen', async () => {
    expect(w.webphone.API_GetGlobalStatus()).toBe('Starting...');
    registrar.password = 'secret';
    w.webphone.API_Register(SERVER, 'alice', 'wrong');
    await w.run();
    expect(said()).toEqual(['Initialized', 'Register...', 'Registering...', 'Register Failed']);
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    expect(said()).toEqual(['Register...', 'Registering...', 'Registered.']);

    const bob = await w.party('bob');
    const own = await w.called(bob);
    w.webphone.API_Accept(-1);
    await w.run();
    expect(own.state).toBe('connected');
    expect(w.webphone.API_GetGlobalStatus()).toBe('In Call (0 sec)');
    expect(said()).toEqual(['Incoming...', 'Accept', 'Speaking (0 sec)']);
    w.webphone.API_SetParameter('stats', 1);
    await w.run(2200);
    expect(said()).toEqual(['In Call (1 sec)', 'In Call (2 sec)']);
    w.webphone.API_SetParameter('stats', 0);
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(said()).toEqual(['Hangup', 'Speaking (2 sec)', 'Call Finished', 'Registered.']);

    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    registrar.others.at(-1)?.tx.reply(180);
    await w.run();
    expect(said()).toEqual([
      `Starting call to ${bob.uri}`,
      'Call',
      'Call Initiated',
      'Calling...',
      'Ringing...',
    ]);
    w.webphone.API_Hangup(-1);
    await w.run(1000);
    expect(said()).toEqual(['Hangup', 'Call Finished', 'Registered.']);

    w.webphone.API_SendChat(-1, 'bob', '', 'hello');
    await w.run();
    expect(said()).toEqual(['Chat']);
    expect(w.webphone.API_GetGlobalStatus()).toBe('Registered.');

    w.webphone.API_Unregister();
    await w.run();
    expect(said()).toEqual(['Unregistered']);
    w.webphone.API_Stop();
    await w.run(70_000);
    expect(w.webphone.API_GetGlobalStatus()).toBe('Idle.');
  });

  it('[status-texts/0] without an account, or one that does not register, are Ready and Not Registered', async () => {
    w.webphone.API_Start();
    const bob = await w.party('bob');
    for (const [settings, rest] of [
      [{}, 'Ready'],
      [{ serveraddress: SERVER, username: 'alice', password: 'x' }, 'Not Registered'],
    ] as const) {
      for (const [name, value] of Object.entries(settings)) w.webphone.API_SetParameter(name, value);
      await w.run();
      w.webphone.API_Call(-1, bob.uri);
      await w.run();
      w.webphone.API_Hangup(-1);
      await w.run(1000);
      expect(said().at(-1)).toBe(rest);
    }
  });

  it('[status-texts/0] say when no server can be reached, and when there is no network', async () => {
    w.webphone.API_Register('nowhere.invalid', 'alice', 'secret');
    await w.run(1000);
    expect(said().slice(-2)).toEqual(['Register Failed', 'Server address unreachable']);
    expect(w.webphone.API_GetGlobalStatus()).toBe('Server address unreachable');
    await onLoopback(async (world) => {
      // No connection leads to a group: the system says what it says without a network.
      await world.started({ serveraddress: '224.0.0.1', transport: 1, register: 1 });
      await vi.waitFor(() => expect(global(world)).toContain('No network'));
      expect(global(world).slice(-2)).toEqual(['Register Failed', 'No network']);
    });
  });

  it('[status-texts/0] say how a connection comes about: Connecting... and, for TLS, Securing...', async () => {
    await onLoopback(async (world) => {
      const server = await world.server();
      await world.started({ serveraddress: server.address, transport: 1, register: 1 });
      await vi.waitFor(() => expect(global(world).at(-1)).toBe('Registered.'));
      expect(global(world)).toEqual([
        'Initialized',
        'Register...',
        'Registering...',
        'Connecting...',
        'Registered.',
      ]);
      world.told.length = 0;
      // Takes connections, and says nothing.
      const mute = createServer(() => {}).listen(0, '127.0.0.1');
      await once(mute, 'listening');
      const { port } = mute.address() as AddressInfo;
      await world.started({ serveraddress: `127.0.0.1:${port}`, transport: 2, register: 1 });
      await vi.waitFor(() => expect(global(world).at(-1)).toBe('Securing...'));
      expect(global(world).slice(-3)).toEqual(['Registering...', 'Connecting...', 'Securing...']);
      mute.close();
    });
  });

  it('[status-texts/1] of a line follow each other as the call goes on', async () => {
    expect(w.webphone.API_GetLineStatusText(0)).toBe('Init');
    w.webphone.API_Start();
    await w.run();
    expect(w.webphone.API_GetLineStatusText(0)).toBe('Ready');
    const bob = await w.party('bob');
    expect(w.webphone.API_GetLineStatusText(1)).toBe('Unknown');
    w.webphone.API_Call(-1, bob.uri);
    await w.world.run(1);
    expect(w.webphone.API_GetLineStatusText(1)).toBe('Setup');
    await w.run();
    const [call] = bob.calls;
    void call.answer();
    await w.run();
    const { webphone } = w;
    webphone.API_Hold(-1, true);
    await w.run();
    webphone.API_Hold(-1, false);
    await w.run();
    webphone.API_Mute(-1, true);
    await w.run();
    webphone.API_Mute(-1, false);
    await w.run();
    webphone.API_Hangup(-1);
    await w.run(1000);
    expect(said(1)).toEqual([
      'CallSetup',
      'Routed',
      'InProgress',
      'Ringing',
      'CallConnect',
      'Speaking',
      'Hold',
      'Speaking',
      'Muted',
      'Speaking',
      'CallDisconnect',
      'Finishing',
      'Finished',
    ]);
    // A call that comes, and whose caller gives up.
    const theirs = await w.called(bob);
    void theirs.hangup();
    await w.run(1000);
    expect(said(1)).toEqual(['CallSetup', 'Ringing', 'CallDisconnect', 'Finishing', 'Finished']);
  });

  it('[status-texts/1] while a call is being transferred is Midcall', async () => {
    w.webphone.API_Start();
    await w.run();
    const [bob, carol] = [await w.party('bob'), await w.party('carol')];
    await w.calls(bob);
    w.forget();
    expect(w.webphone.API_Transfer(-1, carol.uri)).toBe(true);
    await w.run();
    expect(said(1)).toEqual(['Midcall']);
    expect(w.webphone.API_GetLineStatusText(1)).toBe('Midcall');
    await w.run(1000);
    void carol.calls[0].answer();
    await w.run(1000);
    expect(said(1)).toEqual(['Midcall', 'CallDisconnect', 'Finishing', 'Finished']);
  });

  it('[status-texts/1] of line 0 are about registering, messages and presence', async () => {
    registrar.password = 'secret';
    const status = (): string => w.webphone.API_GetLineStatusText(0);
    w.webphone.API_Register(SERVER, 'alice', 'wrong');
    await w.run();
    expect(status()).toBe('RegisterFailed');
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.world.run(1);
    expect(status()).toBe('Register');
    await w.run();
    expect(status()).toBe('Registered');
    expect(said(0)).toEqual(['Registering', 'Authentication failed', 'Registering', 'Registered']);
    w.webphone.API_SendChat(-1, 'bob', '', 'hello');
    w.webphone.API_CheckPresence('carol');
    await w.run();
    expect(w.strings('STATUS').filter((text) => text.startsWith('STATUS,0'))).toEqual([
      expect.stringMatching(/^STATUS,0,Subscribe,carol,alice,/),
      expect.stringMatching(/^STATUS,0,Chat,bob,alice,/),
    ]);
    w.forget();
    w.webphone.API_Unregister();
    await w.world.run(1);
    expect(status()).toBe('Unregister');
    await w.run(1000);
    expect(said(0)).toEqual(['Unregister', 'Unregistered']);
  });
});
