/**
 * Records calls into files: those that are to be by the settings, and those the API is asked to record. Names and uploads
 * them as the mapping plans it, and tells how it goes by VREC. An existing file is never written over.
 *
 *     init ─▶ saving ─▶ saved (or saved as wave, where the wanted encoder is not there)
 *                  └──▶ failed
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { Clock, Timer } from '../../base/clock.js';
import { isSwitchhookError } from '../../base/errors.js';
import { type Recording, uploadRecording } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import {
  type RecordingPlan,
  recordingMode,
  recordingPlan,
  uploadAddress,
} from '../mapping/recording-options.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import { hostOf, type LineDesk, partyOf, userOf } from '../status/line-desk.js';

const STAGE = { init: 1, saving: 2, saved: 3, failed: 4 } as const;
const TYPE = { file: 1, ftp: 2, http: 3 } as const;
const AS_WAVE = 'saved as wav';
const ALL = -2;

export interface RecordingDeskOptions {
  stack: Stack;
  desk: LineDesk;
  notifications: NotificationHub;
  settings: Settings;
  clock: Clock;
  /** Where files go that have no folder of their own. */
  folder: string;
}

interface Running {
  readonly call: Call;
  readonly line: number;
  readonly plan: RecordingPlan;
  readonly source: 'USER' | 'AUTO';
  recording: Promise<Recording>;
  /** The file, which may have become a wave file. */
  path: string;
  /** Where it is uploaded to; after that, with its name. */
  url: string | undefined;
  asWave: boolean;
  /** What is said now is left out, until it is begun again or the call ends. */
  paused: boolean;
  limit: Timer | undefined;
}

export class RecordingDesk {
  readonly #options: RecordingDeskOptions;
  readonly #running = new Map<Call, Running>();
  readonly #files: Array<{ line: number; path: string }> = [];
  /** What calls to come are recorded as, whatever the settings say. */
  #standing: { name: string; mode: number } | undefined;

  constructor(options: RecordingDeskOptions) {
    this.#options = options;
    options.stack.on('connected', (call, line) => {
      const { name, mode } = this.#standing ?? {
        name: '',
        mode: recordingMode(options.settings.forLine(line)),
      };
      if (mode !== 0 && !this.#running.has(call))
        this.#begin(call, name, mode, this.#standing ? 'USER' : 'AUTO');
    });
  }

  /**
   * Begins to record the calls of a line, or goes on with what was to be kept until the end; of all lines also those of
   * calls to come.
   * @param name a file, an address to upload to, or '' for what the settings say
   * @param mode 1 file, 2 upload, 3 both, 4 as the settings say
   */
  start(line: number, name: string, mode: number): boolean {
    const { desk, settings } = this.#options;
    const how = mode === 4 ? recordingMode(settings) || 1 : mode;
    if (how < 1 || how > 3) return false;
    const standing = line === ALL && this.#canUpload(how, name);
    if (standing) this.#standing = { name, mode: how };
    const calls = desk.select(line).filter((call) => call.state === 'connected');
    const begun = calls.map((call) => this.#resume(call) || this.#begin(call, name, how, 'USER'));
    return standing || begun.includes(true);
  }

  /**
   * Ends recordings; the files are complete a little later.
   * @param now false: what was recorded so far is saved when the call ends
   */
  stop(line: number, now = true): boolean {
    const calls = this.#options.desk.select(line);
    const running = [...this.#running.values()].filter(({ call }) => line === ALL || calls.includes(call));
    const standing = line === ALL && this.#standing !== undefined;
    if (standing) this.#standing = undefined;
    for (const one of running) {
      one.paused = !now;
      if (now) void this.#finish(one);
      else void one.recording.then((recording) => recording.pause());
    }
    return standing || running.length > 0;
  }

  #resume(call: Call): boolean {
    const one = this.#running.get(call);
    if (!one?.paused) return false;
    one.paused = false;
    void one.recording.then((recording) => recording.resume());
    return true;
  }

  /** Warns where there is nowhere to upload to. @returns false when nothing would be left of the recording */
  #canUpload(mode: number, name: string): boolean {
    const { settings, notifications } = this.#options;
    if (mode < 2 || uploadAddress(settings, name) !== '') return true;
    const text = 'a recording is to be uploaded, and there is no address for it: set http_addr or ftp_addr';
    notifications.publish('WARNING', { text });
    return mode !== 2;
  }

  /** The file recorded last, of one line or, with -1, of any. */
  lastFile(line: number): string {
    return this.#files.findLast((file) => line < 1 || file.line === line)?.path ?? '';
  }

