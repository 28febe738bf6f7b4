/** Saves settings without end, to be killed at it: `node settings-writer.mjs <path> <key>`. Prints what is on disk. */
import { SettingsStore } from '../../dist/webphone/index.js';

const [path, key] = process.argv.slice(2);
const store = new SettingsStore(path, key, 2);
for (let count = 1; ; count++) {
  await store.save({
    version: '1',
    configVersion: 0,
    fingerprint: '',
    settings: { first: count, filler: 'x'.repeat(300_000), last: count },
    learned: {},
  });
  console.log(count);
}
