/**
 * A webphone with sound devices in memory and a phone at the other end, over simulated networks in virtual time: what
 * settings do to what is heard and sent. `end` closes everything.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Clock } from '../../src/base/clock.js';
import type { LoadCanceller } from '../../src/media/devices/echo-control.js';
import { type Headset, MediaEngine, type MediaSession } from '../../src/media/index.js';
import { Phone, type PhoneOptions } from '../../src/phone/index.js';
import { type DatagramConditions, DatagramNetwork } from '../../src/testing/datagram-network.js';
import { FakeAudioBackend, FakeAudioDevice } from '../../src/testing/fake-audio.js';
import { FakeResolver } from '../../src/testing/fake-resolver.js';
import type { Call } from '../../src/ua/index.js';
import { type Notification, type NotificationKind, Webphone } from '../../src/webphone/index.js';
import { outcome } from './outcome.js';
import { UaWorld } from './ua-harness.js';
import './preloaded.js';

const HOST = '10.0.0.1';
const PEER = '10.0.0.2';

export interface DeskOptions {
  /** The clock of the media, to be late on purpose. */
  mediaClock?: (clock: Clock) => Clock;
  /** Of the media network. */
  network?: DatagramConditions;
  /** Of the other phone. */
  peer?: PhoneOptions;
  /** No microphone is plugged in. */
  withoutMicrophone?: boolean;
  /** In place of the usual echo canceller. */
  loadCanceller?: LoadCanceller;
}

export class WebphoneDesk {
  readonly world: UaWorld;
  readonly folder: string;
  readonly network: DatagramNetwork;
  readonly backend: FakeAudioBackend;
  readonly microphone = new FakeAudioDevice('mic', 'input', { name: 'Desk mic', isDefault: true });
  readonly speaker = new FakeAudioDevice('spk', 'output', { name: 'Desk speaker', isDefault: true });
  readonly bell = new FakeAudioDevice('bell', 'output', { name: 'Bell' });
  readonly told: Notification[] = [];
  /** What the webphone has opened so far: its devices, and the audio of its calls. */
  readonly headsets: Headset[] = [];
  readonly sessions: MediaSession[] = [];
  /** Calls that came to the other phone. */
  readonly came: Call[] = [];
  readonly uri = `sip:peer@${PEER}`;

  private constructor(
    readonly engine: MediaEngine,
    readonly webphone: Webphone,
    readonly peer: Phone,
    parts: Pick<WebphoneDesk, 'world' | 'network' | 'backend' | 'folder'>,
  ) {
    this.world = parts.world;
    this.folder = parts.folder;
    this.network = parts.network;
    this.backend = parts.backend;
  }

  static async start(
    settings: Readonly<Record<string, string | number | boolean>> = {},
    options: DeskOptions = {},
  ): Promise<WebphoneDesk> {
    const world = new UaWorld();
    const { clock, random } = world;
    const network = new DatagramNetwork(clock, random, { delayMs: 10, ...options.network });
    const backend = new FakeAudioBackend(clock);
    const engine = await MediaEngine.start({
      workers: 'in-process',
      clock: options.mediaClock?.(clock) ?? clock,
      random,
      transport: network,
      audioBackend: backend,
      loadCanceller: options.loadCanceller,
    });
    const at = (host: string): PhoneOptions => ({
      clock,
      random,
      engine,
      network: { transport: world.network.transport(host), resolver: new FakeResolver() },
      listen: { host, port: 5060 },
    });
    const folder = mkdtempSync(join(tmpdir(), 'switchhook-desk-'));
    const webphone = new Webphone({
      startsipstack: 0,
      settings: { ringtone: '', audiodevicering: 'Bell', aectype: 'none', ...settings },
      workFolder: folder,
      phone: at(HOST),
    });
    const peer = new Phone({ ...at(PEER), media: { codecs: ['PCMA', 'PCMU'] }, ...options.peer });
    const desk = new WebphoneDesk(engine, webphone, peer, { world, network, backend, folder });
    const openHeadset = engine.openHeadset.bind(engine);
    engine.openHeadset = async (headset) => {
      const opened = await openHeadset(headset);
      desk.headsets.push(opened);
      return opened;
    };
    const openSession = engine.openSession.bind(engine);
    engine.openSession = async (session) => {
      const opened = await openSession(session);
      if (session.address === HOST) desk.sessions.push(opened);
      return opened;
    };
    backend.plug(desk.speaker);
    backend.plug(desk.bell);
    if (!options.withoutMicrophone) backend.plug(desk.microphone);
    webphone.notifications.subscribe((one) => desk.told.push(one));
    peer.on('incoming', (call) => void desk.came.push(call));
    webphone.API_Start();
    const starting = outcome(peer.start());
    await desk.run(200);
    expect(starting.text).toBe('done');
    return desk;
  }

