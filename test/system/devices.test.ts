/** Calls on real sound devices: those of a PulseAudio without any hardware. Needs a build. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  type DeviceChange,
  type Headset,
  MediaEngine,
  type MediaSession,
  readWav,
} from '../../dist/media/index.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import { levelDbov } from '../../src/dsp/level.js';
import { type Pulse, startPulse } from '../support/peers/pulse.js';
import { describeWith } from '../support/peers/require-peer.js';
import { cliPath, NodeProgram, projectRoot, runNode } from '../support/run-node.js';
import { test, type Workbench } from '../support/workbench.js';

const RATE = 16_000;
const PCMA = { payloadType: 8, codec: 'PCMA', clockRate: 8000 };
const LOUD = -28;
const QUIET = -55;

interface Desk {
  pulse: Pulse;
  headset: Headset;
  changes: DeviceChange[];
  engine: MediaEngine;
  leg: MediaSession;
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
  return { pulse, headset, changes, engine, leg, far };
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
function tone(pcm: Int16Array, hz: number, rate = RATE): number {
  const levels: number[] = [];
  const piece = rate / 20;
  for (let at = 0; at + piece <= pcm.length; at += piece) {
    levels.push(toneLevelDbov(pcm.subarray(at, at + piece), hz, rate));
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

  test('the echo of a speaker that the microphone hears is cancelled', async ({ bench }) => {
    const { headset, far } = await desk(bench, ['desk']);
    await headset.select('microphone', 'desk.monitor');
    const speech = await readWav(join(projectRoot, 'assets', 'speech.wav'));
    far.play({ samples: speech.mono, sampleRate: speech.sampleRate }, { loop: true });
    await sleep(2500);
    const echo = levelDbov(await hear(far, 4000));
    headset.setEchoCancellation('on');
    await sleep(4000);
    const rest = levelDbov(await hear(far, 4000));
    const stats = await headset.stats();
    expect(stats.echo).toBe('cancelling');
    expect(echo).toBeGreaterThan(-40);
    expect(echo - rest).toBeGreaterThan(8);
  });

  test('a muted device is opened up, and hears two channels when asked to', async ({ bench }) => {
    const { pulse, far, leg, engine } = await desk(bench, ['desk', 'room']);
    await pulse.pactl('set-sink-mute', 'room', '1');
    await pulse.pactl('set-sink-volume', 'room', '3%');
    const headset = await engine.openHeadset({
      backend: 'pulse',
      microphone: 'none',
      speaker: 'room',
      stereo: true,
      raiseVolumes: 'first',
    });
    headset.add(leg);
    sing(far, 600);
    await sleep(2500);
    expect(await pulse.pactl('get-sink-mute', 'room')).toBe('Mute: no');
    expect(await pulse.pactl('get-sink-volume', 'room')).toContain('60%');
    expect(await pulse.pactl('list', 'sink-inputs')).toMatch(/s16le 2ch 16000Hz/);
    expect(tone(await overhear(pulse, 'room', 1500), 600)).toBeGreaterThan(-45);
  });

  test('a stalled main thread costs no audio', async ({ bench }) => {
    const { pulse, far } = await desk(bench, ['desk', 'room']);
    whistle(bench, pulse, 'room', 1000);
    await sleep(2000);
    const heard = hear(far, 3000);
    for (let i = 0; i < 3; i++) {
      const end = performance.now() + 500;
      while (performance.now() < end);
      await sleep(500);
    }
    const pcm = await heard;
    const pieces = Array.from({ length: Math.floor(pcm.length / 800) }, (_, i) =>
      toneLevelDbov(pcm.subarray(800 * i, 800 * (i + 1)), 1000, RATE),
    );
    expect(pieces.filter((level) => level < LOUD).length).toBeLessThan(pieces.length / 10);
  });

  test('the command line lists them and talks by them', async ({ bench }) => {
    const pulse = await startPulse(bench, ['desk', 'room']);
    whistle(bench, pulse, 'room', 1000);
    const env = { ...pulse.env };
    const listed = await runNode([cliPath, 'devices'], env);
    expect(listed.stdout).toMatch(/Speakers.*\n +1 {2}desk {2}\(default\)\n +2 {2}room\nMicrophones/);
    const record = bench.path('heard.wav');
    const listen = new NodeProgram([cliPath, 'listen', '--json', '--record', record, '--calls', '1'], env);
    bench.defer(() => listen.stop());
    const [, port] = await listen.until(/"udp:127\.0\.0\.1:(\d+)"/);
    const call = ['call', `sip:x@127.0.0.1:${port}`, '--speaker', '1', '--mic', 'room.monitor'];
    const { code, stderr } = await runNode([cliPath, ...call, '--duration', '5', '--json'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await listen.finished).code).toBe(0);
    const { channels, sampleRate } = await readWav(record);
    expect(tone(channels[0].subarray(channels[0].length / 2), 1000, sampleRate)).toBeGreaterThan(LOUD);
    const wrong = await runNode([cliPath, 'devices', '--backend', 'decibri'], env);
    expect(wrong.code).toBe(7);
    expect(wrong.stderr).toContain('npm install decibri@5.7.0');
  });
});
