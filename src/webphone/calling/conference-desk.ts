/**
 * The conferences of the API: which calls are mixed together, who is being called to join, and GROUP notifications with
 * the members. The mixing is the phone's.
 */
import type { Conference, ConferenceGroups } from '../../phone/index.js';
import type { Call } from '../../ua/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { SettingsReader } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import { type LineDesk, partyOf } from '../status/line-desk.js';
import type { Dialer } from './dialer.js';

export interface ConferenceDeskOptions {
  stack: Stack;
  desk: LineDesk;
  dialer: Dialer;
  settings: SettingsReader;
  notifications: NotificationHub;
  /** A call has become a member, or is one no more. */
  changed(call: Call): void;
}

export class ConferenceDesk {
  readonly #options: ConferenceDeskOptions;
  /** Who is in which, as far as it was told. */
  readonly #told = new Map<Conference, readonly Call[]>();

  constructor(options: ConferenceDeskOptions) {
    this.#options = options;
    options.stack.on('made', ({ conferences }) => {
      conferences.on('group', ({ conference, members }) => this.#tell(conference, members));
    });
  }

  /** Mixes all connected calls. @returns false for less than two */
  mixAll(): boolean {
    return this.#options.desk.connected.length > 1 && this.#change((groups) => groups.addAll());
  }

  /** Lets the call of a line into a conference, with the other calls or that of `with`. */
  add(line: number, with_: number): boolean {
    const { desk, settings } = this.#options;
    const [call] = desk.select(line).filter(({ state }) => state === 'connected');
    if (!call) return false;
    const other = with_ > 0 ? desk.calls.find((one) => desk.lineOf(one) === with_) : undefined;
    if (other) {
      // With conference_tracklines 0 there is one conference, whatever the line; automatic: several when a line is named.
      const several = settings.number('conference_tracklines') !== 0;
      return this.#change((groups) => groups.add(call, other, several));
    }
    if (desk.connected.length < 2) return false;
    const all = settings.number('conference_addalllines') !== 0;
    return this.#change((groups) =>
      all && groups.all.length === 0 ? groups.addAll() : groups.add(call, undefined, false),
    );
  }

  /** Lets the call of a line out; it lives on. */
  remove(line: number): boolean {
    const calls = this.#options.desk.select(line).filter((call) => this.roomOf(call));
    for (const call of calls) this.roomOf(call)?.remove(call);
    return calls.length > 0;
  }

  /** Ends all conferences and keeps the calls. */
  destroy(): boolean {
    const open = this.#options.stack.phone?.conferences.all ?? [];
    for (const room of open) for (const call of room.members) room.remove(call);
    // And what was being opened meanwhile.
    return open.length > 0 && this.#change((groups) => groups.destroy());
  }

  /** Calls somebody and lets him in when he has answered. */
  async invite(line: number, peer: string, with_: number): Promise<void> {
    const call = await this.#options.dialer.dial(line, peer);
    if (!call) return;
    await call.answered().catch(() => undefined);
    if (call.state === 'connected') this.add(this.#options.desk.lineOf(call), with_);
  }

  roomOf(call: Call): Conference | undefined {
    return this.#options.stack.phone?.conferences.of(call);
  }

  #change(act: (groups: ConferenceGroups) => Promise<unknown>): boolean {
    const { stack, notifications } = this.#options;
    if (!stack.phone) return false;
    act(stack.phone.conferences).catch((error: Error) => {
      notifications.publish('EVENT', { type: 'ERROR', txt: `conference: ${error.message}` });
    });
    return true;
  }

  #tell(conference: Conference, members: readonly Call[]): void {
    const before = this.#told.get(conference) ?? [];
    if (members.length > 0) this.#told.set(conference, members);
    else this.#told.delete(conference);
    const names = members.map(partyOf).map(({ user, displayName }) => displayName || user);
    for (const call of before) if (!members.includes(call)) this.#note(call, '');
    // One alone is no conference yet, or none any more.
    for (const call of members) this.#note(call, names.length > 1 ? names.join(' | ') : '');
  }

  #note(call: Call, peers: string): void {
    const { desk, notifications, changed } = this.#options;
    const notes = desk.notes(call);
    const news = peers !== '' || notes.group !== '';
    notes.group = peers;
    if (news && call.state === 'connected') {
      notifications.publish('GROUP', { line: desk.lineOf(call), peers });
    }
    changed(call);
  }
}
