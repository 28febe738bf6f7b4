/**
 * Loads and saves settings, and is killed at the step of the file system that is named, as a power cut would:
 * `node settings-writer.mjs <path> <key> <value> <step>`. Every call counts twice, before and after it is done, and
 * writing counts at many lengths of what is on disk by then. Ends by itself, with the number of steps, when there are fewer.
 */
import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [path, key, value, killAt] = process.argv.slice(2);
const CUTS = [0, 1, 5, 10, 25, 50, 75, 90, 99];
let steps = 0;

function step() {
  if (++steps !== Number(killAt)) return;
  process.kill(process.pid, 'SIGKILL');
  // Nothing more happens here.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function counted(owner, name) {
  const original = owner[name];
  owner[name] = async function (...args) {
    step();
    const result = await original.apply(this, args);
    step();
    return result;
  };
}

for (const name of ['mkdir', 'rename', 'rm', 'readdir', 'readFile']) counted(fs, name);
const open = fs.open;
fs.open = async (...args) => {
  step();
  const file = await open(...args);
  step();
  counted(file, 'sync');
  counted(file, 'close');
  const write = file.writeFile;
  file.writeFile = async (data) => {
    const bytes = Buffer.from(data);
    let done = 0;
    for (const percent of CUTS) {
      const upTo = Math.floor((bytes.length * percent) / 100);
      writeSync(file.fd, bytes, done, upTo - done);
      done = upTo;
      step();
    }
    await write.call(file, bytes.subarray(done));
    step();
  };
  return file;
};
syncBuiltinESMExports();

const { SettingsStore } = await import('../../dist/webphone/settings/settings-store.js');
const store = new SettingsStore(path, key, 2);
await store.load();
await store.save({
  version: '1',
  configVersion: 0,
  fingerprint: '',
  settings: { first: value, filler: 'x'.repeat(20_000), last: value },
  learned: {},
});
console.log(steps);
