/** Methods of the group notifications. Written by `npm run docs` from the function table. */
import type { Notification } from '../notifications/index.js';
import type { ApiListener, Text } from './types.js';

export interface NotificationsMethods {
  /**
   * Calls the listener for every notification; it takes the place of the one before.
   * @param listener a function, or an object with onAll or onStatus, onCdr …
   */
  API_SetNotificationListener(listener: ApiListener): boolean;

  /** The notifications since the call before, a line each; empty when there are none. None is given twice. */
  API_PollNotificationStrings(): string;

  /** Another name of {@link API_PollNotificationStrings}. */
  API_GetNotifications(): string;

  /** The same, but waits for one when there are none; empty after a minute. */
  API_GetNotificationStrings(): Promise<string>;

  /** Another name of {@link API_GetNotificationStrings}. */
  API_GetNotificationsSync(): Promise<string>;

  /** The next notification as an object; undefined when there is none. */
  API_PollNotification(): Notification | undefined;

  /** Makes an object of the string of a notification. */
  API_ParseNotification(notificationstring: Text): Notification | undefined;
}
