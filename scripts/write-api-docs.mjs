/** Writes docs/API.md and docs/NOTIFICATIONS.md from the tables: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const { functionsPage, notificationsPage } = await import('../dist/webphone/reference-pages.js');
writeFileSync(join(root, 'docs', 'API.md'), functionsPage());
writeFileSync(join(root, 'docs', 'NOTIFICATIONS.md'), notificationsPage());
