/**
 * Mutated SIP messages through the parser, every accessor, the checks, the printer and the stream framer. Nothing but
 * SwitchhookError may come out of an accessor, nothing at all out of the receive path. 20,000 messages by default;
 * SWITCHHOOK_FUZZ=1000000 runs more and reports rate, slowest message and heap; SWITCHHOOK_FUZZ_SEED replays a run.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isSwitchhookError } from '../../src/base/errors.js';
import { type Random, SeededRandom } from '../../src/base/random.js';
import {
  DEFAULT_MESSAGE_LIMITS,
  findPart,
  parseMessage,
  type SipMessage,
  SipRequest,
  SipResponse,
  StreamFramer,
  validateRequest,
} from '../../src/sip/message/index.js';
import { MORSELS, SEEDS } from './seeds/sip-messages.js';

const COUNT = Number(process.env.SWITCHHOOK_FUZZ ?? 20_000);
const SEED = Number(process.env.SWITCHHOOK_FUZZ_SEED ?? 4475);

const below = (random: Random, limit: number): number => random.uint32() % Math.max(1, limit);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const splice = (bytes: Buffer, at: number, removed: number, inserted: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[below(random, bytes.length)] = below(random, 256);
    return bytes;
  },
  function insertMorsel(bytes, random) {
    return splice(bytes, below(random, bytes.length), 0, Buffer.from(pick(random, MORSELS)));
  },
  function replaceByMorsel(bytes, random) {
    return splice(bytes, below(random, bytes.length), below(random, 12), Buffer.from(pick(random, MORSELS)));
  },
  function removeRange(bytes, random) {
    return splice(bytes, below(random, bytes.length), below(random, 40), Buffer.alloc(0));
  },
  function truncate(bytes, random) {
    return Buffer.from(bytes.subarray(0, below(random, bytes.length)));
  },
  function repeatRange(bytes, random) {
    const at = below(random, bytes.length);
    const range = bytes.subarray(at, at + 1 + below(random, 30));
    return splice(bytes, at, 0, Buffer.concat(Array(1 + below(random, 40)).fill(range)));
  },
  function crossOver(bytes, random) {
    const other = pick(random, SEEDS);
    return Buffer.concat([
      bytes.subarray(0, below(random, bytes.length)),
      other.subarray(below(random, other.length)),
    ]);
  },
  function moveLine(bytes, random) {
    const lines = bytes.toString('latin1').split('\r\n');
    const [line] = lines.splice(below(random, lines.length), 1);
    lines.splice(below(random, lines.length + 1), 0, line);
    return Buffer.from(lines.join('\r\n'), 'latin1');
  },
  function changeDigits(bytes, random) {
    const text = bytes.toString('latin1').replace(/\d+/g, (digits) => {
      return below(random, 20) === 0 ? pick(random, ['0', '-1', '999999999999', `${digits}0`, '']) : digits;
    });
    return Buffer.from(text, 'latin1');
  },
];

function mutate(random: Random): Buffer {
  let bytes: Buffer = Buffer.from(pick(random, SEEDS));
  for (let n = 1 + below(random, 5); n > 0 && bytes.length > 0; n--)
    bytes = pick(random, MUTATIONS)(bytes, random);
  return bytes;
}

/** Every accessor of requests and responses, so that a new one is fuzzed without a word here. */
const ACCESSORS: ReadonlyArray<(message: SipMessage) => unknown> = (() => {
  const names = new Set<string>();
  for (const start of [SipRequest.prototype, SipResponse.prototype]) {
    for (let p: object = start; p !== Object.prototype; p = Object.getPrototypeOf(p)) {
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(p)))
        if (property.get) names.add(name);
    }
  }
  return [...names].map((name) => (message: SipMessage) => Reflect.get(message, name));
})();

/** Runs `read`, where only our own error may come out. */
function tolerate<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isSwitchhookError(error)) throw error;
    return undefined;
  }
}

