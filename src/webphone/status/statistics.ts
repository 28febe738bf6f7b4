/**
 * RTPSTAT and VAD: how good the media is and who speaks, of all calls or of one, on request and by themselves as the
 * settings `rtpstat`, `vadstat` and `vadstat_ival` say; with `vadstat` 4 also when somebody begins or ceases to speak.
 * Polled once, they are not sent by themselves any more.
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { MediaStats } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import { formatNotification, notification } from '../notifications/format.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from './line-desk.js';

export interface StatisticsOptions {
  clock: Clock;
  settings: Settings;
  stack: Stack;
  desk: LineDesk;
  notifications: NotificationHub;
}

type Totals = Record<'sent' | 'rec' | 'issues' | 'loss', number>;

const NOTHING: Totals = { sent: 0, rec: 0, issues: 0, loss: 0 };

const AUTO_FIRST_MS = 2000;
const AUTO_MS = 6500;
/** Value of `vadstat`. */
const ON_CHANGE = 4;
/** Louder than this somebody speaks, where the voice is not measured (dBov). */
const SPEECH_DBOV = -45;
const FLOOR_DBOV = -127;

export class Statistics {
  readonly #options: StatisticsOptions;
  /** What of each call has been reported. */
  readonly #before = new WeakMap<Call, Totals>();
  #peaks = new WeakMap<Call, { local: number; remote: number }>();
  #rtpTimer: Timer | undefined;
  #vadTimer: Timer | undefined;
  #rtpPolled = false;
  #vadPolled = false;
  #lastVad = new Map<number, string>();

  constructor(options: StatisticsOptions) {
    this.#options = options;
    options.stack.on('connected', (call) => this.#begin(call));
    options.stack.on('stopped', () => this.close());
    options.settings.on('change', ({ name }) => {
      const { desk } = options;
      if (desk.inCall() !== 2) return;
      if (name === 'rtpstat') this.#repeatRtp();
      if (name === 'vadstat' || name === 'vadstat_ival') this.#repeatVad();
    });
  }

  /** The RTPSTAT string since the last one. */
  async rtpStat(): Promise<string> {
    this.#rtpPolled = true;
    this.#rtpTimer?.cancel();
    return formatNotification(notification('RTPSTAT', await this.#rtpFields()));
  }

  /** The VAD string. @param line 0 and less: of all calls */
  async vad(line: number): Promise<string> {
    this.#vadPolled = true;
    this.#vadTimer?.cancel();
    return formatNotification(notification('VAD', { parameters: await this.#vadText(line) }));
  }

  /** A call is connected: the reports of the settings begin. */
  #begin(call: Call): void {
    call.media?.on('voice', () => {
      const { settings } = this.#options;
      if (!this.#vadPolled && settings.number('vadstat') === ON_CHANGE) void this.#reportVad();
    });
    if (!this.#rtpTimer?.active) this.#repeatRtp();
    if (!this.#vadTimer?.active) this.#repeatVad();
  }

  #repeatRtp(): void {
    this.#rtpTimer?.cancel();
    this.#nextRtp(AUTO_FIRST_MS);
  }

  #repeatVad(): void {
    this.#vadTimer?.cancel();
    this.#nextVad();
  }

  #nextRtp(auto: number): void {
    const { settings, clock, desk, notifications } = this.#options;
    const period = settings.number('rtpstat');
    if (this.#rtpPolled || period === 0) return;
    this.#rtpTimer = clock.after(period > 0 ? 1000 * period : auto, () => {
      if (desk.inCall() !== 2) return;
      void this.#rtpFields().then((fields) => notifications.publish('RTPSTAT', fields));
      this.#nextRtp(AUTO_MS);
    });
  }

  #nextVad(): void {
    const { settings, clock, desk } = this.#options;
    if (this.#vadPolled || settings.number('vadstat') < 3) return;
    this.#vadTimer = clock.after(settings.number('vadstat_ival'), () => {
      if (desk.inCall() !== 2) return;
      void this.#reportVad();
      this.#nextVad();
    });
  }

  async #reportVad(): Promise<void> {
    const { settings, desk } = this.#options;
    const lines =
      settings.number('vadbyline') === 1 ? this.#options.desk.connected.map((call) => desk.lineOf(call)) : [];
    for (const line of [0, ...lines]) this.#publishVad(line, await this.#vadText(line));
  }

  /** The same report is not sent twice. */
  #publishVad(line: number, parameters: string): void {
    if (this.#lastVad.get(line) === parameters) return;
    this.#lastVad.set(line, parameters);
    this.#options.notifications.publish('VAD', { parameters });
  }

  async #rtpFields() {
    const all = await this.#stats(this.#options.desk.connected);
    const since = { ...NOTHING };
    let mos = 0;
    for (const { call, stats } of all) {
      const now = totalsOf(stats);
      const before = this.#before.get(call) ?? NOTHING;
      this.#before.set(call, now);
      // The peer may take a loss back when the packet comes after all.
      for (const one of Object.keys(since) as Array<keyof Totals>)
        since[one] += Math.max(0, now[one] - before[one]);
      mos = mos === 0 ? stats.mos : Math.min(mos, stats.mos);
    }
    return { quality: all.length === 0 ? -1 : since.rec === 0 ? 0 : qualityOf(mos), ...since };
  }

