/** Where the reference data lies: beside the project, never inside it. Suites that need it are skipped without it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..', 'shared');

export const hasShared: boolean = existsSync(join(root, 'vectors'));

/** The path of a file below `shared/`. */
export function sharedPath(...parts: string[]): string {
  return join(root, ...parts);
}
