/**
 * Puts the pieces of a webphone together: who is made of what, and who is told of whom. Called once by Webphone; decides
 * nothing.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.js';
import { isSwitchhookError } from '../base/errors.js';
import type { PhoneOptions, Store } from '../phone/index.js';
import type { Call } from '../ua/index.js';
import { AccountDesk } from './accounts/account-desk.js';
import { ConferenceDesk } from './calling/conference-desk.js';
import { Dialer } from './calling/dialer.js';
import { muteByLine } from './calling/line-mutes.js';
import { TransferDesk } from './calling/transfer-desk.js';
import { ContactList } from './contacts/contact-list.js';
import { FetchedSounds } from './files/fetched-sounds.js';
import { HttpClient } from './files/http-client.js';
import { RemoteFiles } from './files/remote-files.js';
import { WorkFiles } from './files/work-files.js';
import { KeptStore } from './kept-store.js';
import { Lifecycle } from './lifecycle.js';
import { LogOutputs } from './logs/log-outputs.js';
import { logRtp } from './logs/rtp-log.js';
import { settingSecrets } from './logs/setting-secrets.js';
import { textEncoding } from './mapping/text-encoding.js';
import { AudioDesk } from './media/audio-desk.js';
import { MediaQueue } from './media/media-queue.js';
import { PlayerDesk } from './media/players.js';
import { RecordingDesk } from './media/recordings.js';
import { warnOfSilentMicrophone } from './media/silent-microphone.js';
import { MessageDesk } from './messaging/message-desk.js';
import { PresenceDesk } from './messaging/presence-desk.js';
import { NetworkView } from './network-view.js';
import { NotificationHub } from './notifications/notification-hub.js';
import { packageVersion } from './package-version.js';
import type { Settings } from './settings/settings.js';
import { LineExtras } from './signalling/line-extras.js';
import { SipHistory } from './signalling/sip-history.js';
import { TlsContext } from './signalling/tls-context.js';
import { Stack } from './stack.js';
import { LineDesk } from './status/line-desk.js';
import { checkNetworkOnFailure } from './status/network-check.js';
import { testQuality } from './status/quality-test.js';
import { Statistics } from './status/statistics.js';
import { StatusBoard } from './status/status-board.js';
import { GLOBAL_TEXTS } from './status/status-texts.js';
import type { Folders, WebphoneParts } from './webphone-context.js';
import { WebphoneLog } from './webphone-log.js';

export interface AssembleOptions {
  clock: Clock;
  settings: Settings;
  /** Folder for the data of the phone. */
  workFolder?: string;
  /** What the phone remembers, in place of a database in the work folder. */
  store?: Store;
  phoneOptions(log: WebphoneLog, folders: Folders): PhoneOptions;
}

const WORK_FOLDER = 'mwphonedata';
const LOG_FILE = 'webphonelog.dat';
const DATABASE = 'phone.db';