  /** Deletes what was recorded so far and is not being recorded now. */
  async deleteFiles(): Promise<boolean> {
    const busy = new Set([...this.#running.values()].map(({ path }) => path));
    const old = this.#files.filter(({ path }) => !busy.has(path));
    await Promise.all(old.map(({ path }) => rm(path, { force: true })));
    this.#files.splice(0, this.#files.length, ...this.#files.filter(({ path }) => busy.has(path)));
    return true;
  }

  #begin(call: Call, name: string, mode: number, source: Running['source']): boolean {
    const { desk, settings, folder, clock } = this.#options;
    if (this.#running.has(call)) return false;
    const line = desk.lineOf(call);
    const recorded = {
      callId: call.id,
      username: userOf(call.local),
      peer: partyOf(call).user || 'unknown',
      startedAt: new Date(clock.wallTime()),
    };
    const plan = recordingPlan(settings.forLine(line), recorded, folder, mode, name);
    if (!this.#canUpload(mode, name) || !plan) return false;
    const one: Running = {
      call,
      line,
      plan,
      source,
      path: unused(plan.path),
      url: plan.upload?.url,
      asWave: false,
      paused: false,
      recording: undefined as never,
      limit: undefined,
    };
    one.recording = this.#record(one);
    this.#running.set(call, one);
    this.#tell(line, STAGE.init, one);
    one.recording.then(
      () => {
        this.#files.push({ line, path: one.path });
        if (plan.maxMs !== undefined) one.limit = clock.after(plan.maxMs, () => void this.#finish(one));
        void call.ended.then(() => this.#finish(one));
      },
      (error: Error) => {
        this.#running.delete(call);
        this.#tell(line, STAGE.failed, one, error.message);
      },
    );
    return true;
  }

  /** In the wanted format, or as a wave file where that cannot be made. */
  async #record(one: Running): Promise<Recording> {
    const { call, plan } = one;
    await mkdir(dirname(one.path), { recursive: true });
    try {
      return await call.record(one.path, plan.options);
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_MEDIA_CODEC')) throw error;
      one.asWave = true;
      await rm(one.path, { force: true });
      one.path = unused(`${one.path.slice(0, one.path.length - extname(one.path).length)}.wav`);
      const { sampleRate, layout } = plan.options;
      return call.record(one.path, { format: 'wav', sampleRate, layout });
    }
  }

  async #finish(one: Running): Promise<void> {
    const { call, plan } = one;
    if (this.#running.get(call) !== one) return;
    this.#running.delete(call);
    one.limit?.cancel();
    this.#tell(one.line, STAGE.saving, one);
    try {
      const result = await (await one.recording).stop();
      if (result.error) throw result.error;
      if (plan.upload) await this.#upload(one, result.paths ?? [result.path]);
      this.#tell(-1, STAGE.saved, one, one.asWave ? AS_WAVE : undefined);
    } catch (error) {
      this.#tell(-1, STAGE.failed, one, (error as Error).message);
    }
  }

  /** What is not to be kept goes once it has arrived. */
  async #upload(one: Running, paths: readonly string[]): Promise<void> {
    const { call, plan } = one;
    if (!plan.upload) return;
    const user = userOf(call.local);
    const peer = partyOf(call).user;
    const outgoing = call.direction === 'outgoing';
    const about = {
      user,
      caller: outgoing ? user : peer,
      called: outgoing ? peer : user,
      callId: call.id,
      server: hostOf(call.remote.uri),
    };
    for (const path of paths) {
      const { url } = await uploadRecording(path, { ...plan.upload, call: about });
      if (path === paths[0]) one.url = url;
      if (!plan.keep) await rm(path, { force: true });
    }
  }

  #tell(line: number, stage: number, one: Running, reason?: string): void {
    const known = stage !== STAGE.init;
    const { url } = one;
    const type = url ? (/^ftp/i.test(url) ? TYPE.ftp : TYPE.http) : TYPE.file;
    this.#options.notifications.publish('VREC', {
      line,
      stage,
      type: known ? type : undefined,
      path: known ? (url ? url.replace(/\/\/[^/@]*@/, '//') : one.path) : undefined,
      reason,
      source: one.source,
    });
  }
}

/** The path, with a number when there is such a file already. */
function unused(path: string): string {
  const end = extname(path);
  const stem = path.slice(0, path.length - end.length);
  let free = path;
  for (let count = 2; existsSync(free); count++) free = `${stem}-${count}${end}`;
  return free;
}
