/** How much is notified, what stopping forgets, and the texts of states, as the settings and the catalogue have them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
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
  it('[status-texts/0] of the phone as a whole are those of the list', async () => {
    expect(w.webphone.API_GetGlobalStatus()).toBe('Starting...');
    registrar.password = 'secret';
    w.webphone.API_Register(SERVER, 'alice', 'wrong');
    await w.run();
    w.webphone.API_Register(SERVER, 'alice', 'secret');
    await w.run();
    const bob = await w.party('bob');
    const own = await w.called(bob);
    w.webphone.API_Accept(-1);
    await w.run();
    expect(own.state).toBe('connected');
    expect(w.webphone.API_GetGlobalStatus()).toBe('In Call (0 sec)');
    w.webphone.API_Hangup(-1);
    await w.run();
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    registrar.others.at(-1)?.tx.reply(180);
    await w.run();
    w.webphone.API_Hangup(-1);
    await w.run(1000);
    w.webphone.API_Unregister();
    await w.run();
    w.webphone.API_Stop();
    await w.run(70_000);
    expect(w.webphone.API_GetGlobalStatus()).toBe('Idle.');
    expect(new Set(w.states(-1).map((text) => text.replace(/to .*/, '').trim()))).toEqual(
      new Set([
        'Initialized',
        'Register...',
        'Registering...',
        'Register Failed',
        'Registered.',
        'Incoming...',
        'Accept',
        'Speaking (0 sec)',
        'Hangup',
        'Call Finished',
        'Starting call',
        'Call',
        'Call Initiated',
        'Calling...',
        'Ringing...',
        'Unregistered',
      ]),
    );
  });

  it('[status-texts/1] of a line are those of the list', async () => {
    w.webphone.API_Start();
    await w.run();
    const bob = await w.party('bob');
    await w.calls(bob);
    w.webphone.API_Hold(-1, true);
    await w.run();
    w.webphone.API_Hold(-1, false);
    await w.run();
    w.webphone.API_Mute(-1, true);
    await w.run();
    w.webphone.API_Mute(-1, false);
    await w.run();
    w.webphone.API_Hangup(-1);
    await w.run(1000);
    const said = w.states(1).filter((text, i, all) => text !== all[i - 1]);
    expect(said).toEqual([
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
  });
});
