/** A Via value: where a request came through and where its responses go back (RFC 3261 §20.42, RFC 3581). */
import { isToken, parseError, parseInteger, skipSpace } from './grammar.js';
import { formatHost, normalizeHost, parseHostPort } from './host.js';
import { Params } from './params.js';

export interface ViaInit {
  /** 'UDP', 'TCP', 'TLS', 'WS', 'WSS', … */
  transport: string;
  host: string;
  port?: number;
  params?: Readonly<Record<string, string | undefined>>;
}

/** The branch of every client that follows RFC 3261 begins so (§8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK';

/** What the parser starts from; every field is overwritten. */
const BLANK: ViaInit = { transport: '', host: '' };

export class Via {
  /** '2.0', except in requests of a version we answer with 505. */
  version = '2.0';
  /** Upper case. */
  transport: string;
  /** sent-by: lower case, IPv6 without brackets. */
  host: string;
  port: number | undefined;
  params: Params;

  constructor(init: ViaInit) {
    this.transport = init.transport.toUpperCase();
    this.host = init === BLANK ? '' : normalizeHost(init.host);
    this.port = init.port;
    this.params = new Params('header', init.params);
  }

  /** @throws ERR_SIP_PARSE */
  static parse(text: string): Via {
    const end = text.length;
    let start = 8;
    let version = '2.0';
    if (!text.startsWith('SIP/2.0/')) {
      // sent-protocol = "SIP" SLASH "2.0" SLASH transport, where SLASH = SWS "/" SWS
      const match = /^\s*SIP\s*\/\s*([0-9]+\.[0-9]+)\s*\/\s*/i.exec(text);
      if (!match) throw parseError('Via', 'the protocol is not SIP');
      version = match[1];
      start = match[0].length;
    }
    let i = start;
    while (i < end && text.charCodeAt(i) > 0x20) i++;
    const transport = text.slice(start, i);
    if (!isToken(transport)) throw parseError('Via', `"${transport}" is not a transport`);
    const place = parseHostPort(text, skipSpace(text, i, end), end, true);
    const via = new Via(BLANK);
    via.version = version;
    via.transport = transport.toUpperCase();
    via.host = place.host;
    via.port = place.port;
    via.params = Params.parse(text, place.end, end);
    return via;
  }

  get branch(): string | undefined {
    return this.params.get('branch');
  }

  set branch(value: string | undefined) {
    if (value === undefined) this.params.delete('branch');
    else this.params.set('branch', value);
  }

  /** The address the request really came from; IPv6 without brackets, which both forms are read as (RFC 5118 §4.5). */
  get received(): string | undefined {
    const value = this.params.get('received');
    return value?.startsWith('[') && value.endsWith(']') ? value.slice(1, -1) : value;
  }

  set received(value: string | undefined) {
    if (value === undefined) this.params.delete('received');
    else this.params.set('received', value);
  }

  /** true: the client asks for it; a number: the port the request came from (RFC 3581). */
  get rport(): number | true | undefined {
    const value = this.params.get('rport');
    if (value) return parseInteger('rport', value, 65535);
    return this.params.has('rport') ? true : undefined;
  }

  set rport(value: number | true | undefined) {
    if (value === undefined) this.params.delete('rport');
    else this.params.set('rport', value === true ? undefined : String(value));
  }

  /** host[:port], as transactions are matched by (§17.2.3). */
  get sentBy(): string {
    return this.port === undefined ? formatHost(this.host) : `${formatHost(this.host)}:${this.port}`;
  }

  clone(): Via {
    const copy = new Via({ transport: this.transport, host: this.host, port: this.port });
    copy.version = this.version;
    copy.params = this.params.clone();
    return copy;
  }

  toString(): string {
    return `SIP/${this.version}/${this.transport} ${this.sentBy}${this.params}`;
  }
}
