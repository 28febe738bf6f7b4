/**
 * `npm run coverage:spec`: how much of the catalogues beside the project is shown by a test. A function, setting,
 * notification or statement is done when a test that asserts something carries its tag: `[API_Hold]`,
 * `[param:holdtype]`, `[notify:CDR]`, `[hold/0]`. `--json` prints one object, `--write` makes docs/COVERAGE.md anew,
 * `--check` fails when that page is stale or a tagged test asserts nothing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';
import { wantedTags } from './spec-coverage/catalogue.mjs';
import { taggedTests } from './spec-coverage/tagged-tests.mjs';

const page = join(root, 'docs', 'COVERAGE.md');
const option = (name) => process.argv.includes(`--${name}`);

const wanted = await wantedTags(root);
if (!wanted) {
  console.log('Skipped: the catalogues are looked for in ../shared/spec, beside the checkout.');
  process.exit(0);
}
const { tags, unasserted } = taggedTests(root);
const known = new Set(Object.values(wanted).flatMap((rows) => rows.map(({ tag }) => tag)));
const unknown = [...tags.keys()].filter((tag) => !known.has(tag) && !isOptional(tag));
const report = Object.fromEntries(Object.entries(wanted).map(([kind, rows]) => [kind, count(rows)]));

if (option('json')) console.log(JSON.stringify({ ...report, unasserted, unknown }));
else print();
if (option('write')) writeFileSync(page, markdown());
if (unasserted.length > 0) fail('these tests carry a tag and assert nothing', unasserted);
if (option('check') && existsSync(page) && readFileSync(page, 'utf8') !== markdown()) {
  fail('docs/COVERAGE.md is stale', ['run `npm run coverage:spec -- --write`']);
}

/** Settings of other platforms may be tested and need not. */
function isOptional(tag) {
  return /^(?:param|notify):|^API_/.test(tag);
}

function count(rows) {
  const missing = rows.filter(({ tag, waitsFor }) => !tags.has(tag) && !waitsFor).map(({ tag }) => tag);
  const waiting = rows.filter(({ tag, waitsFor }) => !tags.has(tag) && waitsFor);
  return {
    done: rows.filter(({ tag }) => tags.has(tag)).length,
    total: rows.length,
    missing,
    waiting: Object.fromEntries(waiting.map(({ tag, waitsFor }) => [tag, waitsFor])),
  };
}

function print() {
  for (const [kind, { done, total, missing, waiting }] of Object.entries(report)) {
    const waits = Object.keys(waiting).length;
    console.log(
      `${kind.padEnd(14)} ${String(done).padStart(4)} of ${total}, ${waits} wait for an engine to come`,
    );
    if (missing.length > 0) console.log(`  missing: ${missing.join(' ')}`);
  }
  if (unknown.length > 0) console.log(`unknown tags: ${unknown.join(' ')}`);
}

function markdown() {
  const lines = [
    '# What is shown by tests',
    '',
    'Made by `npm run coverage:spec -- --write`. A row is done when a test that asserts something carries its tag.',
    '',
    '| what | done | of | waits for an engine to come |',
    '| --- | --- | --- | --- |',
  ];
  for (const [kind, { done, total, waiting }] of Object.entries(report)) {
    lines.push(`| ${kind} | ${done} | ${total} | ${Object.keys(waiting).length} |`);
  }
  for (const [kind, { missing, waiting }] of Object.entries(report)) {
    if (missing.length > 0)
      lines.push('', `## Missing ${kind}`, '', missing.map((tag) => `\`${tag}\``).join(' '));
    const reasons = new Map();
    for (const [tag, why] of Object.entries(waiting)) reasons.set(why, [...(reasons.get(why) ?? []), tag]);
    if (reasons.size === 0) continue;
    lines.push('', `## Waiting ${kind}`, '');
    for (const [why, list] of reasons) lines.push(`- ${why}: ${list.map((tag) => `\`${tag}\``).join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

function fail(what, list) {
  console.error(`\n${what}:\n${list.map((each) => `  ${each}`).join('\n')}`);
  process.exitCode = 1;
}
