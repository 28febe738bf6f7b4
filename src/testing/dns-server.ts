/**
 * A DNS server for tests: answers NAPTR, SRV, A and AAAA queries over UDP on loopback from a table that can be changed
 * at any time. Never asks another server; names it does not know do not exist.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** The records of one name. */
export interface DnsZoneEntry {
  a?: readonly string[];
  aaaa?: readonly string[];
  srv?: ReadonlyArray<{ priority?: number; weight?: number; port: number; target: string }>;
  naptr?: ReadonlyArray<{
    order?: number;
    preference?: number;
    flags?: string;
    service: string;
    regexp?: string;
    replacement: string;
  }>;
  /** Seconds; default 60. */
  ttl?: number;
  /** How the server misbehaves for this name: SERVFAIL, or no answer at all. */
  fault?: 'servfail' | 'silent';
}

/** Record types (RFC 1035 §3.2.2, RFC 3596, RFC 2782, RFC 3403). */
const TYPES: Readonly<Record<number, 'a' | 'aaaa' | 'srv' | 'naptr'>> = {
  1: 'a',
  28: 'aaaa',
  33: 'srv',
  35: 'naptr',
};
const HEADER_BYTES = 12;
const SERVFAIL = 2;
const NXDOMAIN = 3;
/** QR and AA (RFC 1035 §4.1.1). */
const ANSWER_FLAGS = 0x8400;
/** A compression pointer to the name of the question, which stands behind the header (RFC 1035 §4.1.4). */
const QUESTION_NAME = Buffer.from([0xc0, HEADER_BYTES]);

export class DnsServer {
  /** Name (lower case, no final dot) → records. */
  readonly zone: Map<string, DnsZoneEntry>;
  /** What was asked so far: 'SRV _sip._udp.example.com'. */
  readonly queries: string[] = [];
  readonly #socket: Socket;

  private constructor(socket: Socket, zone: Readonly<Record<string, DnsZoneEntry>>) {
    this.#socket = socket;
    this.zone = new Map(Object.entries(zone));
    socket.on('message', (query, from) => {
      const answer = this.#answer(query);
      if (answer) socket.send(answer, from.port, from.address);
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(zone: Readonly<Record<string, DnsZoneEntry>> = {}): Promise<DnsServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsServer(socket, zone);
  }

  /** 'host:port', for `createDnsClient({ servers: [address] })`. */
  get address(): string {
    const { address, port }: AddressInfo = this.#socket.address();
    return `${address}:${port}`;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answer(query: Buffer): Buffer | undefined {
    const question = readQuestion(query);
    if (!question) return undefined;
    const type = TYPES[question.type];
    this.queries.push(`${(type ?? String(question.type)).toUpperCase()} ${question.name}`);
    const entry = this.zone.get(question.name);
    if (entry?.fault === 'silent') return undefined;
    const data = entry && !entry.fault && type ? recordData(entry, type) : [];
    const answers = data.map((rdata) => {
      const fixed = Buffer.alloc(10);
      fixed.writeUInt16BE(question.type, 0);
      fixed.writeUInt16BE(1, 2);
      fixed.writeUInt32BE(entry?.ttl ?? 60, 4);
      fixed.writeUInt16BE(rdata.length, 8);
      return Buffer.concat([QUESTION_NAME, fixed, rdata]);
    });
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(ANSWER_FLAGS | (entry ? (entry.fault ? SERVFAIL : 0) : NXDOMAIN), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    return Buffer.concat([header, query.subarray(HEADER_BYTES, question.end), ...answers]);
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (at < query.length && query[at] !== 0) {
    const length = query[at];
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  // The root label, QTYPE and QCLASS follow.
  if (at + 5 > query.length) return undefined;
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function recordData(entry: DnsZoneEntry, type: 'a' | 'aaaa' | 'srv' | 'naptr'): Buffer[] {
  switch (type) {
    case 'a':
      return (entry.a ?? []).map((address) => Buffer.from(address.split('.').map(Number)));
    case 'aaaa':
      return (entry.aaaa ?? []).map(ipv6Bytes);
    case 'srv':
      return (entry.srv ?? []).map(({ priority = 0, weight = 0, port, target }) =>
        Buffer.concat([uint16(priority), uint16(weight), uint16(port), domainName(target)]),
      );
    case 'naptr':
      return (entry.naptr ?? []).map((record) =>
        Buffer.concat([
          uint16(record.order ?? 0),
          uint16(record.preference ?? 0),
          characterString(record.flags ?? 's'),
          characterString(record.service),
          characterString(record.regexp ?? ''),
          domainName(record.replacement),
        ]),
      );
  }
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function characterString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function domainName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map(characterString), Buffer.from([0])]);
}

function ipv6Bytes(address: string): Buffer {
  const [head, tail] = address.split('::');
  const groups = (part: string | undefined): string[] => (part ? part.split(':') : []);
  const missing = address.includes('::') ? 8 - groups(head).length - groups(tail).length : 0;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)];
  return Buffer.concat(all.map((group) => uint16(Number.parseInt(group, 16))));
}
