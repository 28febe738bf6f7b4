/**
 * What the signal processing costs per 20 ms frame of speech-like audio, and what it allocates. Yardsticks stand where
 * a package for the same job was measured on the same kind of machine.
 */
import {
  Agc,
  CallProgressDetector,
  ConferenceMixer,
  DtmfDetector,
  FractionalResampler,
  Mixer,
  NoiseSuppressor,
  Resampler,
  TimeScaler,
  Vad,
} from '../../dist/dsp/index.js';

const FRAME_MS = 20;
const FRAMES = 50;
const PARTIES = 100;

/** A second of gliding harmonics under syllables, with some noise: `FRAMES` frames. */
function speech(sampleRate, seed = 1) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let phase = 0;
  return Int16Array.from({ length: sampleRate }, (_, i) => {
    const time = i / sampleRate;
    phase += (2 * Math.PI * (130 + 40 * Math.sin(4 * time + seed))) / sampleRate;
    let value = 0;
    for (let h = 1; h <= 10; h++) value += Math.sin(h * phase) / h;
    return 4000 * Math.max(0, Math.sin(14 * time + seed)) * value + 100 * (random() - 0.5);
  });
}

/** Best time per frame in µs; `frame` is called with 0 to FRAMES - 1 in turn. */
function microseconds(frame, rounds) {
  for (let i = 0; i < FRAMES * 40; i++) frame(i % FRAMES);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (let i = 0; i < FRAMES * 4; i++) frame(i % FRAMES);
    best = Math.min(best, ((performance.now() - start) * 1000) / (FRAMES * 4));
  }
  return best;
}

/** Heap growth per frame in bytes, after the code is compiled; at best of some rounds. */
function allocated(frame) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < FRAMES * 40; i++) frame(i % FRAMES);
    best = Math.min(best, (process.memoryUsage().heapUsed - before) / (FRAMES * 40));
  }
  return Math.max(0, best);
}

function resampling(from, to) {
  const pcm = speech(from);
  const out = new Int16Array((to * FRAME_MS) / 1000 + 8);
  const resampler = new Resampler(from, to);
  const count = (from * FRAME_MS) / 1000;
  return (i) => resampler.process(pcm, i * count, count, out, 0);
}

/** A block that works in place or only listens. */
function over(sampleRate, process) {
  const pcm = speech(sampleRate);
  const count = (sampleRate * FRAME_MS) / 1000;
  const work = new Int16Array(count * 3);
  return (i) => {
    for (let n = 0; n < count; n++) work[n] = pcm[i * count + n];
    process(work, 0, count);
  };
}

/** Four speak, the others are heard breathing. */
function crowd() {
  return Array.from({ length: PARTIES }, (_, i) =>
    speech(8000, i + 1).map((value) => (i % 25 === 0 ? value : value >> 8)),
  );
}

function mixing() {
  const parties = crowd();
  const out = new Int16Array(160);
  const mixer = new Mixer(160);
  return (i) => {
    mixer.begin(160);
    for (const party of parties) mixer.add(party, i * 160);
    for (const party of parties) mixer.others(party, i * 160, out, 0);
  };
}

function conference() {
  const room = new ConferenceMixer({ sampleRate: 8000 });
  const parties = crowd();
  const members = parties.map(() => room.add({ sampleRate: 8000 }));
  const out = new Int16Array(160);
  return (i) => {
    for (let m = 0; m < PARTIES; m++) members[m].say(parties[m], i * 160);
    room.mix();
    for (let m = 0; m < PARTIES; m++) members[m].hear(out);
  };
}

function timeScaling(sampleRate) {
  const scaler = new TimeScaler(sampleRate);
  const wanted = sampleRate / 50;
  let turn = 1;
  return over(sampleRate, (pcm, offset, count) => {
    turn = -turn;
    scaler.process(pcm, offset, count, turn * wanted);
  });
}

function drifting(sampleRate) {
  const resampler = new FractionalResampler();
  resampler.ppm = 200;
  const out = new Int16Array(sampleRate / 25);
  return over(sampleRate, (pcm, offset, count) => resampler.process(pcm, offset, count, out, 0));
}

export async function run({ quick = false } = {}) {
  const rounds = quick ? 10 : 40;
  const dtmf = { 8000: new DtmfDetector(8000, {}), 48000: new DtmfDetector(48000, {}) };
  const progress = new CallProgressDetector(8000, { onTone() {} });
  const [agc, vad] = [new Agc(16000), new Vad(16000)];
  const suppressors = [8000, 16000, 48000].map((rate) => [rate, new NoiseSuppressor(rate)]);
  const blocks = [
    ['resample 16 to 48 kHz', resampling(16000, 48000), 12],
    ['resample 48 to 16 kHz', resampling(48000, 16000), 12],
    ['resample 8 to 48 kHz', resampling(8000, 48000)],
    ['resample 48 to 8 kHz', resampling(48000, 8000)],
    ['resample 44.1 to 48 kHz', resampling(44100, 48000)],
    ['mix 100 parties N-1, 8 kHz', mixing(), 60],
    ['conference of 100 with gains, mute and active speaker, 8 kHz', conference()],
    ['stretch and shorten in turn, 8 kHz', timeScaling(8000)],
    ['stretch and shorten in turn, 48 kHz', timeScaling(48000)],
    ['clock drift compensation, 16 kHz', drifting(16000)],
    ['DTMF detection, 8 kHz', over(8000, (...frame) => dtmf[8000].process(...frame))],
    ['DTMF detection, 48 kHz', over(48000, (...frame) => dtmf[48000].process(...frame))],
    ['call progress detection, 8 kHz', over(8000, (...frame) => progress.process(...frame))],
    ['voice activity, 16 kHz', over(16000, (...frame) => vad.push(...frame))],
    ['gain control, 16 kHz', over(16000, (...frame) => agc.process(...frame))],
    ...suppressors.map(([rate, suppressor]) => [
      `noise suppression, ${rate / 1000} kHz`,
      over(rate, (...frame) => suppressor.process(...frame)),
    ]),
  ];
  const results = [];
  let most = 0;
  for (const [name, frame, goal] of blocks) {
    results.push({ name: `${name}, 20 ms`, value: microseconds(frame, rounds), unit: 'µs', goal });
    most = Math.max(most, allocated(frame));
  }
  results.push({ name: 'most that any of these allocates per frame', value: most, unit: 'bytes' });
  return results;
}
