/** A stable name of the machine: a digest of what does not change, so that nothing can be read from it. */
import { createHash } from 'node:crypto';
import { arch, cpus, hostname, platform, userInfo } from 'node:os';

let known: string | undefined;

export function deviceId(): string {
  known ??= createHash('sha256')
    .update([hostname(), platform(), arch(), cpus()[0]?.model ?? '', userName()].join('\n'))
    .digest('hex')
    .slice(0, 32);
  return known;
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
