/**
 * Where a call has been before: Diversion (RFC 5806) and History-Info (RFC 7044), written when a call is passed on and
 * read from what arrives. Pure.
 */
import { NameAddr, type SipMessage, SipUri } from '../../sip/index.js';
import { lenient } from '../lenient.js';

/** RFC 5806 §4: 'unconditional', 'user-busy', 'no-answer', 'unavailable', 'time-of-day', 'do-not-disturb', 'deflection', … */
export type DiversionReason = string;

export interface Diversion {
  /** Who passed the call on. */
  uri: string;
  user: string;
  displayName?: string;
  reason?: DiversionReason;
  /** How often. */
  counter?: number;
  privacy?: string;
  screen?: string;
}

export interface HistoryEntry {
  uri: string;
  user: string;
  /** '1', '1.1', … */
  index: string;
  /** The SIP status or Q.850 cause in the Reason of the URI (RFC 7044 §10.2). */
  cause?: number;
}

/** More of them mean a loop. */
const MAX_DIVERSIONS = 20;

/** The diversions of a message, the last one first (RFC 5806 §4); from History-Info where there is no Diversion. */
export function readDiversions(message: SipMessage): Diversion[] {
  const values = lenient(() => message.diversion, []);
  if (values.length > 0) return values.slice(0, MAX_DIVERSIONS).map(fromHeader);
  const history = readHistory(message);
  return history
    .slice(0, -1)
    .filter(({ cause }) => cause !== undefined)
    .reverse()
    .map(({ uri, user, cause }) => ({ uri, user, reason: reasonOf(cause) }));
}

function fromHeader({ uri, displayName, params }: NameAddr): Diversion {
  const counter = Number(params.get('counter'));
  return {
    uri: uri.toString(),
    user: userOf(uri),
    displayName,
    reason: params.get('reason')?.toLowerCase(),
    counter: params.has('counter') && Number.isInteger(counter) ? counter : undefined,
    privacy: params.get('privacy'),
    screen: params.get('screen'),
  };
}

/** The way of a call so far, oldest first; entries that cannot be read are left out. */
export function readHistory(message: SipMessage): HistoryEntry[] {
  return lenient(() => message.historyInfo, [])
    .slice(0, MAX_DIVERSIONS)
    .flatMap(({ uri, params }) => {
      const index = params.get('index');
      if (index === undefined || !/^\d+(?:\.\d+)*$/.test(index)) return [];
      const reason =
        uri instanceof SipUri ? uri.headers.find(([name]) => /^reason$/i.test(name))?.[1] : undefined;
      const cause = /cause\s*=\s*(\d+)/i.exec(reason ?? '')?.[1];
      const plain = uri.clone();
      if (plain instanceof SipUri) plain.headers = [];
      return [
        {
          uri: plain.toString(),
          user: userOf(uri),
          index,
          cause: cause === undefined ? undefined : Number(cause),
        },
      ];
    });
}

/** Puts `diversions` on top of those the message has (RFC 5806 §4: the last stands first). */
export function writeDiversions(message: SipMessage, diversions: readonly Diversion[]): void {
  for (const one of [...diversions].reverse()) message.prepend('Diversion', diversionValue(one));
}

function diversionValue({
  uri,
  displayName,
  reason = 'unknown',
  counter = 1,
  privacy,
  screen,
}: Diversion): NameAddr {
  const value = new NameAddr(/^[a-z]+:/i.test(uri) ? uri : `sip:${uri}`, displayName);
  value.params.set('reason', reason).set('counter', String(counter));
  if (privacy !== undefined) value.params.set('privacy', privacy);
  if (screen !== undefined) value.params.set('screen', screen);
  return value;
}

/**
 * Notes in a request that its target was changed by a redirection (RFC 7044 §9): the old target with the status that
 * sent us away, and the new one below it.
 */
export function writeHistory(message: SipMessage, from: SipUri, to: SipUri, status: number): void {
  const before = readHistory(message);
  const parent = before.at(-1)?.index ?? '1';
  const old = from.clone();
  old.headers = [['Reason', `SIP;cause=${status}`]];
  const kept = message.values('History-Info').slice(0, Math.max(0, before.length - 1));
  message.set('History-Info', [
    ...kept,
    `<${old}>;index=${parent}`,
    `<${to}>;index=${parent}.1;rc=${parent}`,
  ]);
}

/** RFC 4458 §2 and RFC 5806 §5 in one. */
export function reasonOf(status: number | undefined): DiversionReason {
  switch (status) {
    case 486:
    case 600:
    case 17:
      return 'user-busy';
    case 408:
    case 18:
    case 19:
      return 'no-answer';
    case 480:
    case 487:
      return 'deflection';
    case 301:
    case 302:
      return 'unconditional';
    case 404:
    case 503:
      return 'unavailable';
    default:
      return 'unknown';
  }
}

function userOf(uri: NameAddr['uri']): string {
  return uri.kind === 'sip' ? (uri.user ?? '') : uri.kind === 'tel' ? uri.number : '';
}
