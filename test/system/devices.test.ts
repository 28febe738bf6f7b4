/** Calls on real sound devices: those of a PulseAudio without any hardware. Needs a build. */
import { execFile, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type DeviceChange, type Headset, MediaEngine, type MediaSession } from '../../dist/media/index.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import { type Pulse, startPulse } from '../support/peers/pulse.js';
import { describeWith } from '../support/peers/require-peer.js';
import { test, type Workbench } from '../support/workbench.js';

const RATE = 16_000;
const PCMA = { payloadType: 8, codec: 'PCMA', clockRate: 8000 };
const LOUD = -28;
const QUIET = -55;

interface Desk {
  pulse: Pulse;
  headset: Headset;
  changes: DeviceChange[];
  far: MediaSession;
}

/** A call whose near end is on devices: it hears what is played into the sink "room", and speaks into "desk". */
async function desk(bench: Workbench, sinks: readonly string[]): Promise<Desk> {
  const pulse = await startPulse(bench, sinks);
  const engine = await MediaEngine.start();
  bench.defer(() => engine.close());
  const far = await engine.openSession({ address: '127.0.0.1', label: 'far' });
  const leg = await engine.openSession({ address: '127.0.0.1', label: 'leg' });
  for (const [here, there] of [
    [far, leg],
    [leg, far],
  ]) {
    await here.configure({
      remote: { address: there.address, port: there.rtpPort, rtcpPort: there.rtcpPort },
      direction: 'sendrecv',
      send: PCMA,
      receive: [PCMA],
    });
  }
  const headset = await engine.openHeadset({
    backend: 'pulse',
    microphone: 'room.monitor',
    speaker: 'desk',
    echoCancellation: 'off',
  });
  const changes: DeviceChange[] = [];
  headset.on('device', (change) => void changes.push(change));
  bench.watch(() => `— device changes\n${JSON.stringify(changes, undefined, 1)}`);
  headset.add(leg);
  return { pulse, headset, changes, far };
}

/** Plays a sine into a sink, for ever. */
function whistle(bench: Workbench, { env }: Pulse, sink: string, hz: number): void {
  const samples = Int16Array.from({ length: RATE }, (_, i) => 8000 * Math.sin((2 * Math.PI * hz * i) / RATE));
  const bytes = Buffer.from(samples.buffer);
  const child = spawn('pacat', ['--raw', `--rate=${RATE}`, '--channels=1', `--device=${sink}`], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const feed = (): void => {
    while (child.stdin.write(bytes));
  };
  child.stdin.on('drain', feed).on('error', () => {});
  feed();
  bench.defer(() => child.kill());
}

/** What a sink plays, from now on. */
function overhear({ env }: Pulse, sink: string, ms: number): Promise<Int16Array> {
  const args = ['--raw', `--rate=${RATE}`, '--channels=1', '--latency-msec=20', `--device=${sink}.monitor`];
  return new Promise((resolve, reject) => {
    const child = execFile(
      'parec',
      args,
      { env: { ...process.env, ...env }, encoding: 'buffer', timeout: ms, maxBuffer: 1 << 24 },
      (error, stdout) => {
        if (error && !error.killed) reject(error);
        else
          resolve(
            new Int16Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + (stdout.length & ~1))),
          );
      },
    );
    child.stdin?.end();
  });
}

async function hear(session: MediaSession, ms: number): Promise<Int16Array> {
  const heard: number[] = [];
  const reader = session.output({ sampleRate: RATE });
  setTimeout(() => reader.close(), ms);
  for await (const frame of reader) heard.push(...frame.samples);
  return Int16Array.from(heard);
}

/** Median level of a tone in pieces of 50 ms: a busy machine tears holes. */
function tone(pcm: Int16Array, hz: number): number {
  const levels: number[] = [];
  for (let at = 0; at + 800 <= pcm.length; at += 800) {
    levels.push(toneLevelDbov(pcm.subarray(at, at + 800), hz, RATE));
  }
  return levels.sort((a, b) => a - b)[levels.length >> 1] ?? -127;
}

function sing(session: MediaSession, hz: number): void {
  session.play({ tone: { segments: [{ frequencies: [hz], durationMs: 1000 }] } }, { loop: true });
}

describeWith(['pulseaudio', 'pactl'], 'sound devices by PulseAudio', () => {
  test('[audio-devices/2] lists them by kind; tone in, tone out, with little delay', async ({ bench }) => {
    const { pulse, headset, far } = await desk(bench, ['desk', 'room']);
    const devices = await headset.devices();
    expect(devices.filter(({ kind }) => kind === 'output').map(({ id }) => id)).toEqual(['desk', 'room']);
    expect(devices.filter(({ kind }) => kind === 'input').map(({ id }) => id)).toEqual([
      'desk.monitor',
      'room.monitor',
    ]);
    whistle(bench, pulse, 'room', 1000);
    sing(far, 600);
    await sleep(2500);
    const [heard, spoken] = await Promise.all([hear(far, 3000), overhear(pulse, 'desk', 3000)]);
    expect(tone(heard, 1000)).toBeGreaterThan(LOUD);
    expect(tone(heard, 600)).toBeLessThan(QUIET);
    expect(tone(spoken, 600)).toBeGreaterThan(LOUD);
    expect(tone(spoken, 1000)).toBeLessThan(QUIET);
    const stats = await headset.stats();
    console.log('PulseAudio:', JSON.stringify(stats));
    expect(stats.loopMs).toBeGreaterThan(0);
    expect(stats.loopMs).toBeLessThan(200);
  });

  test('the speaker is changed in the call', async ({ bench }) => {
    const { pulse, headset, far } = await desk(bench, ['desk', 'other', 'room']);
    sing(far, 600);
    await sleep(2000);
    await headset.select('speaker', 'other');
    await sleep(1500);
    const [desk1, other] = await Promise.all([overhear(pulse, 'desk', 1500), overhear(pulse, 'other', 1500)]);
    expect(tone(desk1, 600)).toBeLessThan(QUIET);
    expect(tone(other, 600)).toBeGreaterThan(LOUD);
  });

  test('a speaker that is unplugged in the call is replaced, and taken again when it is back', async ({
    bench,
  }) => {
    const { pulse, headset, changes, far } = await desk(bench, ['desk', 'room']);
    const module = await pulse.addSink('usb');
    sing(far, 600);
    whistle(bench, pulse, 'room', 1000);
    await headset.select('speaker', 'usb');
    await sleep(2000);
    expect(tone(await overhear(pulse, 'usb', 1500), 600)).toBeGreaterThan(LOUD);
    await pulse.removeSink(module);
    await sleep(2500);
    const [fallback, heard] = await Promise.all([overhear(pulse, 'desk', 1500), hear(far, 1500)]);
    expect(tone(fallback, 600)).toBeGreaterThan(LOUD);
    expect(tone(heard, 1000)).toBeGreaterThan(LOUD);
    await pulse.addSink('usb');
    await sleep(2500);
    expect(tone(await overhear(pulse, 'usb', 1500), 600)).toBeGreaterThan(LOUD);
    const speaker = changes.filter(({ role }) => role === 'speaker');
    expect(speaker.map(({ what }) => what).filter((what) => what !== 'open')).toEqual(['lost', 'found']);
    expect((await headset.stats()).speaker.devices).toEqual(['usb']);
  });
});
