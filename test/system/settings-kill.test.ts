/** Settings survive a process that is killed while it writes them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsStore } from '../../dist/webphone/index.js';
import { NodeProgram } from '../support/run-node.js';

const ROUNDS = 12;
const writer = join(import.meta.dirname, '..', 'support', 'settings-writer.mjs');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('kill -9 in the middle of a write', () => {
  it('[config-persist/0] leaves whole settings, no older than the last ones told to be on disk', async () => {
    const path = join(folder, 'settings.dat');
    for (let round = 0; round < ROUNDS; round++) {
      const program = new NodeProgram([writer, path, 'key']);
      await program.until(/^3$/m);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      const { stdout } = await program.stop('SIGKILL');
      const told = Number(stdout.trim().split('\n').at(-1));
      const { kept, problem } = await new SettingsStore(path, 'key', 2).load();
      expect(problem).toBeUndefined();
      expect(kept?.settings.first).toBe(kept?.settings.last);
      expect(Number(kept?.settings.first)).toBeGreaterThanOrEqual(told);
    }
    expect(readdirSync(folder)).toEqual(['settings.dat']);
  });
});
