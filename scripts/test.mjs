/**
 * `npm test`: installs, builds, then checks types, style and dead exports and runs every suite. Suites whose peer
 * program is missing are skipped with the line that installs it; with SWITCHHOOK_REQUIRE_PEERS=1 they fail instead.
 * `npm test -- --quick` leaves out the suites that drive real programs.
 */
import { join } from 'node:path';
import { prepare, root, run } from './prepare.mjs';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const rest = args.filter((arg) => arg !== '--quick');

prepare();
const tool = (...parts) => join(root, 'node_modules', ...parts);
const step = (title, ...command) => {
  console.log(`\n— ${title}`);
  run(process.execPath, command);
};
step('Types', tool('typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--noEmit');
step('Style', tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '.');
step('Dead exports', tool('knip', 'bin', 'knip.js'));
step('Unit tests', tool('vitest', 'vitest.mjs'), 'run', '--project', 'unit', ...rest);
if (!quick) step('System tests', tool('vitest', 'vitest.mjs'), 'run', '--project', 'system', ...rest);
