/** What is between the two sessions: a quiet network, random loss, or what a recorded list of arrivals tells. */
import { existsSync, readFileSync } from 'node:fs';
import { SeededRandom } from '../../dist/base/random.js';
import { DatagramNetwork } from '../../dist/testing/index.js';

const LOSSES = [0, 0.01, 0.03, 0.05, 0.1];
/** Every codec loses the same packets. */
const LOSS_SEED = 20;
const DELAY_MS = 20;
const SLOT_MS = 20;
const SLOTS = 1500;

const TRACES_FILE = new URL('../../../shared/vectors/jitter/traces.json', import.meta.url);
const TRACES = ['gauss-20ms-reorder', 'spikes-240ms', 'loss-gilbert-bursts'];

/**
 * @typedef {object} Condition
 * @property {string} name
 * @property {number[][]} delays for each 20 ms of sending: the delays, in ms, of the copies that arrive
 */

/** @returns {Condition[]} */
export function conditions() {
  const traces = existsSync(TRACES_FILE) ? JSON.parse(readFileSync(TRACES_FILE, 'utf8')).traces : {};
  return [
    ...LOSSES.map((loss) => ({ name: `${loss * 100} % loss`, delays: randomLoss(loss) })),
    ...TRACES.filter((name) => traces[name]).map((name) => ({ name, delays: asTraced(traces[name]) })),
  ];
}

function randomLoss(loss) {
  const random = new SeededRandom(LOSS_SEED);
  return Array.from({ length: SLOTS }, () => (random.float() < loss ? [] : [DELAY_MS]));
}

/** @param {Array<[index: number, arrivalMs: number]>} arrivals of packets sent every 20 ms from 0 on */
function asTraced(arrivals) {
  const delays = Array.from({ length: SLOTS }, () => []);
  for (const [index, arrivalMs] of arrivals) delays[index]?.push(arrivalMs - index * SLOT_MS);
  return delays;
}

/** Treats RTP by its time of sending since the first packet, so that packet time and pauses change nothing. */
export class ConditionedNetwork extends DatagramNetwork {
  #clock;
  #delays;
  #start;

  constructor(clock, random, { delays }) {
    super(clock, random);
    this.#clock = clock;
    this.#delays = delays;
  }

  inject(data, fromHost, fromPort, toHost, toPort) {
    const isRtcp = fromPort % 2 === 1;
    const now = this.#clock.now();
    if (!isRtcp) this.#start ??= now;
    const slot = Math.floor((now - this.#start) / SLOT_MS) % SLOTS;
    for (const delayMs of isRtcp ? [DELAY_MS] : this.#delays[slot]) {
      this.conditions = { delayMs };
      super.inject(data, fromHost, fromPort, toHost, toPort);
    }
  }
}
