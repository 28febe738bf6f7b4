/**
 * What a server tells its user beside the calls: the balance (CREDIT), what a call costs or how long it may last
 * (RATING), and texts to be shown (POPUP). No standard says how; understood are headers of any message, as servers of
 * prepaid services have them, and text messages from the server itself, whose From has no user. Taken from the servers we
 * are registered at only.
 */
import type { SipTrace } from '../../base/diagnostics.js';
import type { NotificationHub } from '../notifications/notification-hub.js';

type News = 'CREDIT' | 'RATING' | 'POPUP';

const HEADER =
  /^X-(?:(Credit|Balance)|(Rating|Tariff|Price|Max-?Duration)|(?:Popup))[ \t]*:[ \t]*(.*?)[ \t]*$/gim;
/** Most messages have none of these; asked first. */
const ANY = /^X-(Credit|Balance|Rating|Tariff|Price|Max-?Duration|Popup)\b/im;
const SERVER_TEXT = /^MESSAGE [\s\S]*?^(?:From|f)[ \t]*:[^\r\n]*?<?sips?:(?![^>;\s]*@)/im;
/** How texts of the server begin that are about money. */
const CREDIT = /^\s*(credit|balance)\b/i;
const RATING = /^\s*(rating|tariff|price)\b/i;
/** What was told of calls and messages lately: repetitions of a message are no news. */
const REMEMBERED = 256;

export class ServerNews {
  readonly #notifications: NotificationHub;
  readonly #isServer: (host: string) => boolean;
  readonly #told = new Set<string>();
  #credit = '';

  constructor(notifications: NotificationHub, isServer: (host: string) => boolean) {
    this.#notifications = notifications;
    this.#isServer = isServer;
  }

  received({ direction, data, remote }: Pick<SipTrace, 'direction' | 'data' | 'remote'>): void {
    if (direction !== 'in') return;
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
    const end = text.indexOf('\r\n\r\n');
    const head = end < 0 ? text : text.slice(0, end);
    const speaks = SERVER_TEXT.test(head);
    if (!(speaks || ANY.test(head)) || !this.#isServer(remote.host)) return;
    const about = /^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)/im.exec(head)?.[1] ?? '';
    for (const [, credit, rating, words] of head.matchAll(HEADER)) {
      this.#tell(credit ? 'CREDIT' : rating ? 'RATING' : 'POPUP', words, about);
    }
    if (!speaks || end < 0 || !/^(?:Content-Type|c)[ \t]*:[ \t]*text\/plain/im.test(head)) return;
    const body = text.slice(end + 4).trim();
    this.#tell(CREDIT.test(body) ? 'CREDIT' : RATING.test(body) ? 'RATING' : 'POPUP', body, about);
  }

  #tell(kind: News, text: string, about: string): void {
    const key = `${kind} ${about} ${text}`;
    if (text === '' || this.#told.has(key) || (kind === 'CREDIT' && text === this.#credit)) return;
    if (kind === 'CREDIT') this.#credit = text;
    this.#told.add(key);
    if (this.#told.size > REMEMBERED) this.#told.delete(this.#told.values().next().value as string);
    if (kind === 'POPUP') this.#notifications.publish(kind, { txt: text });
    else this.#notifications.publish(kind, { text });
  }
}
