/**
 * Presence, busy lamps and voicemail of the API: begins and ends the watches, keeps who asked to watch us, and tells
 * what changes. The watches are the phone's.
 */
import type {
  BlfState,
  OwnStatus,
  Phone,
  PresenceState,
  VoicemailState,
  WatchRequest,
} from '../../phone/index.js';
import type { NotificationHub } from '../notifications/notification-hub.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import { userOf } from '../status/line-desk.js';
import type { StatusBoard } from '../status/status-board.js';

const STATUSES: Readonly<Record<string, OwnStatus>> = {
  online: 'online',
  away: 'away',
  busy: 'busy',
  dnd: 'dnd',
  invisible: 'invisible',
  offline: 'offline',
};
const DIRECTIONS = { outgoing: 'out', incoming: 'in' } as const;
const ONE_USER = 'upresence_USERNAME';
/** Requests that wait for an answer. */
const MAX_REQUESTS = 200;

export interface PresenceDeskOptions {
  stack: Stack;
  settings: Settings;
  background(work: Promise<unknown>, what: string): void;
  notifications: NotificationHub;
  board: StatusBoard;
}

export class PresenceDesk {
  readonly #options: PresenceDeskOptions;
  readonly #requests = new Map<string, WatchRequest>();
  readonly #texts = new Map<string, string>();

  constructor(options: PresenceDeskOptions) {
    this.#options = options;
    options.stack.on('made', (phone) => this.#attach(phone));
    options.stack.on('stopped', () => this.#requests.clear());
    const { settings, stack } = options;
    stack.on('running', () => {
      for (const member of settings.members(ONE_USER)) this.#showTo(member);
    });
    settings.on('change', ({ name, key }) => {
      if (name === ONE_USER && stack.phone) this.#showTo(key.slice(key.indexOf('_') + 1));
    });
  }

  /** People whose requests are accepted. */
  know(text: string): boolean {
    const users = names(text);
    this.#phone.presence.watchers.know(users);
    return users.length > 0;
  }

  /** Accepts a request that waits, and watches the one who asked. */
  accept(user: string): boolean {
    const name = user.trim();
    if (!name) return false;
    const request = this.#requests.get(name);
    request?.accept();
    this.#requests.delete(name);
    this.#phone.presence.watchers.know([name]);
    this.#watch(request?.peer.address ?? name);
    return true;
  }

  watch(text: string): boolean {
    const users = names(text);
    for (const user of users) this.#watch(user);
    return users.length > 0;
  }

  /** Says how we are. @returns false for a word that means nothing */
  status(text: string): Promise<void> | undefined {
    const status = STATUSES[text.trim().toLowerCase()];
    return status && this.#phone.presence.publish(status);
  }

  watchCalls(text: string): boolean {
    const users = names(text);
    const { blf } = this.#phone;
    if (users.length > 0 && blf.mode === 'off') blf.setMode('auto');
    for (const user of users) blf.watch(user);
    return users.length > 0;
  }

  unwatchCalls(text: string): boolean {
    const { blf } = this.#phone;
    const users = names(text);
    if (users.length === 0) blf.setMode('off');
    for (const user of users) blf.unwatch(user);
    return true;
  }

  checkVoicemail(): Promise<void> {
    return this.#phone.voicemail.check();
  }

  /** Ends all watches. */
  unsubscribe(): boolean {
    const { phone } = this.#options.stack;
    phone?.presence.unwatch();
    phone?.blf.unwatch();
    phone?.voicemail.unsubscribe();
    return phone !== undefined;
  }

  /** What somebody has said beside the presence last. */
  profileText(user: string): string {
    return this.#texts.get(user.trim()) ?? '';
  }

  #watch(user: string): void {
    this.#options.board.subscribes(userOf(user));
    this.#phone.presence.watch(user);
  }

  get #phone(): Phone {
    return this.#options.stack.start();
  }

  /** What one user sees of us, whatever the others see. */
  #showTo(user: string): void {
    const { settings, background } = this.#options;
    const status = STATUSES[settings.text(ONE_USER, user).trim().toLowerCase()];
    background(this.#phone.presence.publishTo(user, status), ONE_USER);
  }

  #attach(phone: Phone): void {
    const { presence, blf, voicemail } = phone;
    phone.on('lanPeer', ({ user, name, uri }) => {
      const { notifications } = this.#options;
      notifications.publish('NEWUSER', { peername: user, displayname: name, email: '', uri });
    });
    presence.on('change', (state) => this.#presence(state));
    presence.on('watcher', (request) => this.#asked(request));
    blf.on('change', (state) => this.#lamp(state));
    voicemail.on('change', (state) => this.#mail(state));
  }

  #presence({ peer, state, details, text, displayName, email }: PresenceState): void {
    this.#texts.set(peer.user, text ?? details);
    this.#options.notifications.publish('PRESENCE', {
      peername: peer.user,
      state,
      details,
      displayname: displayName ?? peer.displayName,
      email,
    });
  }

  #asked(request: WatchRequest): void {
    const { peer, email } = request;
    if (this.#requests.size >= MAX_REQUESTS)
      this.#requests.delete(this.#requests.keys().next().value as string);
    this.#requests.set(peer.user, request);
    this.#options.notifications.publish('NEWUSER', {
      peername: peer.user,
      displayname: peer.displayName,
      email,
      uri: peer.uri,
    });
  }

  #lamp({ peer, direction, state, callId }: BlfState): void {
    this.#options.notifications.publish('BLF', {
      peername: peer.user,
      direction: direction ? DIRECTIONS[direction] : 'undefined',
      state,
      callid: callId,
    });
  }

  #mail({ waiting, number, to, count, message }: VoicemailState): void {
    this.#options.notifications.publish('MWI', {
      hasvoicemail: waiting ? 'yes' : 'no',
      voicemailnumber: number,
      to,
      count,
      message,
    });
  }
}

function names(text: string): string[] {
  return text
    .split(/[,;\r\n]+/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
