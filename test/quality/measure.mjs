/** One row: a call of two sessions in virtual time, one speaks and what the other hears is compared. */
import { VirtualClock } from '../../dist/base/clock.js';
import { SeededRandom } from '../../dist/base/random.js';
import { resampleAll } from '../../dist/dsp/index.js';
import { MediaEngine, readWav } from '../../dist/media/index.js';
import { compareAudio } from '../../dist/testing/index.js';
import { ConditionedNetwork } from './networks.mjs';

const SPEECH = new URL('../../assets/speech.wav', import.meta.url);
/** What is in the network, the jitter buffer and the codec when the last word was sent. */
const TAIL_MS = 700;
/** Silence after the call stands: people do not speak with the first packet. */
const LEAD_MS = 1000;
const MAX_DELAY_MS = 1000;
const FRAME_MS = 20;
const DYNAMIC_PAYLOAD_TYPE = 96;

/** @returns {Promise<(rate: number) => Int16Array>} the first `seconds` of the bundled speech at any rate */
export async function loadSpeech(seconds) {
  const { mono, sampleRate } = await readWav(SPEECH.pathname);
  const known = new Map();
  return (rate) => {
    const pcm = known.get(rate) ?? resampleAll(mono.slice(0, seconds * sampleRate), sampleRate, rate);
    known.set(rate, pcm);
    return pcm;
  };
}

/**
 * @param {import('./subjects.mjs').Subject} subject
 * @param {import('./networks.mjs').Condition} condition
 * @param {Int16Array} speech at the subject's compareRate
 */
export async function measure(subject, condition, speech) {
  const sampleRate = subject.compareRate;
  const { heard, stats, cpuUs } = await listen(subject, condition, speech);
  const compared = compareAudio(speech, heard, sampleRate, MAX_DELAY_MS);
  return {
    codec: subject.name,
    condition: condition.name,
    correlation: compared.correlation,
    coverage: compared.coverage,
    segmentalSnrDb: compared.segmentalSnrDb,
    delayMs: compared.delayMs,
    concealedMs: stats.concealedMs,
    lost: stats.received.lost,
    late: stats.received.late,
    cpuUs,
  };
}

/** The call of a row; what it costs is right from the second time on, when everything is compiled. */
export async function listen(subject, condition, speech) {
  const { compareRate: sampleRate } = subject;
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const transport = new ConditionedNetwork(clock, random, condition);
  const engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport });
  const speaker = await engine.openSession({ address: '10.0.0.1', label: 'speaker' });
  const listener = await engine.openSession({ address: '10.0.0.2', label: 'listener' });
  await speaker.configure(streamTo(listener, subject, 'sendonly'));
  await listener.configure(streamTo(speaker, subject, 'recvonly'));
  await clock.run(LEAD_MS);

  const output = listener.output({ sampleRate });
  const heard = collect(output);
  speaker.play({ samples: speech, sampleRate });
  const durationMs = (speech.length * 1000) / sampleRate + TAIL_MS;
  const cpu = process.cpuUsage();
  await clock.run(durationMs);
  const { user, system } = process.cpuUsage(cpu);
  output.close();
  const stats = await listener.close();
  await engine.close();
  return { heard: await heard, stats, cpuUs: ((user + system) * FRAME_MS) / durationMs };
}

function streamTo({ address, rtpPort, rtcpPort }, { codec, clockRate, options }, direction) {
  const format = { payloadType: DYNAMIC_PAYLOAD_TYPE, codec, clockRate, options };
  return {
    remote: { address, port: rtpPort, rtcpPort },
    direction,
    send: format,
    receive: [format],
  };
}

async function collect(output) {
  const frames = [];
  for await (const { samples } of output) frames.push(samples.slice());
  const pcm = new Int16Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    pcm.set(frame, at);
    at += frame.length;
  }
  return pcm;
}
