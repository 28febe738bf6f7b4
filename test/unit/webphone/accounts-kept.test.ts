/** Accounts of a webphone that is closed and started again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { loadSettings } from '../../../src/webphone/settings/load-settings.js';
import { SettingsStore } from '../../../src/webphone/settings/settings-store.js';
import { SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-accounts-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Life {
  /** The users who have registered, in their order. */
  users: string[];
  main: string;
}

/** One run of the program. */
async function life(work: (w: WebphoneWorld) => unknown = () => {}): Promise<Life> {
  const keeper = await loadSettings({
    store: new SettingsStore(join(folder, 'settings.dat'), 'a key', 2),
    version: '1.0.0',
    clock: new VirtualClock(),
  });
  const w = new WebphoneWorld(keeper.settings, folder);
  const registrar = await w.registrar();
  w.webphone.API_Start();
  await w.run(3000);
  const users = [
    ...new Set(registrar.requests.map(({ from }) => String(from.uri).replace(/^sip:|@.*$/g, ''))),
  ];
  await work(w);
  await w.run(3000);
  const main = w.webphone.API_GetMainAccount();
  await w.end();
  await keeper.close();
  return { users, main };
}

describe('accounts', () => {
  it('[accounts/4] persist with the main one; when that is deleted another is, and stays so', async () => {
    const [anna, bea] = [`anna@${SERVER}`, `bea@${SERVER}`];
    const first = await life(async (w) => {
      w.webphone.API_Register(SERVER, 'anna', 'one');
      await w.run(500);
      w.webphone.API_AddAccount(`bea:two@${SERVER}`);
      w.webphone.API_AddAccount(`cora:three@${SERVER}`);
    });
    expect(first.main).toBe(anna);
    expect(await life()).toEqual({ users: ['anna', 'bea', 'cora'], main: anna });
    const third = await life(({ webphone }) => expect(webphone.API_DelAccount('anna')).toBe(true));
    expect(third.main).toBe(bea);
    expect(await life()).toEqual({ users: ['bea', 'cora'], main: bea });
    // One chosen as the main one is so in the next run.
    await life(({ webphone }) => webphone.API_SetMainAccount('cora'));
    expect((await life()).main).toBe(`cora@${SERVER}`);
  });
});
