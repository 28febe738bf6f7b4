/**
 * Records calls into files for the API: names them as the settings say, uploads them where that is wanted, and tells how
 * it goes by VREC. An existing file is never written over.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join } from 'node:path';
import { type Recording, type RecordOptions, uploadRecording } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { SettingsReader } from '../settings/settings.js';
import { hostOf, type LineDesk, userOf } from '../status/line-desk.js';

const STAGE = { init: 1, saving: 2, saved: 3, failed: 4 } as const;
const TYPE = { file: 1, ftp: 2, http: 3 } as const;

export interface RecordingDeskOptions {
  desk: LineDesk;
  notifications: NotificationHub;
  settings: SettingsReader;
  /** Where files go that have no folder of their own. */
  folder: string;
  /** Wall-clock time in ms. */
  wallTime(): number;
}

interface Running {
  call: Call;
  line: number;
  recording: Promise<Recording>;
  path: string;
  /** Where the file goes when it is complete. */
  upload?: string;
  source: string;
}

export class RecordingDesk {
  readonly #options: RecordingDeskOptions;
  readonly #running = new Map<Call, Running>();
  readonly #files: Array<{ line: number; path: string }> = [];

  constructor(options: RecordingDeskOptions) {
    this.#options = options;
  }

  /**
   * Begins to record the calls of a line.
   * @param name a file, an address to upload to, or '' for what the settings say
   * @param mode 1 file, 2 upload, 3 both, 4 as the settings say
   */
  start(line: number, name: string, mode: number, source = 'USER'): boolean {
    const { desk, settings } = this.#options;
    const how = mode === 4 ? settings.number('voicerecording') || 1 : mode;
    if (how < 1 || how > 3) return false;
    const calls = desk.select(line).filter((call) => call.state === 'connected' && !this.#running.has(call));
    const address = /^(https?|ftps?):\/\//i.test(name) ? name : '';
    const upload =
      how === 1
        ? address
        : address ||
          settings.text('http_addr') ||
          settings.text('voicerecftp_addr') ||
          settings.text('ftp_addr');
    if (how !== 1 && !upload) return false;
    for (const call of calls) this.#begin(call, address ? '' : name, upload, source);
    return calls.length > 0;
  }

  /** Ends recordings; the files are complete a little later. */
  stop(line: number): boolean {
    const calls = this.#options.desk.select(line);
    const running = [...this.#running.values()].filter(({ call }) => line === -2 || calls.includes(call));
    for (const one of running) void this.#finish(one);
    return running.length > 0;
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

  #begin(call: Call, name: string, upload: string, source: string): void {
    const line = this.#options.desk.lineOf(call);
    const { extension, options } = this.#format(name);
    const path = this.#path(call, name, extension);
    const recording = mkdir(dirname(path), { recursive: true }).then(() => call.record(path, options));
    const one: Running = { call, line, recording, path, upload: upload || undefined, source };
    this.#running.set(call, one);
    this.#tell(line, STAGE.init, one);
    recording.then(
      () => {
        this.#files.push({ line, path });
        this.#tell(line, STAGE.saving, one);
        void call.ended.then(() => this.#finish(one));
      },
      (error: Error) => {
        this.#running.delete(call);
        this.#tell(line, STAGE.failed, one, error.message);
      },
    );
  }

  async #finish(one: Running): Promise<void> {
    const { call } = one;
    if (this.#running.get(call) !== one) return;
    this.#running.delete(call);
    try {
      const result = await (await one.recording).stop();
      if (result.error) throw result.error;
      if (one.upload) {
        const user = userOf(call.local);
        const outgoing = call.direction === 'outgoing';
        await uploadRecording(one.path, {
          url: one.upload,
          call: {
            user,
            caller: outgoing ? user : call.remote.user,
            called: outgoing ? call.remote.user : user,
            callId: call.id,
            server: hostOf(call.remote.uri),
          },
        });
      }
      this.#tell(-1, STAGE.saved, one);
    } catch (error) {
      this.#tell(-1, STAGE.failed, one, (error as Error).message);
    }
  }

  #tell(line: number, stage: number, one: Running, reason?: string): void {
    const known = stage !== STAGE.init;
    const type = one.upload ? (/^ftp/i.test(one.upload) ? TYPE.ftp : TYPE.http) : TYPE.file;
    this.#options.notifications.publish('VREC', {
      line,
      stage,
      type: known ? type : undefined,
      path: known ? (one.upload ? one.upload.replace(/\/\/[^/@]*@/, '//') : one.path) : undefined,
      reason,
      source: one.source,
    });
  }

  #format(name: string): { extension: string; options: RecordOptions } {
    const { settings } = this.#options;
    const rate = settings.number('voicerecsamplerate');
    const sampleRate = rate > 0 ? 1000 * rate : undefined;
    if (extname(name)) return { extension: '', options: { sampleRate } };
    switch (settings.number('voicerecformat')) {
      case 1:
        return { extension: '.gsm', options: {} };
      case 2:
        return { extension: '.ogg', options: { sampleRate } };
      case 3:
        return { extension: '.mp3', options: { sampleRate } };
      case 4:
        return { extension: '.wav', options: { layout: 'separate', sampleRate } };
      case 5:
        return { extension: '.wav', options: { layout: 'mono', sampleRate } };
      default:
        return { extension: '.wav', options: { layout: 'stereo', sampleRate } };
    }
  }

  #path(call: Call, name: string, extension: string): string {
    const { folder, settings } = this.#options;
    const filled = (name || this.#usualName(call)).replace(/DATETIME|DATE|CALLID|USER/g, (word) =>
      this.#word(word, call),
    );
    const safe = isAbsolute(filled)
      ? filled
      : join(folder, 'recordings', filled.replace(/(^|[\\/])\.\.(?=[\\/]|$)/g, '$1_'));
    const prefix = name ? '' : settings.text('voicerecfilenameprefix');
    const whole = join(dirname(safe), `${prefix}${basename(safe)}${extension}`);
    return unused(whole);
  }

  #usualName(call: Call): string {
    const peer = call.remote.user || 'unknown';
    const user = userOf(call.local);
    const names = [
      `DATETIME_${peer}`,
      `DATETIME_${call.id}`,
      call.id,
      `DATETIME_${user}`,
      `DATETIME_${user}_${peer}`,
    ];
    return (names[this.#options.settings.number('voicerecfilename')] ?? names[0]).replace(/[^\w.+@-]/g, '_');
  }

  #word(word: string, call: Call): string {
    const time = new Date(this.#options.wallTime()).toISOString();
    if (word === 'DATETIME') return time.slice(0, 19).replace(/\D/g, '');
    if (word === 'DATE') return time.slice(0, 10).replaceAll('-', '_');
    return (word === 'USER' ? userOf(call.local) : call.id).replace(/[^\w.+@-]/g, '_');
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
