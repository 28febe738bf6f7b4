/**
 * `npm run bench`: measures the figures of the project, suite by suite, each in a process of its own.
 *
 *     --quick        shorter, less exact
 *     --only NAME    one suite (bench/suites/NAME.mjs); may be given several times
 *     --json         one JSON object as the last line of standard output
 *     --write        keeps the results in bench/README.md
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, load, machine } from './support/machine.mjs';
import { markdownTable, meets, terminalTable } from './support/table.mjs';

const suitesFolder = new URL('./suites/', import.meta.url);
const readme = new URL('./README.md', import.meta.url);
const MARK = '<!-- last run -->';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    suite: { type: 'string' },
  },
});

if (values.suite) await runSuite(values.suite);
else await runAll();

/** In the child process. */
async function runSuite(name) {
  const { run } = await import(new URL(`${name}.mjs`, suitesFolder));
  process.send(await run({ quick: values.quick }), () => process.exit(0));
}

async function inChild(name) {
  const args = ['--suite', name, ...(values.quick ? ['--quick'] : [])];
  const child = fork(fileURLToPath(import.meta.url), args, {
    execArgv: ['--expose-gc'],
    // What suites say is progress.
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  });
  let results;
  child.on('message', (message) => {
    results = message;
  });
  const [code] = await once(child, 'exit');
  return results ?? [{ name: `${name} (failed)`, value: null, unit: '', skipped: `ended with code ${code}` }];
}

async function runAll() {
  const all = readdirSync(suitesFolder).map((file) => file.replace(/\.mjs$/, ''));
  const wanted = values.only ?? all;
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}; there are ${all.join(', ')}.`);
    process.exit(2);
  }
  const where = machine();
  const loadBefore = load();
  console.error(describeMachine(where));
  if (loadBefore > 0.5) console.error(`The machine is busy (load ${loadBefore}): figures will be worse.`);
  const results = [];
  for (const name of wanted) {
    console.error(`— ${name}`);
    for (const result of await inChild(name)) results.push({ suite: name, ...result });
  }
  const missed = results.filter((result) => meets(result) === false);
  if (!values.json) console.log(`\n${terminalTable(results)}\n`);
  if (values.write) write(where, loadBefore, results);
  if (values.json) {
    const goalsMissed = missed.map(({ name }) => name);
    console.log(
      JSON.stringify({ machine: where, load: loadBefore, quick: values.quick, results, goalsMissed }),
    );
  }
}

function write(where, loadBefore, results) {
  const text = readFileSync(readme, 'utf8');
  const kept = text.slice(0, text.indexOf(MARK) + MARK.length);
  const busy = `Load of the machine at the start: ${loadBefore}.${values.quick ? ' A quick run.' : ''}`;
  writeFileSync(readme, `${kept}\n\n${describeMachine(where)}. ${busy}\n\n${markdownTable(results)}\n`);
}
