/** An engine with fake sound devices, calls through it and their far ends, all in virtual time. */
import { VirtualClock } from '../../src/base/clock.js';
import { SeededRandom } from '../../src/base/random.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import type { LoadCanceller } from '../../src/media/devices/echo-control.js';
import { MediaEngine, type MediaSession, type StreamFormat } from '../../src/media/index.js';
import { DatagramNetwork } from '../../src/testing/datagram-network.js';
import { FakeAudioBackend, FakeAudioDevice } from '../../src/testing/fake-audio.js';
import './preloaded.js';

const PCMU = { payloadType: 0, codec: 'PCMU', clockRate: 8000 };
const G722 = { payloadType: 9, codec: 'G722', clockRate: 8000 };

export interface HeadsetCall {
  far: MediaSession;
  leg: MediaSession;
}

export interface HeadsetRoom {
  clock: VirtualClock;
  engine: MediaEngine;
  backend: FakeAudioBackend;
  /** The default devices. */
  microphone: FakeAudioDevice;
  speaker: FakeAudioDevice;
  call(wide?: boolean): Promise<HeadsetCall>;
  /** What the far end hears for so long, 16 kHz. */
  hear(call: HeadsetCall, ms: number): Promise<Int16Array>;
}

export async function headsetRoom(options: { loadCanceller?: LoadCanceller } = {}): Promise<HeadsetRoom> {
  const clock = new VirtualClock();
  const random = new SeededRandom(5);
  const transport = new DatagramNetwork(clock, random, { delayMs: 10 });
  const backend = new FakeAudioBackend(clock);
  const speaker = backend.plug(
    new FakeAudioDevice('spk', 'output', { name: 'Desk speaker', isDefault: true }),
  );
  const microphone = backend.plug(
    new FakeAudioDevice('mic', 'input', { name: 'Desk microphone', isDefault: true }),
  );
  const engine = await MediaEngine.start({
    workers: 'in-process',
    clock,
    random,
    transport,
    audioBackend: backend,
    ...options,
  });
  let calls = 0;
  const call = async (wide = false): Promise<HeadsetCall> => {
    const n = ++calls;
    const format: StreamFormat = wide ? G722 : PCMU;
    const far = await engine.openSession({ address: `10.0.1.${n}`, label: `far ${n}` });
    const leg = await engine.openSession({ address: '10.0.0.1', label: `leg ${n}` });
    for (const [here, there] of [
      [far, leg],
      [leg, far],
    ]) {
      await here.configure({
        remote: { address: there.address, port: there.rtpPort, rtcpPort: there.rtcpPort },
        direction: 'sendrecv',
        send: format,
        receive: [format],
      });
    }
    return { far, leg };
  };
  const hear = async ({ far }: HeadsetCall, ms: number): Promise<Int16Array> => {
    const heard: number[] = [];
    const reader = far.output({ sampleRate: 16_000 });
    const reading = (async () => {
      for await (const frame of reader) heard.push(...frame.samples);
    })();
    await clock.run(ms);
    reader.close();
    await reading;
    return Int16Array.from(heard);
  };
  return { clock, engine, backend, microphone, speaker, call, hear };
}

/** A sine for a fake microphone, -10 dBov or so. */
export function sineOf(hz: number, amplitude = 10_000) {
  return (position: number, sampleRate: number): number =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * position) / sampleRate));
}

/** Plays a sine to the other end until the session ends. */
export function sound(session: MediaSession, hz: number): void {
  session.play({ tone: { segments: [{ frequencies: [hz], durationMs: 1000 }] } }, { loop: true });
}

/** Level of a tone in the last `ms` of audio at 16 kHz, dBov. */
export function toneAtEnd(pcm: Int16Array, hz: number, ms = 500): number {
  return toneLevelDbov(pcm.subarray(Math.max(0, pcm.length - ms * 16)), hz, 16_000);
}

const SYLLABLE_MS = 200;
const PAUSE_MS = 100;

/** A tone in syllables over a faint noise: what is steady for long counts as noise, not as a voice. */
export function voiceOf(hz: number) {
  const tone = sineOf(hz);
  return (position: number, sampleRate: number): number =>
    ((1000 * position) / sampleRate) % (SYLLABLE_MS + PAUSE_MS) < SYLLABLE_MS
      ? tone(position, sampleRate)
      : noise(position);
}

/** A room in which nobody speaks. */
export const noise = (position: number): number => ((position * 7919) % 41) - 20;

/** Speaks so to the other end until the session ends. */
export function speak(session: MediaSession, hz: number): void {
  const sampleRate = 8000;
  const voice = voiceOf(hz);
  const samples = Int16Array.from({ length: 3 * sampleRate }, (_, i) => voice(i, sampleRate));
  session.play({ samples, sampleRate }, { loop: true });
}
