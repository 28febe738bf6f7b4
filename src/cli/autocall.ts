/**
 * The call that `autocall=true` makes: as soon as the account is registered, or at once when there is none to register.
 * The exit code tells how it went.
 */
import type { Settings, Webphone } from '../webphone/index.js';
import { EXIT } from './exit-codes.js';

/** @param done told the exit code, when the call is over or cannot be made */
export function autocall(webphone: Webphone, settings: Settings, done: (code: number) => void): void {
  const registers =
    ['serveraddress', 'username'].every((name) => settings.get(name)) && settings.get('register') !== 0;
  let called = false;
  const call = (): void => {
    if (called) return;
    called = true;
    if (!webphone.API_Call(-1, settings.text('callto'))) done(EXIT.failed);
  };
  webphone.notifications.subscribe((notification) => {
    switch (notification.kind) {
      case 'START':
        if (notification.what === 'sip' && !registers) call();
        break;
      case 'REGISTER':
        // The call goes by the main account.
        if (!notification.main) break;
        if (/^registered/i.test(notification.text ?? '')) call();
        else if (/fail|reject|expired/i.test(notification.text ?? '') && !called) done(EXIT.registration);
        break;
      case 'CDR':
        if (called) done(codeOf(notification.duration ?? 0, notification.disccode ?? -1));
        break;
    }
  }, 'all');
}

function codeOf(duration: number, status: number): number {
  if (duration > 0) return EXIT.ok;
  if (status === 408 || status === 480 || status === 487) return EXIT.timeout;
  return status >= 300 ? EXIT.rejected : EXIT.failed;
}
