/**
 * Notifications to strings and back. A string is the kind and its fields, separated by commas; fields missing at the
 * end are left away. Nothing is escaped in this format: a comma or a line break within a field that is not the last
 * one is written as a semicolon or a blank, so that what is written can always be read back.
 */
import type { FieldsOf, Notification, NotificationKind } from './notification.js';
import { type FieldSpec, NOTIFICATIONS, type NotificationSpec } from './notification-table.js';

const SPECS = new Map<string, NotificationSpec>();
for (const spec of NOTIFICATIONS as readonly NotificationSpec[]) {
  for (const name of [spec.kind, ...(spec.aliases ?? [])]) SPECS.set(name, spec);
}

const PREFIX = /^WPNOTIFICATION,\s*/i;
/** What separates several notifications in one text. */
const RECORD_SEPARATOR = '\r\n';
/** The separator on sockets, which needs no care for line breaks within a notification. */
const SAFE_END = /,NEOL[^\S\r\n]*(?:\r?\n|$)/;

type Values = Readonly<Record<string, unknown>>;

export function specOf(kind: NotificationKind): NotificationSpec {
  return SPECS.get(kind) as NotificationSpec;
}

/** Makes a notification. */
export function notification<K extends NotificationKind>(kind: K, fields: FieldsOf<K>): Notification {
  return make(specOf(kind), fields as Values);
}

function make(spec: NotificationSpec, fields: Values): Notification {
  const clean: Record<string, unknown> = { kind: spec.kind };
  for (const field of spec.fields) {
    const value = tidy(field, fields[field.name]);
    if (value !== undefined) clean[field.name] = value;
  }
  // An empty field after the Call-ID is the mark of the older layout, see statusLayout.
  if (spec.kind === 'STATUS' && clean.callid !== undefined) clean.online ??= 0;
  Object.defineProperty(clean, 'toString', {
    value: () => formatNotification(clean as never),
    enumerable: false,
  });
  return clean as unknown as Notification;
}

/** The value as it can be written and read back. */
function tidy(field: FieldSpec, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (field.type === 'int')
    return Number.isSafeInteger(Math.trunc(Number(value))) ? Math.trunc(Number(value)) : undefined;
  if (field.type === 'bool') return Boolean(value);
  // What a peer writes must not look like the end of a record.
  const text = String(value).replace(/,(?=NEOL\s*(?:[\r\n]|$))/g, ';');
  if (field.name === 'request') return text.replaceAll(',REQUEST:', ';REQUEST:').trim() || undefined;
  if (field.type === 'rest') return text.trim() || undefined;
  const flat = text.replace(/[\r\n]+/g, ' ').replaceAll(',', ';');
  return (field.type === 'callid' ? flat.replace(/[[\]]/g, '') : flat).trim() || undefined;
}

export function formatNotification(notification: Notification): string {
  const spec = specOf(notification.kind);
  const values = notification as unknown as Values;
  if (spec.kind === 'ANSWER') {
    return `ANSWER,RESULT:${values.result ?? ''},REQUEST:${values.request ?? ''},EOFANSWER`;
  }
  const parts = spec.fields.map((field) => {
    const value = values[field.name];
    if (value === undefined) return '';
    return field.type === 'callid' ? `[${value}]` : String(value);
  });
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
  return [spec.kind, ...parts].join(',');
}

/**
 * Reads one notification; a text without a known header is an EVENT, as the manual's sample treats it. Missing fields
 * at the end are absent.
 */
export function parseNotification(text: string): Notification {
  const record = text
    .trim()
    .replace(PREFIX, '')
    .replace(/,NEOL$/, '')
    .trim();
  const comma = record.indexOf(',');
  const spec = SPECS.get((comma < 0 ? record : record.slice(0, comma)).trim().toUpperCase());
  if (!spec || (comma < 0 && spec.fields.length > 0 && record !== spec.kind)) {
    return make(SPECS.get('EVENT') as NotificationSpec, { type: 'EVENT', txt: record });
  }
  const tail = comma < 0 ? '' : record.slice(comma + 1);
  if (spec.kind === 'ANSWER') return parseAnswer(spec, tail);
  return make(spec, read(spec.fields, tail, spec.kind));
}

/**
 * Several as one text, with CR LF between them: a line break within one is LF alone, so that nothing a peer writes can
 * pass for another.
 */
export function joinNotifications(list: readonly Notification[]): string {
  return list.map((one) => formatNotification(one).replace(/\r\n?/g, '\n')).join(RECORD_SEPARATOR);
}

/** Several notifications in one text, separated by either separator. */
export function parseNotifications(text: string): Notification[] {
  const records = SAFE_END.test(text) ? text.split(SAFE_END) : text.split(RECORD_SEPARATOR);
  return records.filter((record) => record.trim() !== '').map(parseNotification);
}

function parseAnswer(spec: NotificationSpec, tail: string): Notification {
  const match = /^\s*RESULT:([\s\S]*),REQUEST:([\s\S]*?)(?:,EOFANSWER)?$/.exec(tail);
  return make(spec, match ? { result: match[1], request: match[2] } : { result: tail });
}

function read(fields: readonly FieldSpec[], tail: string, kind: string): Values {
  const values: Record<string, unknown> = {};
  let left: string | undefined = tail;
  const layout = kind === 'STATUS' ? statusLayout(fields, tail) : fields;
  for (const field of layout) {
    if (left === undefined) break;
    const end: number = field.type === 'rest' ? -1 : left.indexOf(',');
    const part = (end < 0 ? left : left.slice(0, end)).trim();
    left = end < 0 ? undefined : left.slice(end + 1);
    if (part !== '') values[field.name] = value(field, part);
  }
  return values;
}

function value(field: FieldSpec, part: string): unknown {
  switch (field.type) {
    case 'int':
      return /^[+-]?\d+$/.test(part) ? Number(part) : undefined;
    case 'bool':
      return /^(true|1|yes)$/i.test(part);
    case 'callid':
      return part.replace(/^\[|\]$/g, '');
    default:
      return part;
  }
}

/**
 * The example session of the manual is older than its template: a STATUS had an empty field after the Call-ID, and
 * those of one-time events had four counters and an empty field before it. Both are read.
 */
function statusLayout(fields: readonly FieldSpec[], tail: string): readonly FieldSpec[] {
  const parts = tail.split(',');
  const at = parts.findIndex((part) => /^\s*\[.*\]\s*$/.test(part));
  const named = (name: string): FieldSpec => fields.find((field) => field.name === name) as FieldSpec;
  const unused: FieldSpec = { name: '', type: 'text', doc: '' };
  const callidAt = fields.findIndex(({ name }) => name === 'callid');
  if (at === callidAt + 5) {
    const counters = ['rtpsent', 'rtprec', 'rtploss', 'rtplosspercent'].map(named);
    return [...fields.slice(0, callidAt), ...counters, unused, ...fields.slice(callidAt, callidAt + 8)];
  }
  if (at === callidAt && parts.length > at + 1 && parts[at + 1].trim() === '' && parts.length <= at + 9) {
    return [...fields.slice(0, callidAt + 1), unused, ...fields.slice(callidAt + 1, callidAt + 8)];
  }
  return fields;
}
