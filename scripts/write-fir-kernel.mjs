/**
 * Writes src/dsp/fir-kernel-wasm.ts: the WebAssembly module of the resampler's inner loop, assembled here instruction
 * by instruction. Eight taps at a time on 16-bit integers is what plain JavaScript cannot do. Run it after a change:
 * `node scripts/write-fir-kernel.mjs`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const I32 = 0x7f;
const V128 = 0x7b;

function unsigned(value) {
  const bytes = [];
  do {
    const more = value > 0x7f;
    bytes.push((value & 0x7f) | (more ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return bytes;
}

function signed(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 0x7f;
    value >>= 7;
    const last = (value === 0 && !(byte & 0x40)) || (value === -1 && byte & 0x40);
    bytes.push(last ? byte : byte | 0x80);
    if (last) return bytes;
  }
}

const vector = (items) => [...unsigned(items.length), ...items.flat()];
const section = (id, content) => [id, ...unsigned(content.length), ...content];
const text = (value) => vector([...Buffer.from(value)]);

// The instructions that are needed (WebAssembly core specification, §5.4).
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const tee = (local) => [0x22, local];
const constant = (value) => [0x41, ...signed(value)];
const add = [0x6a];
const subtract = [0x6b];
const lessThan = [0x49];
const atLeast = [0x4f];
const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0b];
const when = (...body) => [0x04, 0x40, ...body.flat(), 0x0b];
const again = [0x0d, 0];
const simd = (code, ...rest) => [0xfd, ...unsigned(code), ...rest];
const load = simd(0x00, 1, 0);
const zero = simd(0x0c, ...new Array(16).fill(0));
const splat = simd(0x11);
const shuffle = (...bytes) => simd(0x0d, ...bytes);
const upperHalf = shuffle(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
const secondLane = shuffle(4, 5, 6, 7, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
const shiftLanes = simd(0xac);
const storeLane0 = simd(0x59, 1, 0, 0);
const narrow = simd(0x85);
const addLanes = simd(0xae);
const dot = simd(0xba);

/** The four partial sums lose this many bits before they are added up, so that the sum cannot overflow. */
const GUARD_BITS = 2;

// fir(window, coefficients, out, end, taps, phase, phaseStep, phases, advance, half, shift): all in bytes but the last
// two, which round and scale the sum.
const [window, coefficients, out, end, taps, phase, phaseStep, phases, advance] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const [half, shift, sample, tap, last, lanes] = [9, 10, 11, 12, 13, 14];
const PARAMETERS = 11;

const body = [
  loop(
    [...zero, ...set(lanes)],
    [...get(window), ...set(sample)],
    [...get(coefficients), ...get(phase), ...add, ...tee(tap), ...get(taps), ...add, ...set(last)],
    loop(
      [...get(lanes), ...get(sample), ...load, ...get(tap), ...load, ...dot, ...addLanes, ...set(lanes)],
      [...get(sample), ...constant(16), ...add, ...set(sample)],
      [...get(tap), ...constant(16), ...add, ...tee(tap), ...get(last), ...lessThan, ...again],
    ),
    [...get(lanes), ...constant(GUARD_BITS), ...shiftLanes, ...set(lanes)],
    // The four lanes, added up: first the upper two to the lower two.
    [...get(lanes), ...get(lanes), ...get(lanes), ...upperHalf, ...addLanes, ...set(lanes)],
    [...get(lanes), ...get(lanes), ...get(lanes), ...secondLane, ...addLanes, ...set(lanes)],
    [...get(lanes), ...get(half), ...splat, ...addLanes, ...get(shift), ...shiftLanes, ...set(lanes)],
    // Narrowing saturates.
    [...get(out), ...get(lanes), ...get(lanes), ...narrow, ...storeLane0],
    [...get(out), ...constant(2), ...add, ...set(out)],
    [...get(window), ...get(advance), ...add, ...set(window)],
    [...get(phase), ...get(phaseStep), ...add, ...set(phase)],
    [...get(phase), ...get(phases), ...atLeast],
    when(
      [...get(phase), ...get(phases), ...subtract, ...set(phase)],
      [...get(window), ...constant(2), ...add, ...set(window)],
    ),
    [...get(out), ...get(end), ...lessThan, ...again],
  ),
  [0x0b],
].flat();

const locals = vector([
  [3, I32],
  [1, V128],
]);

const code = [...locals, ...body];
const bytes = [
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, vector([[0x60, ...vector(new Array(PARAMETERS).fill(I32)), 0]])),
  ...section(2, vector([[...text('host'), ...text('memory'), 0x02, 0x00, 1]])),
  ...section(3, vector([[0]])),
  ...section(7, vector([[...text('fir'), 0x00, 0]])),
  ...section(10, vector([[...unsigned(code.length), ...code]])),
];

if (!WebAssembly.validate(Uint8Array.from(bytes))) throw new Error('the module is not valid');

const lines = [];
for (let i = 0; i < bytes.length; i += 20) lines.push(`  ${bytes.slice(i, i + 20).join(', ')},`);
writeFileSync(
  fileURLToPath(new URL('../src/dsp/fir-kernel-wasm.ts', import.meta.url)),
  `/** The WebAssembly module of \`fir-kernel.ts\`. Written by \`scripts/write-fir-kernel.mjs\`: change that instead. */

export const FIR_GUARD_BITS = ${GUARD_BITS};

// biome-ignore format: a table of bytes
export const FIR_KERNEL: readonly number[] = [
${lines.join('\n')}
];
`,
);
