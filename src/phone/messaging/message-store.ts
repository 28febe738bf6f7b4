/**
 * Where messages wait that could not be delivered, and what keeps a message from being told twice. In memory unless the
 * phone was given a database; then both survive a restart.
 */

/** A message on its way, or waiting for its next attempt. */
export interface StoredMessage {
  /** Ours, on the wire and in reports. */
  id: string;
  /** The SIP address it goes to. */
  peer: string;
  /** As it goes out: with the prefix of its group. */
  body: string;
  contentType: string;
  /** Name of the group it was written to; '' for none. */
  group: string;
  headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  createdAt: number;
  attempts: number;
  /** After so many it is given up, if that is fewer than of all messages. */
  maxAttempts?: number;
  /** Why the last attempt failed. */
  lastError: string;
}

export interface MessageStore {
  /** Adds it, or takes the place of the one of that id. */
  put(message: StoredMessage): void | Promise<void>;
  remove(id: string): void | Promise<void>;
  /** Oldest first. */
  list(): readonly StoredMessage[] | Promise<readonly StoredMessage[]>;
  /**
   * Notes that a received message was told; entries older than `forget` (ms since 1970) may go.
   * @returns false when it had been noted before
   */
  note(key: string, at: number, forget: number): boolean | Promise<boolean>;
}

const MAX_NOTED = 10_000;

export class MemoryMessageStore implements MessageStore {
  readonly #messages = new Map<string, StoredMessage>();
  readonly #noted = new Map<string, number>();

  put(message: StoredMessage): void {
    this.#messages.set(message.id, { ...message });
  }

  remove(id: string): void {
    this.#messages.delete(id);
  }

  list(): readonly StoredMessage[] {
    return [...this.#messages.values()].sort((a, b) => a.createdAt - b.createdAt);
  }

  note(key: string, at: number, forget: number): boolean {
    const before = this.#noted.get(key);
    for (const [old, time] of this.#noted) {
      if (time >= forget && this.#noted.size < MAX_NOTED) break;
      this.#noted.delete(old);
    }
    this.#noted.set(key, at);
    return before === undefined || before < forget;
  }
}
