/**
 * Answers of the DNS kept as long as they say, shared by queries that run at the same time, and given up after a
 * time-out. Called by the target resolver only; never decides what an answer means.
 */
import type { Clock, Timer } from '../../base/clock.js';
import { SwitchhookError } from '../../base/errors.js';
import type { AddressRecord, DnsClient, NaptrRecord, SrvRecord } from './dns-client.js';
import type { DnsCachePolicy } from './locate-rules.js';

interface DnsCacheOptions {
  dns: DnsClient;
  clock: Clock;
  /** A query that takes longer counts as unanswered; default 8,000 (two tries of the client). */
  queryTimeoutMs?: number;
  /** Asked with every query; default 'ttl'. */
  policy?: () => DnsCachePolicy;
}

const QUERY_TIMEOUT_MS = 8000;
/** How long "there is none" is believed; short, since the SOA's own figure (RFC 2308) does not reach us. */
const NEGATIVE_TTL_S = 10;
/** RFC 8767 §4: a TTL of more is taken for a mistake; a phone wants to notice a move within the day. */
const MAX_TTL_S = 86_400;
/** The steps of one search, no longer: the next call asks again. "No answer" holds so long. */
const SEARCH_MS = 1000;
const MAX_ENTRIES = 1000;
/** More records than any sane name has: an answer cannot make a call try servers forever. */
const MAX_RECORDS = 32;

interface Entry {
  records: Promise<ReadonlyArray<{ ttl: number }>>;
  /** Clock time; undefined while the query runs. */
  expires: number | undefined;
  /** What is known of the name, from an earlier query where this one has failed. */
  known: ReadonlyArray<{ ttl: number }> | undefined;
}

export class DnsCache {
  readonly #dns: DnsClient;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #policy: () => DnsCachePolicy;
  readonly #entries = new Map<string, Entry>();

  constructor(options: DnsCacheOptions) {
    this.#dns = options.dns;
    this.#clock = options.clock;
    this.#timeoutMs = options.queryTimeoutMs ?? QUERY_TIMEOUT_MS;
    this.#policy = options.policy ?? (() => 'ttl');
  }

  naptr(name: string): Promise<readonly NaptrRecord[]> {
    return this.#get('NAPTR', name, () => this.#dns.naptr(name));
  }

  srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#get('SRV', name, () => this.#dns.srv(name));
  }

  address(name: string, family: 4 | 6): Promise<readonly AddressRecord[]> {
    return this.#get(family === 4 ? 'A' : 'AAAA', name, () =>
      family === 4 ? this.#dns.a(name) : this.#dns.aaaa(name),
    );
  }

  /** What the operating system knows of `name`. */
  async lookup(name: string, family: 4 | 6): Promise<readonly AddressRecord[]> {
    if (!this.#dns.lookup) return [];
    return this.#get(`lookup${family}`, name, () => this.#dns.lookup?.(name, family) ?? Promise.resolve([]));
  }

  /** Forgets everything: the network has changed. */
  clear(): void {
    this.#entries.clear();
  }

  #get<T extends { ttl: number }>(
    type: string,
    name: string,
    query: () => Promise<T[]>,
  ): Promise<readonly T[]> {
    const key = `${type} ${name}`;
    const cached = this.#entries.get(key);
    const policy = this.#policy();
    if (policy === 'off') return Promise.resolve([]);
    const kept = (policy === 'keep' || policy === 'only') && cached?.known?.length;
    if (cached && (kept || cached.expires === undefined || cached.expires > this.#clock.now())) {
      return cached.records as Promise<readonly T[]>;
    }
    if (policy === 'only') return Promise.resolve([]);
    const known = cached?.known as readonly T[] | undefined;
    const records = this.#ask(`the DNS query for ${key}`, query).catch((error: unknown) => {
      if (known?.length) return known;
      throw error;
    });
    const entry: Entry = { records, expires: undefined, known };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#evict();
    records.then(
      (found) => {
        const ttl =
          found.length === 0 ? NEGATIVE_TTL_S : Math.min(MAX_TTL_S, ...found.map((record) => record.ttl));
        const failed = found === known;
        entry.known = found;
        entry.expires = this.#clock.now() + (failed || policy === 'fresh' ? SEARCH_MS : ttl * 1000);
      },
      () => {
        entry.expires = this.#clock.now() + SEARCH_MS;
      },
    );
    return records;
  }

  #ask<T>(what: string, query: () => Promise<T[]>): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const timer: Timer = this.#clock.after(this.#timeoutMs, () =>
        reject(new SwitchhookError('ERR_TIMEOUT', { what, ms: this.#timeoutMs })),
      );
      query()
        .then((records) => resolve(records.slice(0, MAX_RECORDS)), reject)
        .finally(() => timer.cancel());
    });
  }

  /** Drops the oldest answers. */
  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) return;
      this.#entries.delete(key);
    }
  }
}
