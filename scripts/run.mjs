/** Runs one of the project's own programs after a build: `node scripts/run.mjs bench/main.mjs --json`. */
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const [program, ...args] = process.argv.slice(2);
prepare({ quiet: args.includes('--json') });
run(process.execPath, ['--expose-gc', join(root, program), ...args]);
