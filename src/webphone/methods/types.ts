/** What the `API_` methods take: everything that can be sent as text may be given as text as well. */
import type {
  Notification,
  NotificationKind,
  NotificationListener,
  NotificationOf,
} from '../notifications/index.js';

/** A whole number; a text that is one, and true and false for 1 and 0, will do. */
export type Int = number | string | boolean;
/** True or false; 1 and 0, "yes" and "no" will do. */
export type Bool = boolean | number | string;
/** A text; numbers and booleans become one. */
export type Text = string | number | boolean;

/** `onAll`, and for each kind of notification a member such as `onStatus` or `onCDR`. */
export type ApiListenerObject = { onAll?(notification: Notification): unknown } & {
  [K in NotificationKind as `on${K}` | `on${Capitalize<Lowercase<K>>}`]?: (
    notification: NotificationOf<K>,
  ) => unknown;
};

export type ApiListener = NotificationListener | ApiListenerObject;

/** Certificates in PEM, and whether those of others are checked. */
export interface ApiTlsContext {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  verify?: boolean;
}
