/**
 * Words of presence: what we can be, what others say they are, and the few groups all of it falls into. Pure.
 */
import type { PresenceDocument } from '../../ua/index.js';

/** What we can say of ourselves. */
export type OwnStatus = 'online' | 'away' | 'busy' | 'dnd' | 'invisible' | 'offline';

/** Groups for icons. */
export type PresenceGroup = 'online' | 'dnd' | 'busy' | 'pending' | 'away' | 'offline' | 'unknown';

const GROUPS: Readonly<Record<PresenceGroup, readonly string[]>> = {
  online: ['open', 'online', 'reachable', 'available', 'callme', 'registered', 'ready', 'exists'],
  dnd: ['dnd', 'donotdisturb'],
  busy: ['busy', 'speaking', 'callsetup', 'onthephone', 'meeting', 'appointment', 'presentation', 'incall'],
  pending: ['pending', 'forwarding', 'callforward'],
  away: [
    'away',
    'idle',
    'berightback',
    'meal',
    'breakfast',
    'dinner',
    'travel',
    'vacation',
    'holiday',
    'sleeping',
    'intransit',
    'steering',
    'driving',
  ],
  offline: ['close', 'closed', 'unreachable', 'offline', 'unregistered', 'invisible', 'permanentabsence'],
  unknown: ['unknown', 'notset', 'notexists', 'other'],
};

const BY_WORD = new Map<string, PresenceGroup>(
  Object.entries(GROUPS).flatMap(([group, words]) =>
    words.map((word) => [wordOf(word), group as PresenceGroup] as const),
  ),
);

function wordOf(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, '');
}

/** The group of a word, in any spelling; undefined when it is none of those known. */
export function presenceGroup(text: string | undefined): PresenceGroup | undefined {
  return text === undefined ? undefined : BY_WORD.get(wordOf(text));
}

export interface PresenceInfo {
  group: PresenceGroup;
  /** Open, Closed, Pending or Unknown. */
  state: string;
  /** More exactly, in the words of the peer; may be empty. */
  details: string;
  /** What the user has written about himself, beside the state. */
  text?: string;
  displayName?: string;
  email?: string;
}

/** Details decide, when they are known words; else what the person does, else whether it can be reached. */
export function presenceInfo(document: PresenceDocument): PresenceInfo {
  const { tuples, activities, displayName } = document;
  const mail = tuples.find(({ contact }) => /^mailto:/i.test(contact ?? ''))?.contact?.slice(7);
  const phones = tuples.filter(({ contact }) => !/^mailto:/i.test(contact ?? ''));
  const open = phones.some(({ basic }) => basic === 'open');
  const known = phones.some(({ basic }) => basic !== undefined);
  const state = open ? 'Open' : known || phones.length === 0 ? 'Closed' : 'Unknown';
  const text = phones.find((tuple) => tuple.note)?.note;
  const note = document.note ?? text;
  const details = note ?? activities[0] ?? '';
  const group =
    // Somebody who is gone is not busy, whatever the note still says.
    (state === 'Closed' ? 'offline' : undefined) ??
    presenceGroup(note) ??
    activities.map(presenceGroup).find((one) => one !== undefined) ??
    presenceGroup(state) ??
    'unknown';
  return { group, state, details, text, displayName, email: mail || undefined };
}

const WORDS: Readonly<Record<OwnStatus, string>> = {
  online: 'Online',
  away: 'Away',
  busy: 'Busy',
  dnd: 'DND',
  invisible: 'Offline',
  offline: 'Offline',
};
/** RPID has no word for "do not disturb": the note has it. */
const ACTIVITIES: Partial<Record<OwnStatus, string>> = { away: 'away', busy: 'busy', dnd: 'busy' };

export function presenceDocument(own: {
  entity: string;
  contact: string;
  status: OwnStatus;
  note?: string;
  /** Of the user, beside the status. */
  text?: string;
  displayName?: string;
  email?: string;
}): PresenceDocument {
  const { entity, contact, status, note, text, displayName, email } = own;
  const open = status !== 'offline' && status !== 'invisible';
  const activity = ACTIVITIES[status];
  return {
    entity,
    tuples: [
      { id: 'phone', basic: open ? 'open' : 'closed', contact, note: open ? text || undefined : undefined },
      ...(email && open ? [{ id: 'mail', contact: `mailto:${email}` }] : []),
    ],
    activities: activity ? [activity] : [],
    note: open && note ? note : WORDS[status],
    displayName: open ? displayName : undefined,
  };
}
