/** Who is in a conference (RFC 4575): documents full and partial, merged by their versions (§4.6). Pure. */
import { childOf, childrenOf, parseXml, textOf, type XmlElement } from '../../base/xml.js';

export const CONFERENCE_INFO_TYPE = 'application/conference-info+xml';

export interface ConferenceUser {
  entity: string;
  displayName?: string;
  /** Of its endpoints: `connected`, `on-hold`, `dialing-in`, `alerting`, `muted-via-focus`, `disconnected`, … */
  status?: string;
  roles: string[];
}

export interface ConferenceInfo {
  entity: string;
  version: number;
  subject?: string;
  displayText?: string;
  userCount?: number;
  users: ConferenceUser[];
}

type State = 'full' | 'partial' | 'deleted';

interface ParsedUser extends ConferenceUser {
  state: State;
}

interface ParsedDocument extends Omit<ConferenceInfo, 'users'> {
  state: State;
  usersState: State | undefined;
  users: ParsedUser[];
}

/** What a participant knows of the conference. */
export class ConferenceView {
  #info: ConferenceInfo | undefined;
  #deleted = false;

  get info(): ConferenceInfo | undefined {
    return this.#info;
  }

  /** The conference is over. */
  get deleted(): boolean {
    return this.#deleted;
  }

  /**
   * Takes a document over.
   * @returns 'refresh' when one before it was lost and the full state has to be asked for, 'old' when it is not newer
   * @throws ERR_XML
   */
  apply(text: string): 'ok' | 'old' | 'refresh' {
    const document = parseConference(text);
    const known = this.#info;
    if (document.state === 'full') {
      const { state, usersState, users, ...info } = document;
      void state;
      void usersState;
      this.#info = { ...info, users: users.map(plain) };
      return 'ok';
    }
    if (!known) return 'refresh';
    if (document.version <= known.version) return 'old';
    if (document.state === 'deleted') {
      this.#deleted = true;
      this.#info = { ...known, version: document.version, users: [] };
      return 'ok';
    }
    const lost = document.version > known.version + 1;
    this.#info = {
      entity: known.entity,
      version: document.version,
      subject: document.subject ?? known.subject,
      displayText: document.displayText ?? known.displayText,
      userCount: document.userCount ?? known.userCount,
      users: document.usersState === 'full' ? document.users.map(plain) : merge(known.users, document.users),
    };
    return lost ? 'refresh' : 'ok';
  }
}

function merge(known: readonly ConferenceUser[], changes: readonly ParsedUser[]): ConferenceUser[] {
  const users = new Map(known.map((user) => [user.entity, user]));
  for (const change of changes) {
    const before = users.get(change.entity);
    if (change.state === 'deleted') users.delete(change.entity);
    else if (change.state === 'full' || !before) users.set(change.entity, plain(change));
    else {
      users.set(change.entity, {
        entity: change.entity,
        displayName: change.displayName ?? before.displayName,
        status: change.status ?? before.status,
        roles: change.roles.length > 0 ? change.roles : before.roles,
      });
    }
  }
  return [...users.values()];
}

function plain({ entity, displayName, status, roles }: ConferenceUser): ConferenceUser {
  return { entity, displayName, status, roles };
}

function parseConference(text: string): ParsedDocument {
  const root = parseXml(text);
  const description = childOf(root, 'conference-description');
  const state = childOf(root, 'conference-state');
  const users = childOf(root, 'users');
  const count = Number(state && textOf(state, 'user-count'));
  return {
    entity: root.attributes.get('entity') ?? '',
    version: Number.parseInt(root.attributes.get('version') ?? '', 10) || 0,
    state: stateOf(root),
    subject: description && textOf(description, 'subject'),
    displayText: description && textOf(description, 'display-text'),
    userCount: Number.isInteger(count) && state ? count : undefined,
    usersState: users && stateOf(users),
    users: users ? childrenOf(users, 'user').map(parseUser) : [],
  };
}

function parseUser(user: XmlElement): ParsedUser {
  const endpoints = childrenOf(user, 'endpoint').filter((endpoint) => stateOf(endpoint) !== 'deleted');
  const roles = childOf(user, 'roles');
  return {
    entity: user.attributes.get('entity') ?? '',
    state: stateOf(user),
    displayName: textOf(user, 'display-text'),
    status: endpoints.map((endpoint) => textOf(endpoint, 'status')).find((status) => status !== undefined),
    roles: roles ? childrenOf(roles, 'entry').map((entry) => entry.text.trim()) : [],
  };
}

/** §4.4: full when it is not there. */
function stateOf(element: XmlElement): State {
  const state = element.attributes.get('state');
  return state === 'partial' || state === 'deleted' ? state : 'full';
}
