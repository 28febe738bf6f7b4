/** How notifications are taken: listeners, polling, parsing. */
import { joinNotifications, notification, parseNotification } from '../notifications/format.js';
import type { Notification } from '../notifications/notification.js';
import type { NotificationQueue } from '../notifications/notification-queue.js';
import { define } from './spec.js';

/** A client that waits is answered in the end, so that a connection does not look dead. */
const LONGEST_READ_MS = 60_000;

export const notifications = [
  define('API_SetNotificationListener', {
    group: 'notifications',
    overloads: [
      [
        {
          name: 'listener',
          type: 'object',
          typed: 'ApiListener',
          doc: 'a function, or an object with onAll or onStatus, onCdr …',
        },
      ],
    ],
    returns: 'boolean',
    remote: false,
    doc: 'Calls the listener for every notification; it takes the place of the one before.',
    run: (context, { listener }) => context.lifecycle.setListener(listener),
  }),
  define('API_PollNotificationStrings', {
    aliases: ['API_GetNotifications'],
    group: 'notifications',
    overloads: [[]],
    returns: 'string',
    doc: 'The notifications since the call before, a line each; empty when there are none. None is given twice.',
    run: ({ queue }) => lines(queue, queue.poll()),
  }),
  define('API_GetNotificationStrings', {
    aliases: ['API_GetNotificationsSync'],
    group: 'notifications',
    overloads: [[]],
    returns: 'string',
    waits: true,
    doc: 'The same, but waits for one when there are none; empty after a minute.',
    run: async ({ queue }) => lines(queue, await queue.read({ timeoutMs: LONGEST_READ_MS })),
  }),
  define('API_PollNotification', {
    group: 'notifications',
    overloads: [[]],
    returns: 'notification',
    remote: false,
    doc: 'The next notification as an object; undefined when there is none.',
    run: ({ queue }) => queue.poll(1)[0],
  }),
  define('API_ParseNotification', {
    group: 'notifications',
    overloads: [[{ name: 'notificationstring', type: 'string' }]],
    returns: 'notification',
    remote: false,
    doc: 'Makes an object of the string of a notification.',
    run: (_, { notificationstring }) => parseNotification(notificationstring),
  }),
];

/** Who polls too seldom is told how many are lost. */
function lines(queue: NotificationQueue, list: readonly Notification[]): string {
  const lost = queue.newlyDropped();
  const text = `${lost} notifications are lost: they were not read in time`;
  return joinNotifications(lost > 0 ? [notification('WARNING', { text }), ...list] : list);
}
