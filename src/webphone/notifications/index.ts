/** Notifications: the table of kinds, objects and strings, and the hub everybody gets them from. */
export {
  formatNotification,
  joinNotifications,
  notification,
  parseNotification,
  parseNotifications,
} from './format.js';
export type { FieldsOf, Notification, NotificationKind, NotificationOf } from './notification.js';
export {
  type DeliveryWay,
  NotificationHub,
  type NotificationListener,
  type NotificationPolicy,
} from './notification-hub.js';
export type { NotificationQueue, NotificationQueueOptions } from './notification-queue.js';
export {
  type FieldSpec,
  type FieldType,
  NOTIFICATIONS,
  type NotificationSpec,
} from './notification-table.js';
