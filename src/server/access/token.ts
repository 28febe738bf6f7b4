/** The secret a client must know. Compared in constant time, whatever the lengths. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export class AccessToken {
  readonly #digest: Buffer | undefined;

  /** @param token undefined: everybody may */
  constructor(token: string | undefined) {
    this.#digest = token ? digest(token) : undefined;
  }

  get required(): boolean {
    return this.#digest !== undefined;
  }

  admits(given: string | undefined): boolean {
    if (!this.#digest) return true;
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

/** The token of an HTTP request, a WebSocket or an event stream: `Authorization: Bearer`, `X-Token`, or in the query. */
export function tokenOf(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const own = headers['x-token'];
  return bearer ?? (Array.isArray(own) ? own[0] : own) ?? query.get('token') ?? undefined;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