  run(ms: number): Promise<void> {
    return this.world.run(ms);
  }

  /** The same with time for the disk in between, however slow it is. */
  async runSlowly(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      await this.run(20);
      await new Promise((resolve) => setTimeout(resolve, 1));
      await diskAtRest();
    }
  }

  /** Our strings of a kind so far. */
  strings(kind: NotificationKind): string[] {
    return this.told.filter((one) => one.kind === kind).map(String);
  }

  /** We call the other phone, which rings. */
  async calls(line = -1): Promise<Call> {
    const before = this.came.length;
    expect(this.webphone.API_Call(line, this.uri)).toBe(true);
    await this.run(200);
    expect(this.came).toHaveLength(before + 1);
    return this.came[before];
  }

  /** We call it and it answers. */
  async talks(line = -1): Promise<Call> {
    const call = await this.calls(line);
    const answered = outcome(call.answer());
    await this.run(300);
    expect(answered.text).toBe('done');
    return call;
  }

  /** The other phone calls us. */
  async called(): Promise<Call> {
    const dialled = outcome(this.peer.dial(`sip:me@${HOST}`));
    const call = this.peer.calls.length;
    await this.run(200);
    expect(dialled.text).toBe('done');
    return this.peer.calls[call] ?? (this.peer.calls.at(-1) as Call);
  }

  /** What the other end of a call hears for so long, 16 kHz. */
  async hear(call: Call, ms: number): Promise<Int16Array> {
    const heard: number[] = [];
    const reader = (call.media as MediaSession).output({ sampleRate: 16_000 });
    const reading = (async () => {
      for await (const frame of reader) heard.push(...frame.samples);
    })();
    await this.run(ms);
    reader.close();
    await reading;
    return Int16Array.from(heard);
  }

  /** The datagrams of our media from now on, as they are on the wire. */
  tap(): Array<{ data: Buffer; rtcp: boolean; atMs: number }> {
    const seen: Array<{ data: Buffer; rtcp: boolean; atMs: number }> = [];
    const { drop } = this.network.conditions;
    this.network.conditions.drop = (data, to) => {
      const rtcp = data.length > 1 && data[1] >= 192 && data[1] < 224;
      if (to.address === PEER && data.length > 0)
        seen.push({ data: Buffer.from(data), rtcp, atMs: this.world.clock.now() });
      return drop?.(data, to) ?? false;
    };
    return seen;
  }

  /** RTP packets the other end gets within so long. */
  async packets(call: Call, ms: number): Promise<number> {
    const count = async (): Promise<number> => (await (call.media as MediaSession).stats()).received.packets;
    const before = await count();
    await this.run(ms);
    return (await count()) - before;
  }

  async end(): Promise<void> {
    const closing = [outcome(this.webphone.close()), outcome(this.peer.close())];
    await this.run(70_000);
    // What waits for the disk has its own time.
    const texts = async (): Promise<string[]> => {
      await this.run(10);
      return closing.map(({ text }) => text);
    };
    await expect.poll(texts, { timeout: 10_000 }).toEqual(['done', 'done']);
    await this.engine.close();
    await this.world.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Does something at a desk with these settings, and clears it away. */
export async function atDesk<T>(
  settings: Readonly<Record<string, string | number | boolean>>,
  work: (desk: WebphoneDesk) => Promise<T>,
  options: DeskOptions = {},
): Promise<T> {
  const desk = await WebphoneDesk.start(settings, options);
  try {
    return await work(desk);
  } finally {
    await desk.end();
  }
}

/** Resolves when no file is being read or written, after 5 s at the latest. */
async function diskAtRest(): Promise<void> {
  const giveUpAt = performance.now() + 5000;
  do await new Promise(setImmediate);
  while (
    process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq')) &&
    performance.now() < giveUpAt
  );
}
