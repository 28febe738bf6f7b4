/** One webhook as the settings `externapiX_…` describe it, and which notifications it is for. Pure. */
import type { ControlNotification } from '../command-target.js';

export interface HookOptions {
  /** With keywords; http or https. */
  readonly url: string;
  /** Kinds of notifications; undefined: all. */
  readonly events?: readonly string[];
  /** -1: the state of the phone as a whole, -2: that of any line, 1 and up: that line; undefined: no matter. */
  readonly line?: number;
  /** Direction of the call; undefined: both. */
  readonly direction?: 'out' | 'in';
  /** Must stand in the string of the notification. */
  readonly filter?: string;
  /** With keywords; posted when there is any, else the URL is fetched with GET. */
  readonly data?: string;
}

const WHOLE_PHONE = -1;
const ANY_LINE = -2;

/** Directions in a STATUS: the type of the endpoint, 1 for one that calls, 2 for one that is called. */
const DIRECTIONS: Readonly<Record<string, 'out' | 'in'>> = { 1: 'out', 2: 'in', out: 'out', in: 'in' };

/** The fields of a notification, by name. */
export function fieldsOf(notification: ControlNotification): Readonly<Record<string, unknown>> {
  return notification as unknown as Record<string, unknown>;
}

export function matches(hook: HookOptions, notification: ControlNotification): boolean {
  if (hook.events && !hook.events.includes(notification.kind)) return false;
  const { line, endpointtype, dir, direction } = fieldsOf(notification);
  if (hook.line === ANY_LINE ? line === WHOLE_PHONE : hook.line !== undefined && line !== hook.line)
    return false;
  if (hook.direction) {
    const told = DIRECTIONS[String(endpointtype ?? dir ?? direction ?? '').toLowerCase()];
    if (told !== hook.direction) return false;
  }
  return hook.filter === undefined || notification.toString().includes(hook.filter);
}
