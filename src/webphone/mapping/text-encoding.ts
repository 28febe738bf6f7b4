/** The encoding of texts the settings ask for: of texts in SIP messages, or of files and answers of web servers. */
import type { SettingsReader } from '../settings/settings.js';

/** The exact setting, or the general one; undefined is UTF-8. */
export function textEncoding(
  settings: SettingsReader,
  of: 'charset_sip' | 'charset_bytes',
): string | undefined {
  return settings.text(of) || settings.text('charset') || undefined;
}
