/** Writes docs/API.md, docs/NOTIFICATIONS.md and the types of the methods from the tables: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const { methodSources } = await import('../dist/webphone/methods-source.js');
for (const [name, text] of methodSources())
  writeFileSync(join(root, 'src', 'webphone', 'methods', name), text);
const { functionsPage, notificationsPage } = await import('../dist/webphone/reference-pages.js');
writeFileSync(join(root, 'docs', 'API.md'), functionsPage());
writeFileSync(join(root, 'docs', 'NOTIFICATIONS.md'), notificationsPage());