  async #vadText(line: number): Promise<string> {
    const { desk } = this.#options;
    const calls = this.#options.desk.connected.filter((call) => line <= 0 || desk.lineOf(call) === line);
    const all = await this.#stats(calls);
    const local = { avg: 0, max: 0, speaking: false };
    const remote = { avg: 0, max: 0, speaking: false };
    const threshold = percent(SPEECH_DBOV);
    for (const { call, stats } of all) {
      const peaks = this.#peaks.get(call) ?? { local: 0, remote: 0 };
      const sent = percent(stats.level.sentDbov);
      const received = percent(stats.level.receivedDbov);
      peaks.local = Math.max(peaks.local, sent);
      peaks.remote = Math.max(peaks.remote, received);
      this.#peaks.set(call, peaks);
      local.avg = Math.max(local.avg, sent);
      local.max = Math.max(local.max, peaks.local);
      remote.avg = Math.max(remote.avg, received);
      remote.max = Math.max(remote.max, peaks.remote);
      local.speaking ||= stats.voice?.sent?.speaking ?? sent >= threshold;
      remote.speaking ||= stats.voice?.received?.speaking ?? received >= threshold;
    }
    const side = (name: string, { avg, max, speaking }: typeof local): string => {
      const on = all.length > 0 ? 'ON' : 'OFF';
      return `${name}_vad: ${on} ${name}_avg: ${avg} ${name}_max: ${max} ${name}_speaking: ${speaking ? 'yes' : 'no'}`;
    };
    if (line > 0) return `line: ${line} ${side('remote', remote)}`;
    return `${side('local', local)} ${side('remote', remote)}`;
  }

  async #stats(calls: readonly Call[]): Promise<Array<{ call: Call; stats: MediaStats }>> {
    const all = await Promise.all(
      calls.map(async (call) => ({ call, stats: await call.stats().catch(() => undefined) })),
    );
    return all.filter((one): one is { call: Call; stats: MediaStats } => one.stats !== undefined);
  }

  close(): void {
    this.#rtpTimer?.cancel();
    this.#vadTimer?.cancel();
    this.#lastVad.clear();
  }
}

function totalsOf({ sent, received }: MediaStats): Totals {
  return {
    sent: sent.packets,
    rec: received.packets,
    issues: received.late + received.outOfOrder + received.duplicate,
    loss: received.lost,
  };
}

/** From a mean opinion score to 1 (lowest) to 5 (highest). */
function qualityOf(mos: number): number {
  if (mos >= 4.2) return 5;
  if (mos >= 3.8) return 4;
  if (mos >= 3.2) return 3;
  return mos >= 2.5 ? 2 : 1;
}

/** A level in dBov as 0 to 100. */
function percent(dbov: number): number {
  return Math.round((100 * Math.max(0, dbov - FLOOR_DBOV)) / -FLOOR_DBOV);
}
