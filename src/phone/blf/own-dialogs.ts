/**
 * Our calls for others to watch: the `dialog` event package (RFC 4235). Every watcher gets the full state first, then,
 * numbered one by one, the full state again at each change: documents are small and none can be lost.
 */
import {
  type Call,
  DIALOG_INFO_TYPE,
  type DialogInfo,
  type DialogInfoState,
  type EventPackage,
  type IncomingSubscription,
  printDialogInfo,
  type UserAgent,
} from '../../ua/index.js';
import { peerOf } from '../peer-name.js';

/** RFC 4235 §3.7.1: what our call states are there. */
function stateOf(call: Call): DialogInfoState {
  switch (call.state) {
    case 'trying':
      return 'trying';
    case 'ringing':
      return 'early';
    case 'connected':
      return 'confirmed';
    default:
      return 'terminated';
  }
}

export class OwnDialogs {
  readonly #agent: UserAgent;
  /** Those there are; one that has ended is in the document that tells it, if that goes out at once. */
  readonly #known = new Map<Call, DialogInfo>();
  readonly #withdraw: () => void;
  readonly #onStart = (call: Call): void => this.#watch(call);

  /** @param admit decides who may see them */
  constructor(agent: UserAgent, admit: (subscription: IncomingSubscription) => void) {
    this.#agent = agent;
    this.#withdraw = agent.subscriptions.offer(this.#package(admit));
    agent.on('callStarted', this.#onStart);
    for (const call of agent.calls) this.#watch(call);
  }

  /** The SIP stack ends, which says goodbye to the watchers: they may come back (RFC 6665 §4.1.3). */
  close(): void {
    this.#withdraw();
    this.#agent.off('callStarted', this.#onStart);
  }

  get #subscribers(): IncomingSubscription[] {
    return this.#agent.subscriptions.subscribers('dialog');
  }

  #package(admit: (subscription: IncomingSubscription) => void): EventPackage {
    return {
      name: 'dialog',
      contentTypes: [DIALOG_INFO_TYPE],
      // Lamps that lag are of no use: as soon as the NOTIFY before is answered.
      interval: 100,
      onSubscribe: admit,
      render: (subscription) => ({
        contentType: DIALOG_INFO_TYPE,
        body: printDialogInfo({
          entity: peerOf(subscription.account?.uri ?? subscription.dialog.local).uri,
          version: subscription.version++,
          full: true,
          dialogs: [...this.#known.values()],
        }),
      }),
    };
  }

  #watch(call: Call): void {
    this.#update(call);
    call.on('state', () => this.#update(call));
  }

  #update(call: Call): void {
    const state = stateOf(call);
    const before = this.#known.get(call);
    if (before?.state === state) return;
    const over = state === 'terminated';
    this.#known.set(call, {
      id: before?.id ?? `c${call.id.slice(0, 16)}`,
      state,
      event: over ? eventOf(call) : undefined,
      direction: call.direction === 'outgoing' ? 'initiator' : 'recipient',
      callId: call.id,
      local: { identity: peerOf(call.local).uri },
      remote: { identity: peerOf(call.remote.uri).uri, displayName: call.remote.displayName },
    });
    for (const one of this.#subscribers) one.notify();
    if (over) this.#known.delete(call);
  }
}

function eventOf(call: Call): DialogInfo['event'] {
  const { end } = call;
  if (!end) return undefined;
  if (end.status === 487) return 'cancelled';
  if (end.status >= 300) return end.by === 'error' ? 'error' : 'rejected';
  return end.by === 'local' ? 'local-bye' : 'remote-bye';
}
