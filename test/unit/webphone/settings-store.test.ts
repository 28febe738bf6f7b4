/** The file of the kept settings: nothing readable in it, and nothing lost by a wrong key or a damaged file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineKey } from '../../../src/webphone/settings/machine-key.js';
import { type KeptSettings, SettingsStore } from '../../../src/webphone/settings/settings-store.js';

const kept: KeptSettings = {
  version: '1.0.0',
  configVersion: 0,
  fingerprint: 'x',
  settings: { username: 'anna', password: 'top secret' },
  learned: { signalingport: 15_060 },
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchhook-store-'));
  path = join(folder, 'data', 'settings.dat');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the settings file', () => {
  it('is read as it was written, and shows nothing', async () => {
    await new SettingsStore(path, 'key', 2).save(kept);
    expect(await new SettingsStore(path, 'key', 2).load()).toEqual({ kept });
    const bytes = readFileSync(path, 'latin1');
    expect(bytes).not.toMatch(/anna|secret|15060/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is absent at first', async () => {
    expect(await new SettingsStore(path, 'key', 2).load()).toEqual({ kept: undefined });
  });

  it('of another key is reported and kept aside, not written over', async () => {
    await new SettingsStore(path, 'key', 2).save(kept);
    const before = readFileSync(path, 'utf8');
    const other = new SettingsStore(path, 'another', 2);
    const loaded = await other.load();
    expect(loaded.problem?.code).toBe('ERR_SETTINGS_FILE');
    expect(loaded.problem?.message).toMatch(/the key is another one/);
    await other.save({ ...kept, settings: {} });
    const [aside] = readdirSync(join(folder, 'data')).filter((name) => name.includes('unreadable'));
    expect(readFileSync(join(folder, 'data', aside), 'utf8')).toBe(before);
    expect((await new SettingsStore(path, 'another', 2).load()).kept?.settings).toEqual({});
  });

  it('that is damaged is reported and kept aside', async () => {
    await new SettingsStore(path, 'key', 2).save(kept);
    const whole = readFileSync(path, 'utf8');
    for (const damage of ['', 'username=anna\n', whole.slice(0, 40), whole.replace(/.{9}\n$/, '')]) {
      writeFileSync(path, damage);
      const { problem, kept: none } = await new SettingsStore(path, 'key', 2).load();
      expect([problem?.code, none]).toEqual(['ERR_SETTINGS_FILE', undefined]);
    }
    const aside = readdirSync(join(folder, 'data')).filter((name) => name.includes('unreadable'));
    expect(aside).toHaveLength(4);
  });

  it('of which a bit has changed is not believed', async () => {
    await new SettingsStore(path, 'key', 2).save(kept);
    const text = readFileSync(path, 'utf8');
    const at = text.length - 20;
    writeFileSync(path, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
    expect((await new SettingsStore(path, 'key', 2).load()).problem?.message).toMatch(/was changed/);
  });

  it('that is a folder is reported, and saving says so as well', async () => {
    const store = new SettingsStore(folder, 'key', 2);
    expect((await store.load()).problem?.code).toBe('ERR_SETTINGS_FILE');
    await expect(store.save(kept)).rejects.toMatchObject({ code: 'ERR_SETTINGS_FILE' });
  });

  it('loses what a killed run left behind', async () => {
    await new SettingsStore(path, 'key', 2).save(kept);
    writeFileSync(`${path}.999999.0a0b0c0d.tmp`, 'half');
    writeFileSync(`${path}.${process.pid}.0a0b0c0d.tmp`, 'in use');
    await new SettingsStore(path, 'key', 2).load();
    expect(readdirSync(join(folder, 'data')).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  });
});

describe('the key of the machine', () => {
  it('is what the system is named by', () => {
    writeFileSync(join(folder, 'id'), 'abc123\n');
    expect(machineKey(folder, [join(folder, 'absent'), join(folder, 'id')])).toMatch(/^abc123:/);
    expect(readdirSync(folder)).toEqual(['id']);
  });

  it('is made once where there is no such name', () => {
    const first = machineKey(join(folder, 'data'), []);
    expect(first).toMatch(/^[0-9a-f]{64}:/);
    expect(machineKey(join(folder, 'data'), [])).toBe(first);
    expect(statSync(join(folder, 'data', 'settings.key')).mode & 0o777).toBe(0o600);
  });
});
