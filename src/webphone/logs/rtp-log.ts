/** What goes on in RTP as lines of the log, once a second for every call, from `loglevel` 6 on. */
import type { Clock, Timer } from '../../base/clock.js';
import type { MediaStats } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';
import type { WebphoneLog } from '../webphone-log.js';

const LEVEL = 6;
const PERIOD_MS = 1000;

export interface RtpLogOptions {
  clock: Clock;
  settings: Settings;
  stack: Stack;
  desk: LineDesk;
  log: WebphoneLog;
}

/** Writes them as long as there are calls. */
export function logRtp({ clock, settings, stack, desk, log }: RtpLogOptions): void {
  let timer: Timer | undefined;
  const write = async (call: Call): Promise<void> => {
    const stats = await call.stats().catch(() => undefined);
    if (stats) log.add(LEVEL, `RTP of line ${desk.lineOf(call)}: ${textOf(stats)}`);
  };
  const begin = (): void => {
    if (timer?.active) return;
    timer = clock.after(PERIOD_MS, () => {
      const { connected } = desk;
      if (connected.length === 0) return;
      if (settings.number('loglevel') >= LEVEL) for (const call of connected) void write(call);
      begin();
    });
  };
  stack.on('connected', begin);
  stack.on('stopped', () => timer?.cancel());
}

function textOf({ codec, sent, received, remote, delayMs, concealedMs }: MediaStats): string {
  const to = remote ? ` to ${remote.host}:${remote.port}` : '';
  const { packets, lost, late, jitterMs } = received;
  return (
    `${codec ?? 'no codec'}, sent ${sent.packets}${to}, received ${packets}, lost ${lost}, late ${late}, ` +
    `jitter ${jitterMs.toFixed(1)} ms, delay ${Math.round(delayMs)} ms, concealed ${Math.round(concealedMs)} ms`
  );
}
