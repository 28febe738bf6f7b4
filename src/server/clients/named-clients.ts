/**
 * Clients that have no connection of their own: HTTP requests. Those that give a name (`client=…`) have their own place
 * in the notifications; those that do not share one, which starts with the server, so that a poller that comes late
 * misses nothing. The least recently seen names give way when there are too many.
 */
import { ControlClient } from './control-client.js';
import { JournalCursor, type NotificationJournal } from './notification-journal.js';

const MAX_NAMES = 256;

export class NamedClients {
  readonly #journal: NotificationJournal;
  readonly #named = new Map<string, ControlClient>();
  readonly #nameless: ControlClient;

  constructor(journal: NotificationJournal) {
    this.#journal = journal;
    this.#nameless = new ControlClient(new JournalCursor(journal, 0));
  }

  get(name: string | undefined): ControlClient {
    if (!name) return this.#nameless;
    const client = this.#named.get(name) ?? new ControlClient(new JournalCursor(this.#journal));
    // A Map keeps the order of insertion: the first is the one not seen for longest.
    this.#named.delete(name);
    this.#named.set(name, client);
    if (this.#named.size > MAX_NAMES) {
      const [oldest, gone] = this.#named.entries().next().value as [string, ControlClient];
      this.#named.delete(oldest);
      gone.close();
    }
    return client;
  }

  close(): void {
    for (const client of this.#named.values()) client.close();
    this.#nameless.close();
  }
}
