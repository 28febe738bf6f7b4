/**
 * What one interop test works with: a folder, peer programs, phones of ours. The fixture `bench` of {@link test} gives
 * a fresh one to each test and takes everything down afterwards, whatever happened; what peers and phones said is
 * printed when the test failed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as plainTest } from 'vitest';
import { createLogger, formatLogRecord, Phone } from '../../dist/index.js';
import { MediaEngine } from '../../dist/media/index.js';
import { type PeerOptions, PeerProcess } from './peers/peer-process.js';
import { SipLog } from './sip-log.js';

export type PhoneOptions = NonNullable<ConstructorParameters<typeof Phone>[0]>;

export interface TestPhone {
  phone: Phone;
  sip: SipLog;
}

export class Workbench implements AsyncDisposable {
  readonly folder: string;
  readonly #closers: Array<() => unknown> = [];
  readonly #reports: Array<() => string> = [];
  #engine: Promise<MediaEngine> | undefined;
  #lastReport: string | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), 'switchhook-interop-')));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts a peer program in the folder. */
  start(program: string, args: readonly string[], options: PeerOptions = {}): PeerProcess {
    const peer = new PeerProcess(program, args, { cwd: this.folder, ...options });
    this.defer(() => peer.stop());
    this.#reports.push(() => `— ${program} ${args.join(' ')}\n${peer.log.slice(-6000)}`);
    return peer;
  }

  /** A phone on loopback; the phones of one bench share their media engine. */
  async phone(name: string, options: PhoneOptions = {}): Promise<TestPhone> {
    this.#engine ??= this.#startEngine();
    const sip = new SipLog();
    let log = '';
    const logger = createLogger({
      level: 'debug',
      sink: (record) => {
        log += `${formatLogRecord(record)}\n`;
      },
    });
    const phone = new Phone({ logger, diagnostics: sip.diagnostics, engine: await this.#engine, ...options });
    this.defer(() => phone.close());
    this.#reports.push(() => `— phone ${name}\n${sip.summary()}\n${log.slice(-4000)}`);
    await phone.start();
    return { phone, sip };
  }

  /** Does something when the test is over; the last first. */
  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Adds to the report. */
  watch(report: () => string): void {
    this.#reports.push(report);
  }

  /** What everything here said, for the report of a failure. */
  report(): string {
    return this.#lastReport ?? this.#reports.map((report) => report()).join('\n\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.reverse()) {
      try {
        await close();
      } catch (error) {
        console.error('while taking the test down:', error);
      }
    }
    this.#lastReport = this.report();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #startEngine(): Promise<MediaEngine> {
    const engine = await MediaEngine.start({});
    // Among the first to be closed last: the phones use it.
    this.#closers.unshift(() => engine.close());
    return engine;
  }
}

/** Vitest's `it` with a {@link Workbench}. */
export const test = plainTest.extend<{ bench: Workbench }>({
  bench: async ({ onTestFailed }, use) => {
    const bench = await Workbench.open();
    onTestFailed(() => console.error(bench.report()));
    try {
      await use(bench);
    } finally {
      await bench[Symbol.asyncDispose]();
    }
  },
});
