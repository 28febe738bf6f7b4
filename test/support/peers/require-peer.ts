/**
 * Which peer programs are here. A suite whose program is missing is reported as skipped, with the line that installs
 * it in its name; with SWITCHHOOK_REQUIRE_PEERS=1 it fails instead.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** What a suite can need → the Debian package that has it. */
const PACKAGES = {
  sipp: 'sip-tester',
  kamailio: 'kamailio',
  'kamailio tls': 'kamailio-tls-modules',
  baresip: 'baresip',
  linphonec: 'linphone-cli',
  openssl: 'openssl',
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  python3: 'python3',
  php: 'php-cli',
  mcs: 'mono-mcs',
  mono: 'mono-runtime',
  curl: 'curl',
  nc: 'netcat-openbsd',
  pulseaudio: 'pulseaudio',
  pactl: 'pulseaudio-utils',
} as const;

export type PeerProgram = keyof typeof PACKAGES;

const MULTIARCH = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'arm-linux-gnueabihf', ''];

function isInstalled(program: PeerProgram): boolean {
  if (program === 'kamailio tls') {
    return MULTIARCH.some((arch) => existsSync(join('/usr/lib', arch, 'kamailio/modules/tls.so')));
  }
  // Servers live in /usr/sbin, which users often do not have in their path.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** `describe` for a suite that drives `programs`. */
export function describeWith(programs: readonly PeerProgram[], title: string, suite: () => void): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const remedy = `apt-get install ${missing.map((program) => PACKAGES[program]).join(' ')}`;
  if (process.env.SWITCHHOOK_REQUIRE_PEERS === '1') {
    describe(title, () => {
      it(`needs ${missing.join(', ')}`, () => {
        throw new Error(`${missing.join(', ')} not found: ${remedy}`);
      });
    });
  } else {
    describe.skip(`${title} (to enable: ${remedy})`, suite);
  }
}
