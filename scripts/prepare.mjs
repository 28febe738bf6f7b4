/**
 * Brings a checkout to the state the other scripts need: the locked dependencies installed, `dist/` built from the
 * present sources. Does nothing when both are up to date, so that it costs a second run next to nothing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program in the project's folder; ends this process with its code when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) {
    console.error(`${command} could not be started: ${result.error.message}`);
    process.exit(127);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** By this Node.js where npm started us; else as the shell finds it, as Node starts no npm.cmd without one. */
function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) run(process.execPath, [cli, ...args], options);
  else run(['npm', ...args].join(' '), [], { ...options, shell: true });
}

/** @param {{quiet?: boolean}} [options] quiet: tell progress on standard error only */
export function prepare(options = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Switchhook needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
    process.exit(1);
  }
  // Quiet: standard output belongs to the program that runs afterwards.
  const stdio = options.quiet ? ['ignore', 2, 'inherit'] : 'inherit';
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.switchhook-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    console.error('Installing the dependencies …');
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio });
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, lock);
  }
  console.error('Building …');
  run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
    { stdio },
  );
}
