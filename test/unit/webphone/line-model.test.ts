/** Lines as functions and notifications number them, and the settings about them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../src/ua/index.js';
import type { Party } from '../../support/ua-harness.js';
import { WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;
let carol: Party;

async function begin(settings: Record<string, number> = {}): Promise<void> {
  w = new WebphoneWorld({ disablesamecall: 0, ...settings });
  w.webphone.API_Start();
  bob = await w.party('bob');
  carol = await w.party('carol');
  await w.run();
  w.forget();
}

afterEach(() => w.end());

const lineOf = (call: Call): number => w.webphone.API_CallIDToLine(call.id);

describe('lines', () => {
  it('[line-model/0] -3 is a new one, -2 all, -1 the current one, 0 none, others their own', async () => {
    await begin();
    const { webphone } = w;
    const one = await w.calls(bob, -1);
    const two = await w.calls(carol, -3);
    const five = await w.calls(bob, 5);
    expect([one, two, five].map(lineOf)).toEqual([1, 2, 5]);
    expect(webphone.API_GetLine()).toBe(5);
    expect(webphone.API_Hold(-1, true)).toBe(true);
    await w.run();
    const held = (): number[] => [1, 2, 5].map((line) => webphone.API_IsOnHold(line));
    expect(held()).toEqual([0, 0, 2]);
    expect(webphone.API_Hold(0, true)).toBe(false);
    expect(webphone.API_Hold(2, true)).toBe(true);
    await w.run();
    expect(held()).toEqual([0, 2, 2]);
    expect(webphone.API_Hold(-2, false)).toBe(true);
    await w.run();
    expect(held()).toEqual([0, 0, 0]);
    expect(webphone.API_Hangup(-2)).toBe(true);
    await w.run();
    expect([one, two, five].map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
  });

  it('[line-model/1] [notify:LINE] a line that is set is that of later calls, one that is occupied gives way to a free one', async () => {
    await begin();
    const { webphone } = w;
    webphone.API_SetLine(4);
    expect(lineOf(await w.calls(bob))).toBe(4);
    expect(w.strings('LINE')).toEqual(['LINE,4']);
    // Occupied: by a call of ours, and by one that comes.
    expect(lineOf(await w.calls(carol))).toBe(1);
    expect(w.strings('LINE')).toEqual(['LINE,4', 'LINE,1']);
    await w.called(bob);
    expect(w.strings('LINE')).toEqual(['LINE,4', 'LINE,1', 'LINE,2']);
    expect(webphone.API_GetLine()).toBe(2);
    expect(webphone.API_Accept(-1)).toBe(true);
    await w.run();
    webphone.API_SetLine(4);
    webphone.API_Hangup(-1);
    await w.run();
    expect(bob.calls[0].state).toBe('ended');
    expect(carol.calls[0].state).toBe('connected');
  });

  it('[line-model/2] what is told of a call has its line; the state of the phone is that of the best one', async () => {
    await begin();
    const { webphone } = w;
    await w.calls(bob);
    await w.run(3000);
    w.forget();
    const second = await w.called(carol);
    expect(new Set(w.told.flatMap((one) => ('line' in one ? [one.line] : [])))).toEqual(new Set([-1, 2]));
    expect(w.states(2)).toEqual(['CallSetup', 'Ringing']);
    expect(w.states(-1)).toEqual(['Incoming...', 'Speaking (3 sec)']);
    expect(webphone.API_GetGlobalStatus()).toMatch(/^In Call/);
    void second.hangup();
    await w.run(1000);
    expect(w.states(-1).at(-1)).toMatch(/^Speaking/);
    expect(w.last('CDR')).toMatch(/^CDR,2,/);
    w.forget();
    w.media().emit('dtmf', { digit: '7', durationMs: 100, via: 'rfc4733' });
    expect(w.strings('DTMF')).toEqual(['DTMF,1,7']);
    webphone.API_Hangup(1);
    await w.run(1000);
    expect(w.states(1)).toEqual(['CallDisconnect', 'Finishing', 'Finished']);
    expect(w.states(-1).at(-1)).toBe('Ready');
  });

  it.each([
    [4, true],
    [6, false],
  ])(
    '[line-model/3] [param:strictlines] %i: an order for a line without a call reaches another: %s',
    async (strictlines, reaches) => {
      await begin({ strictlines });
      await w.calls(bob);
      expect(w.webphone.API_Hold(3, true)).toBe(reaches);
      await w.run();
      expect(w.webphone.API_IsOnHold(1)).toBe(reaches ? 2 : 0);
      expect(w.webphone.API_Hangup(3)).toBe(reaches);
      await w.run();
      expect(bob.calls[0].state).toBe(reaches ? 'ended' : 'connected');
    },
  );

  it('[line-model/4] [param:maxlineex] there are as many as are needed, up to 512 or what is set', async () => {
    await begin();
    for (let i = 1; i <= 9; i++) expect(lineOf(await w.calls(bob))).toBe(i);
    expect(w.webphone.API_SetLine(512)).toBe(true);
    expect(w.webphone.API_SetLine(513)).toBe(false);
    await w.end();
    await begin({ maxlineex: 3 });
    for (let i = 1; i <= 3; i++) expect(lineOf(await w.calls(bob))).toBe(i);
    w.webphone.API_Call(-1, bob.uri);
    await w.run();
    expect(bob.calls).toHaveLength(3);
    const refused = await w.called(carol);
    expect(refused.end?.status).toBe(486);
  });
});
