/** The version in package.json. */
import { readFileSync } from 'node:fs';

let known: string | undefined;

export function packageVersion(): string {
  known ??= String(
    (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: unknown })
      .version,
  );
  return known;
}
