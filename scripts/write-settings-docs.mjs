/** Writes docs/SETTINGS.md from the parameter table: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const { settingsPage } = await import('../dist/webphone/index.js');
writeFileSync(join(root, 'docs', 'SETTINGS.md'), settingsPage());
