/** Notifications as typed objects, derived from the table. `toString` of each is its string. */
import type { FieldType, NOTIFICATIONS, NotificationSpec } from './notification-table.js';

type Rows = (typeof NOTIFICATIONS)[number];
export type NotificationKind = Rows['kind'];

type ValueOf<T extends FieldType> = T extends 'int' ? number : T extends 'bool' ? boolean : string;

type Fields<S extends NotificationSpec> = {
  readonly [F in S['fields'][number] as F['name']]?: ValueOf<F['type']>;
};

/** One notification of the given kinds; a field that is absent has no meaning in this case. */
export type NotificationOf<K extends NotificationKind> = {
  [P in K]: { readonly kind: P; toString(): string } & Fields<Extract<Rows, { kind: P }>>;
}[K];

/** Any notification. */
export type Notification = NotificationOf<NotificationKind>;

/** The fields a notification of that kind is made with. */
export type FieldsOf<K extends NotificationKind> = Fields<Extract<Rows, { kind: K }>>;
