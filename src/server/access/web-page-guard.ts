/**
 * Keeps web pages from driving the phone of whoever looks at them. A page can make a browser send requests to
 * 127.0.0.1 (an image, a form, fetch, a WebSocket), and with DNS rebinding even under a name of its own. Browsers tell
 * where a request comes from; programs send none of these headers. So: a foreign Origin, Referer or fetch-site is
 * refused, and so is a Host that is a name we do not know. Pages may be allowed by their origin.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

export interface WebPageGuardOptions {
  /** Origins of pages that may, such as `https://phone.example.com`; `*` allows all (only together with a token). */
  origins: readonly string[];
  /** Names besides localhost and IP addresses under which the server is reached. */
  hosts: readonly string[];
  /** True when a token is needed: then a page under a name of its own gets nowhere anyway. */
  anyHost: boolean;
}

export type WebVerdict =
  | { readonly allowed: true /** For the CORS headers. */; readonly origin?: string }
  | { readonly allowed: false; readonly why: string };

export class WebPageGuard {
  readonly #origins: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;

  readonly #anyHost: boolean;

  constructor({ origins, hosts, anyHost }: WebPageGuardOptions) {
    this.#anyHost = anyHost;
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /** @param headers of the request; its token, if any, is another matter */
  judge(headers: IncomingHttpHeaders): WebVerdict {
    const host = headers.host ?? '';
    if (!this.#knowsHost(host)) return { allowed: false, why: 'the Host header names another server' };
    const origin = headers.origin?.toLowerCase();
    if (origin !== undefined) {
      if (this.#origins.has(origin) || this.#origins.has('*'))
        return { allowed: true, origin: headers.origin };
      return origin === `http://${host.toLowerCase()}` || origin === `https://${host.toLowerCase()}`
        ? { allowed: true }
        : { allowed: false, why: 'web pages of this origin may not use the phone' };
    }
    // A link, an image or a script in a page: no Origin, but browsers of today say what it is.
    const site = headers['sec-fetch-site'];
    const fromPage = site === 'cross-site' || site === 'same-site' || headers.referer !== undefined;
    if (fromPage && !this.#refererAllowed(headers.referer, host)) {
      return { allowed: false, why: 'other web pages may not use the phone' };
    }
    return { allowed: true };
  }

  #knowsHost(host: string): boolean {
    // RFC 9112 §3.2 wants it; clients of HTTP/1.0 have none, and none of them is a browser.
    if (this.#anyHost || host === '') return true;
    const name = host.replace(/:\d+$/, '').toLowerCase();
    return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || this.#hosts.has(name);
  }

  #refererAllowed(referer: string | undefined, host: string): boolean {
    if (referer === undefined || !URL.canParse(referer)) return false;
    const url = new URL(referer);
    return url.host === host.toLowerCase() || this.#origins.has(url.origin) || this.#origins.has('*');
  }
}
