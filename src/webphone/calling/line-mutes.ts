/** A line may have a `muted` of its own: it holds as soon as its call is connected. What holds for all is the phone's. */
import { mutedAtStart } from '../mapping/service-options.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';

export function muteByLine({ settings, stack }: { settings: Settings; stack: Stack }): void {
  stack.on('connected', (call, line) => {
    const mutes = stack.phone?.mutes;
    const wanted = mutedAtStart(settings.forLine(line));
    if (mutes && mutes.of(call) !== wanted) mutes.only(call, wanted);
  });
}
