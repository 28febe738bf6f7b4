/** Warns once a call when a microphone is in use and gives nothing: pulled out, muted by its switch, or the wrong one. */
import type { Clock } from '../../base/clock.js';
import type { Call } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';

const PERIOD_MS = 1000;
/** So long in a row, while the call is neither muted nor held. */
const PATIENCE = 8;
/** A microphone that works hears at least the noise of a room (dBov). */
const FLOOR_DBOV = -100;

export interface SilentMicrophoneOptions {
  clock: Clock;
  settings: Settings;
  stack: Stack;
  notifications: NotificationHub;
  /** Nothing of the microphone is sent now, as was asked for. */
  muted(call: Call): boolean;
}

export function warnOfSilentMicrophone(options: SilentMicrophoneOptions): void {
  const { clock, settings, stack, notifications, muted } = options;
  let inUse = false;
  const watch = (call: Call, silent: number): void => {
    clock.after(PERIOD_MS, async () => {
      const stats = call.state === 'connected' ? await call.stats().catch(() => undefined) : undefined;
      if (!stats) return;
      const wanted = settings.number('enablenomicvoicewarning') !== 0;
      const counts = wanted && inUse && !muted(call) && !call.held.local && !call.held.remote;
      if (counts && stats.level.sentDbov > FLOOR_DBOV) return;
      if (counts && silent + 1 >= PATIENCE) {
        const text =
          'no sound from the microphone: it may be muted, pulled out, or not the one you speak into';
        notifications.publish('WARNING', { text });
        return;
      }
      watch(call, counts ? silent + 1 : 0);
    });
  };
  stack.on('made', (phone) => {
    inUse = false;
    phone.audio.on('device', ({ role, using }) => {
      if (role === 'microphone') inUse = using.length > 0;
    });
  });
  stack.on('connected', (call) => watch(call, 0));
}
