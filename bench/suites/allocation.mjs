/**
 * What is allocated for a packet on its whole way, by V8's sampling heap profiler: sources, mixing, encoding, SRTP,
 * sending, receiving, jitter buffer, decoding, statistics. No object is made there; what is left are the boxed numbers
 * V8 makes of doubles in fields, and what libopus' wrapper allocates.
 */
import { allocationOf, rigOf } from '../support/allocation.mjs';

const PLAIN_GOAL = 192;
const CODED_GOAL = 1536;

const CASES = [
  ['PCMU', 8000, {}, PLAIN_GOAL],
  ['PCMU', 8000, { srtp: true }, PLAIN_GOAL],
  ['PCMU', 8000, { bridge: true }, PLAIN_GOAL],
  ['L16', 16_000, {}, PLAIN_GOAL],
  ['G722', 8000, {}, PLAIN_GOAL],
  ['GSM', 8000, {}, PLAIN_GOAL],
  ['G7221', 16_000, {}, PLAIN_GOAL],
  ['G729', 8000, {}, CODED_GOAL],
  ['iLBC', 8000, {}, CODED_GOAL],
  ['speex', 16_000, {}, CODED_GOAL],
  ['opus', 48_000, {}, CODED_GOAL],
];

export async function run({ quick = false } = {}) {
  const results = [];
  // The first call of a process pays for compiling what all calls share.
  await allocationOf(await rigOf({ codec: 'PCMU', clockRate: 8000 }), 4000);
  for (const [codec, clockRate, wishes, goal] of CASES) {
    const rig = await rigOf({ codec, clockRate }, wishes);
    const { bytesPerPacket, top } = await allocationOf(rig, quick ? 4000 : 20_000);
    const what = [`${codec}/${clockRate}`, ...Object.keys(wishes)].join(', ');
    const most = top[0] ? { name: top[0][0], value: top[0][1], unit: 'bytes' } : undefined;
    results.push({
      name: `allocated per packet, ${what}`,
      value: bytesPerPacket,
      unit: 'bytes',
      goal,
      yardstick: most,
    });
  }
  return results;
}
