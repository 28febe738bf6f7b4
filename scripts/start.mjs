/** `npm start`: installs, builds, and runs the demo call. Options after `--` go to the demo. */
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const args = process.argv.slice(2);
prepare({ quiet: args.includes('--json') });
run(process.execPath, [join(root, 'dist', 'cli', 'main.js'), 'demo', ...args]);
