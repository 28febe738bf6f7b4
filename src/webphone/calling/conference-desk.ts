/**
 * The conferences of the API: which calls are mixed together, who is being called to join, and GROUP notifications with
 * the members. The mixing is the phone's.
 */
import type { Conference } from '../../phone/index.js';
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
  readonly #rooms = new Set<Conference>();

  constructor(options: ConferenceDeskOptions) {
    this.#options = options;
  }

  /** Mixes all connected calls. @returns false for less than two */
  mixAll(): boolean {
    const calls = this.#options.desk.connected;
    if (calls.length < 2) return false;
    return this.#join(calls, this.roomOf(calls.find((call) => this.roomOf(call))));
  }

  /** Lets the call of a line into a conference, with the other calls or that of `with`. */
  add(line: number, with_: number): boolean {
    const { desk, settings } = this.#options;
    const [call] = desk.select(line).filter(({ state }) => state === 'connected');
    if (!call) return false;
    const other = with_ > 0 ? desk.calls.find((one) => desk.lineOf(one) === with_) : undefined;
    // With conference_tracklines 0 there is one conference, whatever the line; automatic: several when a line is named.
    const several = with_ > 0 && settings.number('conference_tracklines') !== 0;
    const room = this.roomOf(other) ?? (several ? undefined : [...this.#rooms][0]);
    if (room) return this.#join(other ? [other, call] : [call], room);
    if (other) return this.#join([call, other]);
    const all = settings.number('conference_addalllines') !== 0;
    const others = this.#options.desk.connected.filter((one) => one !== call);
    const chosen = all ? others : others.slice(0, 1);
    return chosen.length > 0 && this.#join([call, ...chosen]);
  }

  /** Lets the call of a line out; it lives on. */
  remove(line: number): boolean {
    const calls = this.#options.desk.select(line).filter((call) => this.roomOf(call));
    for (const call of calls) this.roomOf(call)?.remove(call);
    return calls.length > 0;
  }

  /** Ends all conferences and keeps the calls. */
  destroy(): boolean {
    const rooms = [...this.#rooms];
    for (const room of rooms) {
      for (const call of [...room.members]) room.remove(call);
      void room.close();
    }
    return rooms.length > 0;
  }

  /** Calls somebody and lets him in when he has answered. */
  async invite(line: number, peer: string, with_: number): Promise<void> {
    const call = await this.#options.dialer.dial(line, peer);
    if (!call) return;
    await call.answered().catch(() => undefined);
    if (call.state === 'connected') this.add(this.#options.desk.lineOf(call), with_);
  }

  roomOf(call: Call | undefined): Conference | undefined {
    return call && [...this.#rooms].find((room) => room.members.includes(call));
  }

  #join(calls: readonly Call[], known?: Conference): boolean {
    const { phone } = this.#options.stack;
    if (!phone) return false;
    void (async () => {
      const room = known ?? (await phone.conference([], {}));
      if (!known) this.#watch(room);
      for (const call of calls) {
        if (room.members.includes(call)) continue;
        this.roomOf(call)?.remove(call);
        await room.add(call);
      }
    })().catch((error: Error) => {
      this.#options.notifications.publish('EVENT', { type: 'ERROR', txt: `conference: ${error.message}` });
    });
    return true;
  }

  #watch(room: Conference): void {
    this.#rooms.add(room);
    room.on('joined', () => this.#members(room));
    room.on('left', (call) => {
      this.#options.desk.notes(call).group = '';
      this.#options.changed(call);
      this.#members(room);
      if (room.members.length === 0) void room.close();
    });
    room.on('ended', () => this.#rooms.delete(room));
  }

  #members(room: Conference): void {
    const { desk, notifications } = this.#options;
    const peers = room.members
      .map(partyOf)
      .map(({ user, displayName }) => displayName || user)
      .join(' | ');
    for (const call of room.members) {
      desk.notes(call).group = peers;
      notifications.publish('GROUP', { line: desk.lineOf(call), peers });
      this.#options.changed(call);
    }
  }
}
