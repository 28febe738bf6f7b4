/** Rows from calls with other programs: runs test/interop/codecs.test.ts, which writes them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const VITEST = join(root, 'node_modules/vitest/vitest.mjs');
const SUITE = 'test/interop/codecs.test.ts';

/** @returns {Promise<{rows: object[], skipped: string[], failed: string[]}>} with the names of suites and calls */
export async function live() {
  const folder = mkdtempSync(join(tmpdir(), 'switchhook-quality-'));
  try {
    const [rowsFile, reportFile] = ['rows', 'report.json'].map((name) => join(folder, name));
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${reportFile}`];
    const child = spawn(process.execPath, [VITEST, 'run', '--project', 'system', ...reporters, SUITE], {
      cwd: root,
      env: { ...process.env, SWITCHHOOK_QUALITY_ROWS: rowsFile },
      stdio: ['ignore', process.stderr, process.stderr],
    });
    await once(child, 'exit');
    const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8'));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const named = (...states) => tests.filter(({ status }) => states.includes(status));
    return {
      rows: existsSync(rowsFile) ? inOrder(readFileSync(rowsFile, 'utf8')) : [],
      skipped: [...new Set(named('skipped', 'pending').map(({ ancestorTitles: [suite] }) => suite))],
      failed: named('failed').map(({ ancestorTitles: [suite], title }) => `${suite}: ${title}`),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calls end as they like, and one that was tried again has two rows for the same. */
function inOrder(text) {
  const rows = new Map();
  for (const line of text.trim().split('\n')) {
    const row = JSON.parse(line);
    rows.set([row.peer, row.codec, row.caller !== 'we', row.listener !== 'we'].join(' '), row);
  }
  return [...rows.keys()].sort().map((key) => rows.get(key));
}
