/** What a function works on. Made by Webphone; one for every way of calling, since each may have a queue of its own. */
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { AccountDesk } from './accounts/account-desk.js';
import type { ConferenceDesk } from './calling/conference-desk.js';
import type { Dialer } from './calling/dialer.js';
import type { TransferDesk } from './calling/transfer-desk.js';
import type { ContactList } from './contacts/contact-list.js';
import type { FetchedSounds } from './files/fetched-sounds.js';
import type { HttpClient } from './files/http-client.js';
import type { RemoteFiles } from './files/remote-files.js';
import type { WorkFiles } from './files/work-files.js';
import type { KeptStore } from './kept-store.js';
import type { Lifecycle } from './lifecycle.js';
import type { LogOutputs } from './logs/log-outputs.js';
import type { AudioDesk } from './media/audio-desk.js';
import type { MediaQueue } from './media/media-queue.js';
import type { PlayerDesk } from './media/players.js';
import type { RecordingDesk } from './media/recordings.js';
import type { MessageDesk } from './messaging/message-desk.js';
import type { PresenceDesk } from './messaging/presence-desk.js';
import type { NetworkView } from './network-view.js';
import type { NotificationHub } from './notifications/notification-hub.js';
import type { NotificationQueue } from './notifications/notification-queue.js';
import type { Settings } from './settings/settings.js';
import type { LineExtras } from './signalling/line-extras.js';
import type { SipHistory } from './signalling/sip-history.js';
import type { TlsContext } from './signalling/tls-context.js';
import type { Stack } from './stack.js';
import type { LineDesk } from './status/line-desk.js';
import type { Statistics } from './status/statistics.js';
import type { StatusBoard } from './status/status-board.js';
import type { WebphoneLog } from './webphone-log.js';

export interface Folders {
  /** Of the program. */
  readonly bin: string;
  /** Of the data of the phone. */
  readonly work: string;
  /** Another one that can be written to. */
  readonly alternative: string;
  /** A file as it is named, or of that name in the folders. */
  find(file: string): string;
}

/** What the pieces of a webphone share. */
export interface WebphoneParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: WebphoneLog;
  readonly logOutputs: LogOutputs;
  readonly settings: Settings;
  readonly notifications: NotificationHub;
  readonly stack: Stack;
  readonly lifecycle: Lifecycle;
  readonly accounts: AccountDesk;
  readonly desk: LineDesk;
  readonly board: StatusBoard;
  readonly statistics: Statistics;
  readonly network: NetworkView;
  readonly dialer: Dialer;
  readonly conferences: ConferenceDesk;
  readonly transfers: TransferDesk;
  readonly messages: MessageDesk;
  readonly presence: PresenceDesk;
  readonly extras: LineExtras;
  readonly history: SipHistory;
  readonly tls: TlsContext;
  readonly recordings: RecordingDesk;
  readonly players: PlayerDesk;
  readonly audio: AudioDesk;
  readonly mediaQueue: MediaQueue;
  readonly contacts: ContactList;
  readonly kept: KeptStore;
  readonly files: WorkFiles;
  readonly remoteFiles: RemoteFiles;
  readonly http: HttpClient;
  readonly sounds: FetchedSounds;
  readonly folders: Folders;
  /** A text that was handed over encrypted, in clear. */
  reveal(text: string): string;
  /** Tells that something failed, by an ERROR notification. */
  report(message: string, error?: unknown): void;
  /** Tells something by a WARNING notification the first time it is said for `key`. */
  warnOnce(key: string, message: string): void;
  /** Lets something go on after the function has returned; its failure is reported. */
  background(work: Promise<unknown>, what: string): void;
}

export interface WebphoneContext extends WebphoneParts {
  /** The notifications of whoever called. */
  readonly queue: NotificationQueue;
}
