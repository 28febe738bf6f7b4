/**
 * What happens to the other calls when one begins or another line is chosen: hold, mute, or nothing. Calls that are
 * together in a conference are not "others" to each other. Made by Phone.
 */
import type { Logger } from '../../base/logger.js';
import type { Call } from '../../ua/index.js';
import type { LinePreset } from '../call-options.js';
import type { LineTable } from '../lines.js';
import type { Policies } from './policies.js';

export interface LineTriggers {
  /** When an incoming call is answered. */
  incoming?: boolean;
  /** When a call is dialled. */
  outgoing?: boolean;
  /** When the user makes another line the active one. */
  select?: boolean;
}

export interface OtherLinesOptions {
  /** Put them on hold. */
  hold?: LineTriggers;
  /** Mute what they hear of us. */
  mute?: LineTriggers;
}

export interface OtherLinesEnvironment {
  lines: LineTable<Call, LinePreset>;
  policies: Policies;
  logger: Logger;
  together(one: Call, other: Call): boolean;
  mute(call: Call): void;
}

export class OtherLines {
  readonly #env: OtherLinesEnvironment;

  constructor(env: OtherLinesEnvironment) {
    this.#env = env;
    const { lines } = env;
    lines.on('seated', ({ call }) => {
      if (call.direction === 'outgoing') this.#quieten('outgoing', call);
      else {
        call.on('state', (state) => {
          if (state === 'connecting') this.#quieten('incoming', call);
        });
      }
    });
    lines.on('active', ({ line, by }) => {
      if (by === 'user') this.#quieten('select', lines.get(line));
    });
  }

  #quieten(trigger: keyof LineTriggers, chosen: Call | undefined): void {
    const { hold = {}, mute = {} } = this.#env.policies.otherLines;
    if (!hold[trigger] && !mute[trigger]) return;
    for (const call of this.#env.lines.calls) {
      if (call === chosen || call.state !== 'connected') continue;
      if (chosen && this.#env.together(chosen, call)) continue;
      if (mute[trigger]) this.#env.mute(call);
      if (hold[trigger] && !call.held.local) {
        call.hold().catch((error: unknown) => {
          this.#env.logger.warn('another line could not be held', { callId: call.id, error });
        });
      }
    }
  }
}
