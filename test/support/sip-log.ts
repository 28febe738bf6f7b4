/** Everything a phone sent and received as SIP, for assertions about the signalling and for the report of a failure. */
import { createDiagnostics, type Diagnostics } from '../../dist/index.js';

export interface LoggedMessage {
  direction: 'in' | 'out';
  protocol: string;
  /** 'INVITE sip:…' or 'SIP/2.0 200 OK'. */
  startLine: string;
  /** The method of a request, the status of a response. */
  what: string;
  /** Method of the CSeq. */
  method: string;
  text: string;
}

export class SipLog {
  readonly diagnostics: Diagnostics = createDiagnostics();
  readonly messages: LoggedMessage[] = [];
  readonly #watchers = new Set<() => void>();

  constructor() {
    this.diagnostics.sip.subscribe(({ direction, protocol, data }) => {
      const text = Buffer.from(data).toString('utf8');
      const startLine = text.slice(0, text.indexOf('\r\n'));
      if (!startLine.includes('SIP/2.0')) return;
      const what = startLine.startsWith('SIP/2.0')
        ? startLine.slice(8, 11)
        : startLine.slice(0, startLine.indexOf(' '));
      const method = /^CSeq:\s*\d+\s+(\w+)/im.exec(text)?.[1] ?? '';
      this.messages.push({ direction, protocol, startLine, what, method, text });
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** Messages so far. @param what 'INVITE', '200' … @param method method of the CSeq */
  find(direction: 'in' | 'out', what: string, method?: string): LoggedMessage[] {
    return this.messages.filter(
      (message) =>
        message.direction === direction &&
        message.what === what &&
        (method === undefined || message.method === method),
    );
  }

  /** Waits until there are `count` such messages; gives the last of them. */
  waitFor(
    direction: 'in' | 'out',
    what: string,
    { method, count = 1, timeoutMs = 30_000 }: { method?: string; count?: number; timeoutMs?: number } = {},
  ): Promise<LoggedMessage> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.find(direction, what, method);
        if (found.length < count) return;
        settle();
        resolve(found[count - 1]);
      };
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const timer = setTimeout(() => {
        settle();
        reject(
          new Error(`no ${what} ${method ?? ''} (${direction}) within ${timeoutMs} ms\n${this.summary()}`),
        );
      }, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** One line a message. */
  summary(): string {
    return this.messages
      .map(
        ({ direction, protocol, startLine, method }) =>
          `${direction === 'in' ? '<--' : '-->'} ${protocol} ${startLine} [${method}]`,
      )
      .join('\n');
  }
}
