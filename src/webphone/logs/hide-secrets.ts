/**
 * Takes secrets out of a line before it is logged: keys of SRTP, digest responses, passwords and tokens that stand as
 * `key=value`, and the values of the settings that are secret, wherever they turn up. Called by WebphoneLog for every
 * line.
 */
import { withoutKeys } from '../../base/redact.js';

const HIDDEN = '(hidden)';
/** RFC 7616 §3.4: from a response the password can be searched for. */
const RESPONSE = /\b((?:c?nonce-?)?response)="[^"]*"/gi;
const NAMED = /\b(password\d*|passwd|pwd|md5|token|secret)(\s*[=:]\s*)("[^"]*"|[^\s,;&"]+)/gi;
/** Shorter ones would blot out half the log. */
const SHORTEST = 4;

/** @param secrets values that must not be seen */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let clean = withoutKeys(text).replace(RESPONSE, `$1="${HIDDEN}"`).replace(NAMED, `$1$2${HIDDEN}`);
  for (const secret of secrets) {
    if (secret.length >= SHORTEST && clean.includes(secret)) clean = clean.replaceAll(secret, HIDDEN);
  }
  return clean;
}
