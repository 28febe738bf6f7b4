/** Clients of the control server, one for each transport. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

export function http(
  port: number,
  path: string,
  options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<HttpAnswer> {
  const { method = 'GET', body, headers = {} } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Collects what comes; `until` waits for it. */
export class Collector {
  text = '';
  #watchers = new Set<() => void>();

  add(more: string): void {
    this.text += more;
    for (const watch of this.#watchers) watch();
  }

  until(pattern: RegExp, ms = 5000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`no ${pattern} in ${JSON.stringify(this.text.slice(-2000))}`));
      }, ms);
      const look = (): void => {
        const match = pattern.exec(this.text);
        if (!match) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(match);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** The next whole record up to `end`, which is taken out. */
  async record(end: string, ms?: number): Promise<string> {
    await this.until(new RegExp(end.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')), ms);
    const at = this.text.indexOf(end);
    const record = this.text.slice(0, at);
    this.text = this.text.slice(at + end.length);
    return record;
  }
}

export class TcpClient extends Collector {
  readonly socket: Socket;
  closed = false;

  constructor(port: number) {
    super();
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setEncoding('utf8').on('data', (chunk: string) => this.add(chunk));
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async ended(): Promise<void> {
    if (!this.closed) await once(this.socket, 'close');
  }

  close(): void {
    this.socket.destroy();
  }
}

export class UdpClient {
  readonly received: string[] = [];
  readonly #socket: UdpSocket;
  readonly #port: number;
  #watchers: Array<() => void> = [];

  private constructor(socket: UdpSocket, port: number) {
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (bytes) => {
      this.received.push(bytes.toString('utf8'));
      for (const watch of this.#watchers.splice(0)) watch();
    });
  }

  static async to(port: number, own = 0): Promise<UdpClient> {
    const socket = createSocket('udp4').bind(own, '127.0.0.1');
    await once(socket, 'listening');
    return new UdpClient(socket, port);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(text: string): void {
    this.#socket.send(text, this.#port, '127.0.0.1');
  }

  /** The next datagram, taken out. */
  async next(ms = 3000): Promise<string> {
    const deadline = Date.now() + ms;
    while (this.received.length === 0) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error('no datagram came');
      await Promise.race([
        new Promise<void>((resolve) => this.#watchers.push(resolve)),
        new Promise((resolve) => setTimeout(resolve, left)),
      ]);
    }
    return this.received.shift() as string;
  }

  close(): void {
    this.#socket.close();
  }
}
