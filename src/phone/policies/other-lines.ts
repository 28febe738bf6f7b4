/** What happens to the other calls when one begins or another line is chosen. */

export interface LineTriggers {
  /** When an incoming call is answered. */
  incoming?: boolean;
  /** When a call is dialled. */
  outgoing?: boolean;
  /** When another line is made the active one. */
  select?: boolean;
}

export interface OtherLinesOptions {
  /** Put them on hold. */
  hold?: LineTriggers;
  /** Mute what they hear of us. */
  mute?: LineTriggers;
}
