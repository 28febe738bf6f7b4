/**
 * `aqtest`: two accounts of ours call each other through a server, the calls carry test packets, and when they are over
 * the log tells how good the way of the media is. Made by assemble; the measuring is the media engine's.
 */
import type { LinkTestStats } from '../../media/index.js';
import type { Call } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { WebphoneLog } from '../webphone-log.js';

export interface QualityTestOptions {
  stack: Stack;
  settings: SettingsReader;
  notifications: NotificationHub;
  log: WebphoneLog;
}

const LOG_LEVEL = 2;

export function testQuality({ stack, settings, notifications, log }: QualityTestOptions): void {
  const open = new Set<Call>();
  let legs: LinkTestStats[] = [];
  const report = (): void => {
    const done = legs;
    legs = [];
    if (done.length === 0) return;
    log.add(LOG_LEVEL, 'aqstat display begin');
    for (const text of linesOf(done)) {
      notifications.publish('EVENT', { type: 'EVENT', txt: text });
      log.add(LOG_LEVEL, `EVENT,${text}`);
    }
  };
  stack.on('connected', (call) => {
    if (settings.number('aqtest') === 0) return;
    open.add(call);
    call.media?.setLinkTest();
    call.on('ended', (_end, { media }) => {
      open.delete(call);
      if (media?.linkTest) {
        // Copies known by their RTP number never get to the test.
        const { disordered } = media.linkTest;
        legs.push({ ...media.linkTest, disordered: disordered + media.received.duplicate });
      }
      if (open.size === 0) report();
    });
  });
}

/** What the report says, both ways together. */
function linesOf(legs: readonly LinkTestStats[]): string[] {
  const sum = (of: (leg: LinkTestStats) => number): number => legs.reduce((total, leg) => total + of(leg), 0);
  const received = sum((leg) => leg.received);
  // A leg that got nothing at all missed what the others have sent.
  const expected = sum((leg) => (leg.received > 0 ? leg.expected : sum(({ sent }) => sent) - leg.sent));
  const disordered = sum((leg) => leg.disordered);
  const unknown = sum((leg) => leg.unknown);
  const average = received === 0 ? 0 : sum((leg) => leg.delayTotalMs) / received;
  const longest = Math.max(...legs.map((leg) => leg.delayMaxMs));
  const arrivals = new Map<number, number>();
  for (const { withinMs, packets } of legs.flatMap((leg) => leg.arrivals))
    arrivals.set(withinMs, (arrivals.get(withinMs) ?? 0) + packets);
  return [
    `aqstats: avg delay: ${Math.round(average)} msec, max delay: ${longest} msec, ` +
      `loss: ${percent(expected - received, expected)}%, cseqproblems: ${percent(disordered, received)}%, ` +
      `expected: ${expected}, recv: ${received}, cseqerr: ${disordered}, err: ${unknown}`,
    ...[...arrivals]
      .sort(([a], [b]) => a - b)
      .map(([withinMs, packets]) => `recv in ${withinMs} msec: ${packets} packets`),
  ];
}

/** With one digit behind the point where that says something. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((1000 * Math.max(0, part)) / whole) / 10;
}
