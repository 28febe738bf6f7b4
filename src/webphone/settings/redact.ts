/** What may be shown of a setting: secrets never, of addresses all but the user and password in them. */
import { resolveName } from '../parameters/names.js';
import type { SettingValue } from '../parameters/spec.js';

const HIDDEN = '(hidden)';

/** For logs, lists and everything else a person might see. */
export function shownSetting(name: string, value: SettingValue | undefined): SettingValue | undefined {
  const secret = resolveName(name)?.spec.secret;
  if (!secret || value === undefined || value === '') return value;
  if (secret === 'hidden') return HIDDEN;
  return String(value).replace(/^(\w+:\/\/)[^/@]*@/, `$1${HIDDEN}@`);
}
