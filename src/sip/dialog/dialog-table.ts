/** The dialogs of a user agent and who owns them; finds the owner of a request received within a dialog. */
import type { SipMessage } from '../message/index.js';
import { type Dialog, dialogId } from './dialog.js';

export class DialogTable<T> {
  readonly #owners = new Map<string, T>();

  get size(): number {
    return this.#owners.size;
  }

  add(dialog: Dialog, owner: T): void {
    this.#owners.set(dialog.id, owner);
  }

  remove(dialog: Dialog): void {
    this.#owners.delete(dialog.id);
  }

  /** The owner of the dialog a received request belongs to: our tag is in To (RFC 3261 §12.2.2). */
  find(request: SipMessage): T | undefined {
    return this.findByIds(request.callId, request.to.tag ?? '', request.from.tag ?? '');
  }

  findByIds(callId: string, localTag: string, remoteTag: string): T | undefined {
    return this.#owners.get(dialogId(callId, localTag, remoteTag));
  }

  /** The owners, one per dialog. */
  values(): IterableIterator<T> {
    return this.#owners.values();
  }
}
