/**
 * The phone of the soak test, in a process of its own with `--expose-gc`: does with each call what the number called
 * says, and counts on request what is left in it.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import { MediaEngine } from '../../dist/media/index.js';
import { Phone } from '../../dist/phone/index.js';

const { workers, sipTimers } = JSON.parse(process.argv[2]);
const engine = await MediaEngine.start({ workers });
const phone = new Phone({
  listen: { host: '127.0.0.1', transports: ['udp'] },
  maxCalls: 10_000,
  engine,
  sipTimers,
});
let ended = 0;
phone.on('callEnded', () => {
  ended++;
});
phone.on('incoming', (call) => {
  const number = /^sips?:([^@]+)@/.exec(call.local)?.[1];
  if (number === 'busy') call.reject(486);
  else if (number === 'ring') return;
  else if (number === 'slow') setTimeout(() => answer(call), 500);
  else answer(call, number);
});
await phone.start();

function answer(call, number) {
  call.answer().then(
    () => number === 'leave' && call.hangup(),
    () => {},
  );
}

/** How many objects of each class the heap holds. */
async function objectsByClass() {
  const chunks = [];
  for await (const chunk of getHeapSnapshot()) chunks.push(chunk);
  const { snapshot, nodes, strings } = JSON.parse(chunks.map(String).join(''));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt] = [fields.indexOf('type'), fields.indexOf('name')];
  const object = types[typeAt].indexOf('object');
  const counts = {};
  for (let i = 0; i < nodes.length; i += fields.length) {
    if (nodes[i + typeAt] !== object) continue;
    const name = strings[nodes[i + nameAt]];
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function census() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await sleep(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return {
    ended,
    calls: phone.calls.length,
    sessions: (await engine.stats()).sessions,
    heap: heapUsed + external,
    rss,
    resources,
    descriptors: readdirSync('/proc/self/fd').length,
    objects: await objectsByClass(),
  };
}

process.on('message', async (what) => {
  if (what === 'stop') {
    await phone.close();
    await engine.close();
    process.disconnect();
  } else process.send(what === 'census' ? await census() : { ended });
});
process.send({ port: phone.addresses[0].port });
