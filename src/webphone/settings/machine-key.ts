/**
 * The key of the kept settings when none is given: what names this machine, so that a copied file is of no use
 * elsewhere. Where the system has no such name a random one is made and put beside the settings, for this user only.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const MACHINE_IDS = ['/etc/machine-id', '/var/lib/dbus/machine-id'];
const KEY_FILE = 'settings.key';

/**
 * @param folder of the settings, for systems without a name of their own
 * @throws what writing the key file throws
 */
export function machineKey(folder: string, paths: readonly string[] = MACHINE_IDS): string {
  const id = firstText(paths) ?? keyFile(folder);
  return `${id}:${userInfo().username}`;
}

function keyFile(folder: string): string {
  const path = join(folder, KEY_FILE);
  const known = firstText([path]);
  if (known) return known;
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process was faster: its key counts.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}

function firstText(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      const text = readFileSync(path, 'utf8').trim();
      if (text) return text;
    } catch {
      // Absent, or not for us to read: the next one.
    }
  }
  return undefined;
}
