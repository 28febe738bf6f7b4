/**
 * Which calls somebody has (RFC 4235): documents full and partial, and the table a watcher keeps of them by their
 * version numbers (§4.3). Pure.
 */
import {
  childOf,
  childrenOf,
  parseXml,
  printXml,
  textOf,
  type XmlElement,
  type XmlNode,
} from '../../base/xml.js';

export const DIALOG_INFO_TYPE = 'application/dialog-info+xml';
const NAMESPACE = 'urn:ietf:params:xml:ns:dialog-info';

export type DialogInfoState = 'trying' | 'proceeding' | 'early' | 'confirmed' | 'terminated';
const STATES: readonly string[] = ['trying', 'proceeding', 'early', 'confirmed', 'terminated'];

export interface DialogParty {
  /** Address of record. */
  identity?: string;
  displayName?: string;
  /** Contact. */
  target?: string;
}

export interface DialogInfo {
  id: string;
  /** Undefined for a word that is not in the RFC. */
  state: DialogInfoState | undefined;
  /** Why it is terminated: `cancelled`, `rejected`, `replaced`, `local-bye`, `remote-bye`, `error`, `timeout`. */
  event?: string;
  code?: number;
  /** The side that sent the INVITE is the initiator. */
  direction?: 'initiator' | 'recipient';
  callId?: string;
  localTag?: string;
  remoteTag?: string;
  local?: DialogParty;
  remote?: DialogParty;
}

export interface DialogInfoDocument {
  entity: string;
  version: number;
  full: boolean;
  dialogs: DialogInfo[];
}

/** @throws ERR_XML */
export function parseDialogInfo(text: string): DialogInfoDocument {
  const root = parseXml(text);
  return {
    entity: root.attributes.get('entity') ?? '',
    version: Number.parseInt(root.attributes.get('version') ?? '', 10) || 0,
    full: root.attributes.get('state') !== 'partial',
    dialogs: childrenOf(root, 'dialog').map(parseDialog),
  };
}

function parseDialog(dialog: XmlElement): DialogInfo {
  const { attributes } = dialog;
  const state = childOf(dialog, 'state');
  const word = state?.text.trim().toLowerCase() ?? '';
  const direction = attributes.get('direction');
  const code = Number(state?.attributes.get('code'));
  return {
    id: attributes.get('id') ?? '',
    state: STATES.includes(word) ? (word as DialogInfoState) : undefined,
    event: state?.attributes.get('event'),
    code: Number.isInteger(code) && code > 0 ? code : undefined,
    direction: direction === 'initiator' || direction === 'recipient' ? direction : undefined,
    callId: attributes.get('call-id'),
    localTag: attributes.get('local-tag'),
    remoteTag: attributes.get('remote-tag'),
    local: parseParty(childOf(dialog, 'local')),
    remote: parseParty(childOf(dialog, 'remote')),
  };
}

function parseParty(party: XmlElement | undefined): DialogParty | undefined {
  if (!party) return undefined;
  return {
    identity: textOf(party, 'identity'),
    displayName: childOf(party, 'identity')?.attributes.get('display'),
    target: childOf(party, 'target')?.attributes.get('uri'),
  };
}

export function printDialogInfo({ entity, version, full, dialogs }: DialogInfoDocument): string {
  return printXml({
    name: 'dialog-info',
    attributes: { xmlns: NAMESPACE, version, state: full ? 'full' : 'partial', entity },
    children: dialogs.map((dialog) => ({
      name: 'dialog',
      attributes: {
        id: dialog.id,
        'call-id': dialog.callId,
        'local-tag': dialog.localTag,
        'remote-tag': dialog.remoteTag,
        direction: dialog.direction,
      },
      children: [
        { name: 'state', attributes: { event: dialog.event, code: dialog.code }, text: dialog.state },
        printParty('local', dialog.local),
        printParty('remote', dialog.remote),
      ],
    })),
  });
}

function printParty(name: string, party: DialogParty | undefined): XmlNode | undefined {
  if (!party) return undefined;
  const { identity, displayName, target } = party;
  return {
    name,
    children: [
      identity ? { name: 'identity', attributes: { display: displayName }, text: identity } : undefined,
      target ? { name: 'target', attributes: { uri: target } } : undefined,
    ],
  };
}

/** What a watcher knows (§4.3). */
export class DialogTableView {
  readonly #dialogs = new Map<string, DialogInfo>();
  #version: number | undefined;

  /** Dialogs that are not over. */
  get dialogs(): readonly DialogInfo[] {
    return [...this.#dialogs.values()];
  }

  /**
   * Takes a document over.
   * @returns what changed, those that ended included; `undefined` when the document is older than what is known, and
   * `refresh` true when one before it was lost, so that the full state has to be asked for
   */
  apply(document: DialogInfoDocument): { changed: DialogInfo[]; refresh: boolean } | undefined {
    const known = this.#version;
    if (known !== undefined && document.version < known && !this.#restarted(document)) return undefined;
    const lost = !document.full && known !== undefined && document.version > known + 1;
    const blind = !document.full && known === undefined;
    this.#version = document.version;
    const changed: DialogInfo[] = [];
    if (document.full) {
      for (const [id, dialog] of this.#dialogs) {
        if (document.dialogs.some((other) => other.id === id)) continue;
        this.#dialogs.delete(id);
        changed.push({ ...dialog, state: 'terminated' });
      }
    }
    for (const dialog of document.dialogs) {
      const before = this.#dialogs.get(dialog.id);
      const now: DialogInfo = { ...before, ...defined(dialog), id: dialog.id, state: dialog.state };
      if (dialog.state === 'terminated') this.#dialogs.delete(dialog.id);
      else this.#dialogs.set(dialog.id, now);
      if (before?.state !== dialog.state || !before) changed.push(now);
    }
    return { changed, refresh: lost || blind };
  }

  /** A new subscription numbers from the start. */
  reset(): void {
    this.#version = undefined;
  }

  /** Many notifiers restart at 0 with the full state. */
  #restarted(document: DialogInfoDocument): boolean {
    return document.full && document.version === 0;
  }
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>;
}
