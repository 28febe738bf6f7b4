/**
 * `npm run quality`: how every codec sounds after a call, over good and bad networks, between two sessions of ours in
 * virtual time (the same figures on every machine, save the CPU time).
 *
 *     --codec NAME      only these ("G729", "opus/16000"); may be given several times
 *     --network NAME    only these ("0 % loss", "spikes-240ms"); may be given several times
 *     --quick           3 s of speech instead of 12, and CPU time that counts for nothing
 *     --live            calls with baresip and linphonec as well, in real time
 *     --json            one JSON object as the last line of standard output
 *     --write           keeps the results in docs/QUALITY.md
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine, load, machine } from '../../bench/support/machine.mjs';
import { live } from './live.mjs';
import { listen, loadSpeech, measure } from './measure.mjs';
import { conditions } from './networks.mjs';
import { subjects } from './subjects.mjs';
import { liveTable, simulatedTable } from './table.mjs';

const page = new URL('../../docs/QUALITY.md', import.meta.url);
const MARK = '<!-- last run -->';
const FULL_S = 12;
const QUICK_S = 3;

const { values } = parseArgs({
  options: {
    codec: { type: 'string', multiple: true },
    network: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const where = machine();
const loadBefore = load();
console.error(describeMachine(where));
const rows = await simulated();
if (!values.json) console.log(`\n${simulatedTable(rows).terminal()}\n`);
const calls = values.live ? await live() : undefined;
if (calls && !values.json) tell(calls);
if (values.write) write();
if (values.json) console.log(JSON.stringify({ machine: where, load: loadBefore, rows, live: calls }));

function tell({ rows, skipped, failed }) {
  if (rows.length > 0) console.log(`${liveTable(rows).terminal()}\n`);
  for (const suite of skipped) console.log(`skipped: ${suite}`);
  for (const call of failed) console.log(`failed: ${call}`);
}

async function simulated() {
  const chosen = choose('codec', subjects(), values.codec);
  const networks = choose('network', conditions(), values.network);
  const speech = await loadSpeech(values.quick ? QUICK_S : FULL_S);
  const result = [];
  for (const [i, subject] of chosen.entries()) {
    console.error(`— ${subject.name} (${i + 1} of ${chosen.length})`);
    const words = speech(subject.compareRate);
    if (!values.quick) await listen(subject, networks[0], words);
    for (const condition of networks) {
      result.push(await measure(subject, condition, words));
    }
  }
  return result;
}

/** Those whose name is, or begins with, one of `wanted`. */
function choose(what, all, wanted) {
  if (!wanted) return all;
  const fits = (text, { name }) =>
    name.toLowerCase() === text.toLowerCase() || name.toLowerCase().startsWith(`${text.toLowerCase()}/`);
  const unknown = wanted.filter((text) => !all.some((one) => fits(text, one)));
  if (unknown.length > 0) {
    console.error(
      `There is no ${what} ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}.`,
    );
    process.exit(2);
  }
  return all.filter((one) => wanted.some((text) => fits(text, one)));
}

function write() {
  const text = readFileSync(page, 'utf8');
  const kept = text.slice(0, text.indexOf(MARK) + MARK.length);
  const parts = [
    `${describeMachine(where)}. Load of the machine at the start: ${loadBefore}.`,
    simulatedTable(rows).markdown(),
  ];
  if (calls) parts.push('### Calls with other programs', liveTable(calls.rows).markdown());
  for (const suite of calls?.skipped ?? []) parts.push(`Skipped: ${suite}.`);
  for (const call of calls?.failed ?? []) parts.push(`Failed: ${call}.`);
  writeFileSync(page, `${kept}\n\n${parts.join('\n\n')}\n`);
}
