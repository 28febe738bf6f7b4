/** Writes docs/ERRORS.md from the catalogue: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const { ERROR_CATALOGUE } = await import('../dist/index.js');
const rows = Object.entries(ERROR_CATALOGUE)
  .map(([code, { text, remedy }]) => `| \`${code}\` | ${text} | ${remedy} |`)
  .join('\n');
const page = `# Errors

Written by \`npm run docs\` from \`src/base/errors.ts\`. Codes are stable; texts may change. The words in braces are the
\`details\` of the error.

| code | what happened | what to do |
|---|---|---|
${rows}
`;
writeFileSync(join(root, 'docs', 'ERRORS.md'), page);
