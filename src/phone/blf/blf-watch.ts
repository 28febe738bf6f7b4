/** The calls of one extension, watched (RFC 4235): a subscription and the table of its dialogs. Made by Blf. */
import { isSwitchhookError } from '../../base/errors.js';
import {
  DIALOG_INFO_TYPE,
  type DialogInfo,
  DialogTableView,
  type Notification,
  parseDialogInfo,
  type Subscription,
  type SubscriptionEnd,
} from '../../ua/index.js';
import type { Peer } from '../peer-name.js';
import { isLost, Watch } from '../watch.js';

/** One lamp, or one blink of it. */
export interface BlfState {
  peer: Peer;
  state: 'trying' | 'proceeding' | 'early' | 'confirmed' | 'terminated' | 'unknown' | 'failed';
  /** Of the call as the extension sees it. */
  direction?: 'outgoing' | 'incoming';
  callId?: string;
  /** The other party, if the extension tells. */
  remote?: string;
}

export class BlfWatch extends Watch<BlfState> {
  /** A table for every device of the extension. */
  readonly #tables = new Map<string, DialogTableView>();
  /** Known from the subscription before: what is not told again is over. */
  #stale: DialogInfo[] = [];
  #heard = false;

  /** Calls it has now. */
  get dialogs(): readonly DialogInfo[] {
    return [...this.#tables.values()].flatMap((table) => table.dialogs);
  }

  protected override onState(phase: Subscription['phase'], end: SubscriptionEnd | undefined): void {
    if (phase === 'subscribing') {
      this.#stale.push(...this.dialogs);
      this.#tables.clear();
    }
    const failed = (phase === 'waiting' || phase === 'ended') && end?.error;
    if (!failed && !isLost(phase, end)) return;
    this.#heard = false;
    this.#tell({ state: 'failed' });
  }

  protected override onNotify({ contentType, body, source, state }: Notification): void {
    if (state === 'pending') return;
    if (body === '') {
      // Servers that know of no call send no document.
      if (state === 'active' && !this.#heard) this.#tell({ state: 'terminated' });
      this.#heard ||= state === 'active';
      if (state === 'active') this.#endStale();
      return;
    }
    if (contentType !== DIALOG_INFO_TYPE) {
      this.logger.debug('not a dialog-info document', { peer: this.peer.uri, contentType });
      return;
    }
    const table = this.#tables.get(source) ?? new DialogTableView();
    this.#tables.set(source, table);
    try {
      const result = table.apply(parseDialogInfo(body));
      if (!result) return;
      // RFC 4235 §4.3: a document before this one was lost.
      if (result.refresh) this.refresh();
      for (const dialog of result.changed) this.#changed(dialog);
      this.#endStale();
      if (!this.#heard && result.changed.length === 0) this.#tell({ state: 'terminated' });
      this.#heard = true;
    } catch (error) {
      if (!isSwitchhookError(error, 'ERR_XML')) throw error;
      this.logger.warn('a dialog-info document could not be read', { peer: this.peer.uri, error });
    }
  }

  #endStale(): void {
    const live = new Set(this.dialogs.map(({ id }) => id));
    for (const dialog of this.#stale.splice(0)) {
      if (!live.has(dialog.id)) this.#changed({ ...dialog, state: 'terminated' });
    }
  }

  #changed({ state = undefined, direction, callId, remote }: DialogInfo): void {
    this.#tell({
      state: state ?? 'unknown',
      direction: direction && (direction === 'initiator' ? 'outgoing' : 'incoming'),
      callId,
      remote: remote?.identity ?? remote?.target,
    });
  }

  #tell(state: Omit<BlfState, 'peer'>): void {
    this.emit('change', { peer: this.peer, ...state });
  }
}
