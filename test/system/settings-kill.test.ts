/** Settings survive a process that is killed while it reads or writes them, at every step of the file system. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsStore } from '../../dist/webphone/index.js';
import { type RunResult, runNode } from '../support/run-node.js';

const writer = join(import.meta.dirname, '..', 'support', 'settings-writer.mjs');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-kill-'));
  path = join(folder, 'settings.dat');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (value: string, step: number, key = 'key'): Promise<RunResult> =>
  runNode([writer, path, key, value, String(step)]);

/** Kills one process at each step, and looks at what is left. @returns how many were killed */
async function killedEverywhere(key: string, before: () => void, look: () => Promise<void>): Promise<number> {
  for (let step = 1; ; step++) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    before();
    const { code, stdout, stderr } = await run('new', step, key);
    await look();
    if (code === null) continue;
    expect([code, stdout.trim(), stderr]).toEqual([0, String(step - 1), '']);
    return step - 1;
  }
}

/** What a phone started next finds: whole settings, without a complaint, and nothing left lying about. */
async function found(): Promise<unknown> {
  const { kept, problem } = await new SettingsStore(path, 'key', 2).load();
  expect(problem).toBeUndefined();
  expect(kept?.settings.first).toBe(kept?.settings.last);
  expect(readdirSync(folder)).toEqual(kept ? ['settings.dat'] : []);
  return kept?.settings.first;
}

describe('kill -9 at every step', () => {
  it('[config-persist/0] of the first write leaves none or all of the settings', async () => {
    const seen = new Set<unknown>();
    const killed = await killedEverywhere(
      'key',
      () => {},
      async () => void seen.add(await found()),
    );
    expect(killed).toBeGreaterThanOrEqual(25);
    expect([...seen]).toEqual([undefined, 'new']);
  });

  it('[config-persist/0] of a later write leaves the old settings or the new ones', async () => {
    await run('old', 0);
    const old = readFileSync(path);
    const seen = new Set<unknown>();
    const killed = await killedEverywhere(
      'key',
      () => writeFileSync(path, old),
      async () => void seen.add(await found()),
    );
    expect(killed).toBeGreaterThanOrEqual(25);
    expect([...seen]).toEqual(['old', 'new']);
  });

  it.each([
    ['of another key', (bytes: Buffer) => bytes],
    ['that is damaged', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
  ])('[config-persist/0] a file %s stays as it is, here or aside', async (_, damage) => {
    await run('old', 0, 'another key');
    const unreadable = damage(readFileSync(path));
    const killed = await killedEverywhere(
      'key',
      () => writeFileSync(path, unreadable),
      async () => {
        const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
        expect(kept.filter((bytes) => bytes.equals(unreadable))).toHaveLength(1);
      },
    );
    expect(killed).toBeGreaterThanOrEqual(25);
    const { kept } = await new SettingsStore(path, 'key', 2).load();
    expect(kept?.settings.first).toBe('new');
  });
});