export function assemble(options: AssembleOptions): WebphoneParts {
  const { clock, settings } = options;
  const folders = foldersOf(options.workFolder);
  const notifications = new NotificationHub(clock);
  const log = new WebphoneLog({
    notifications,
    level: () => settings.number('loglevel'),
    polling: () => settings.number('logpolling') === 1,
    path: () => settings.text('logpath') || join(folders.work, LOG_FILE),
    secrets: settingSecrets(settings),
  });
  const { logger } = log;
  const warned = new Set<string>();
  const report = (message: string, error?: unknown): void => {
    const reason = error instanceof Error && !message.includes(error.message) ? `: ${error.message}` : '';
    notifications.publish('ERROR', { text: `${message}${reason}` });
    logger.warn(message, { error, code: isSwitchhookError(error) ? error.code : undefined });
  };
  const warnOnce = (key: string, message: string): void => {
    if (warned.has(key)) return;
    warned.add(key);
    notifications.publish('WARNING', { text: message });
  };
  const background = (work: Promise<unknown>, what: string): void => {
    work.catch((error: unknown) => report(what, error));
  };
  notifications.onListenerError = (error) => logger.error('a listener failed', { error });
  const kept = new KeptStore({
    given: options.store,
    // Without a folder of its own a program is not surprised by files.
    path: () =>
      options.workFolder !== undefined && settings.number('autocfgsave') >= 0
        ? join(folders.work, DATABASE)
        : undefined,
    report,
  });
  const tls = new TlsContext();
  const stack: Stack = new Stack(() => {
    const made = {
      ...options.phoneOptions(log, folders),
      store: kept.store,
      from: () => network.ourselves(settings),
    };
    return tls.options ? { ...made, tls: { ...made.tls, ...tls.options } } : made;
  });
  stack.on('made', (phone) => phone.diagnostics.sip.subscribe((trace) => log.sip(trace)));
  const desk = new LineDesk(stack);
  logRtp({ clock, settings, stack, desk, log });
  const muted = (call: Call): boolean => /both|microphone/.test(desk.muted(call) ?? '');
  muteByLine({ settings, stack });
  testQuality({ stack, settings, notifications, log });
  warnOfSilentMicrophone({ clock, settings, stack, notifications, muted });
  const accounts = new AccountDesk({ settings, stack, background });
  checkNetworkOnFailure({ accounts, settings, stack, notifications, background });
  const board = new StatusBoard({
    clock,
    settings,
    stack,
    desk,
    accounts,
    notifications,
    leaving: () => !lifecycle.usable,
  });
  const extras = new LineExtras(stack, desk, settings);
  const network: NetworkView = new NetworkView(stack, settings);
  const dialer = new Dialer({ extras, stack, accounts, settings, board, network, report });
  const http = new HttpClient({
    userAgent: `Switchhook/${packageVersion()}`,
    charset: () => textEncoding(settings, 'charset_bytes'),
  });
  const files = new WorkFiles(folders.work, () => textEncoding(settings, 'charset_bytes'));
  const contacts = new ContactList(() => kept.store.contacts);
  const lifecycle: Lifecycle = new Lifecycle({
    clock,
    settings,
    notifications,
    stack,
    initialized: () => board.say(GLOBAL_TEXTS.initialized),
    register: () => {
      board.registerBegins();
      accounts.register();
    },
    registration: () =>
      accounts.registeredEx === 1 ? 'none' : accounts.registered ? 'registered' : 'missing',
    hasAccount: (withPassword) => accounts.complete(withPassword),
    busy: () => desk.calls.length > 0,
    forgetPresets: () => settings.clearLines(),
    forget: () => {
      accounts.forget();
      background(kept.forget(), 'API_DelSettings');
    },
    report,
  });
  const conferences: ConferenceDesk = new ConferenceDesk({
    stack,
    desk,
    dialer,
    settings,
    notifications,
    changed: (call) => {
      board.monitor(call)?.changed();
      mediaQueue.arrange();
    },
  });
  const mediaQueue = new MediaQueue({
    desk,
    stack,
    settings,
    roomOf: (call) => conferences.roomOf(call),
    report,
  });
  return {
    clock,
    logger,
    log,
    logOutputs: new LogOutputs(log, { settings, onError: report }),
    settings,
    notifications,
    stack,
    desk,
    accounts,
    board,
    dialer,
    http,
    files,
    contacts,
    kept,
    folders,
    report,
    background,
    lifecycle,
    statistics: new Statistics({ clock, settings, stack, desk, notifications }),
    network,
    conferences,
    recordings: new RecordingDesk({ stack, desk, notifications, settings, clock, folder: folders.work }),
    players: new PlayerDesk({ desk, notifications, settings, report }),
    audio: new AudioDesk({ stack, desk, settings, find: folders.find, report }),
    mediaQueue,
    transfers: new TransferDesk({ stack, desk, board, settings, background }),
    messages: new MessageDesk({ stack, desk, board, settings, notifications, background }),
    presence: new PresenceDesk({ stack, board, settings, notifications, background }),
    extras,
    history: new SipHistory(stack, notifications),
    tls,
    remoteFiles: new RemoteFiles(settings, http),
    sounds: new FetchedSounds(http, folders.work),
    reveal: (text) => settings.decrypt(text),
    warnOnce,
  };
}

function foldersOf(wanted: string | undefined): Folders {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const bin = dirname(process.argv[1] ?? here);
  const work = resolve(wanted ?? WORK_FOLDER);
  return {
    bin,
    work,
    alternative: tmpdir(),
    find: (file) => [file, join(work, file), join(bin, file)].find((path) => existsSync(path)) ?? file,
  };
}