function readAll(message: SipMessage): void {
  for (const accessor of ACCESSORS) {
    const value = tolerate(() => accessor(message));
    if (value !== undefined) String(Array.isArray(value) ? value.map(String) : value);
  }
  for (const { name } of message.fields()) tolerate(() => message.values(name));
  tolerate(() => findPart(message, 'application/sdp'));
}

function exercise(bytes: Buffer, random: Random): boolean {
  const result = parseMessage(bytes);
  if (!result.ok) {
    if (result.request) {
      readAll(result.request);
      const answer = SipResponse.for(result.request, result.status ?? 400);
      answer.toBytes();
      readAll(answer);
    }
  } else {
    const { message } = result;
    readAll(message);
    if (message instanceof SipRequest) {
      validateRequest(message, { role: 'uas', methods: ['INVITE'], bodyTypes: ['application/sdp'] });
      validateRequest(message, { role: 'proxy' });
      SipResponse.for(message, 200).toBytes();
    }
    // What was accepted prints, and what is printed is accepted and prints the same.
    const printed = Buffer.from(message.toBytes());
    const again = parseMessage(printed, {
      ...DEFAULT_MESSAGE_LIMITS,
      maxMessageBytes: 1 << 20,
      maxLineLength: 1 << 16,
    });
    if (!again.ok) throw new Error(`printed but not accepted: ${again.error.message}`);
    if (!printed.equals(again.message.toBytes())) throw new Error('printed differently the second time');
    tolerate(() => message.removeFirstValue('Via'));
    tolerate(() => message.replaceFirstValue('Route', '<sip:x;lr>'));
    message.clone().toString();
  }
  const framer = new StreamFramer(DEFAULT_MESSAGE_LIMITS, {
    onMessage: (message) => void message.toBytes(),
    onInvalid: ({ request }) => void request?.toBytes(),
    onKeepAlive: () => {},
    onFatal: () => {},
  });
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + below(random, bytes.length);
    framer.push(bytes.subarray(at, at + size));
    at += size;
  }
  return result.ok;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

describe('fuzzing SIP messages', () => {
  it('accepts every seed', () => {
    for (const seed of SEEDS) expect(parseMessage(seed)).toMatchObject({ ok: true });
  });

  it(`survives ${COUNT} mutated messages`, { timeout: 3_600_000 }, () => {
    const random = new SeededRandom(SEED);
    let accepted = 0;
    let slowest = 0;
    let heapEarly = 0;
    const start = performance.now();
    for (let i = 0; i < COUNT; i++) {
      if (i === Math.floor(COUNT / 10)) heapEarly = heapUsed();
      const bytes = mutate(random);
      const began = performance.now();
      try {
        if (exercise(bytes, random)) accepted++;
      } catch (cause) {
        throw new Error(`message ${i} of seed ${SEED}: ${JSON.stringify(bytes.toString('latin1'))}`, {
          cause,
        });
      }
      const took = performance.now() - began;
      if (took <= slowest) continue;
      // Was it the message, or the machine busy with something else? The second look tells.
      const again = performance.now();
      exercise(bytes, new SeededRandom(i));
      slowest = Math.max(slowest, Math.min(took, performance.now() - again));
    }
    const heapLate = heapUsed();
    if (process.env.SWITCHHOOK_FUZZ) {
      const seconds = (performance.now() - start) / 1000;
      process.stdout.write(
        `${COUNT} messages in ${seconds.toFixed(0)} s, ${accepted} accepted, slowest ${slowest.toFixed(1)} ms, ` +
          `heap ${heapEarly.toFixed(1)} MB after a tenth, ${heapLate.toFixed(1)} MB at the end\n`,
      );
    }
    // A tenth in, caches are warm: from there on nothing may pile up.
    expect(heapLate - heapEarly).toBeLessThan(8);
    expect(accepted).toBeGreaterThan(COUNT / 20);
  });
});
