/** The values nobody may see in a log: those of the settings that are secret, of now and before. */
import { resolveName } from '../parameters/names.js';
import type { SettingValue } from '../parameters/spec.js';
import type { Settings } from '../settings/settings.js';

const MOST = 256;
/** `server,user,password,…;` of further accounts. */
const PASSWORD_FIELD = 2;

/** @returns a function that gives them */
export function settingSecrets(settings: Settings): () => readonly string[] {
  const known = new Set<string>();
  let list: readonly string[] = [];
  const learn = (key: string, value: SettingValue | undefined): void => {
    if (resolveName(key)?.spec.secret !== 'hidden' || value === undefined || value === '') return;
    const text = String(value);
    const parts = text.includes(',')
      ? text.split(';').map((account) => account.split(',')[PASSWORD_FIELD] ?? '')
      : [];
    for (const secret of [text, ...parts.map((part) => part.trim())]) if (secret !== '') known.add(secret);
    for (const oldest of known) {
      if (known.size <= MOST) break;
      known.delete(oldest);
    }
    list = [...known];
  };
  for (const { key, value } of settings.lasting()) learn(key, value);
  settings.on('change', ({ key, value }) => learn(key, value));
  return () => list;
}
