/**
 * A bad network between two real programs: relays UDP with loss and jitter, reproducibly. Each end is given an address
 * of the relay to send to; what arrives there is passed on, late or not at all, from the relay's address towards the
 * other end, which answers to where it came from (symmetric RTP, RFC 4961).
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Random, SeededRandom } from '../../src/base/random.js';

export interface RelayConditions {
  /** Share of the datagrams that get lost, in percent. */
  lossPercent: number;
  /** Each datagram is delayed at random by 0 to this many ms, so that they overtake each other. */
  jitterMs: number;
  seed?: number;
}

interface Side {
  socket: Socket;
  /** Where to send: the end that belongs to this side. */
  target: { address: string; port: number } | undefined;
}

export class LossyRelay {
  /** Datagrams that came in, and those of them that were lost. */
  readonly counts = { received: 0, lost: 0 };
  readonly #conditions: RelayConditions;
  readonly #random: Random;
  readonly #pending = new Set<NodeJS.Timeout>();
  readonly #sides: readonly [Side, Side];

  private constructor(conditions: RelayConditions, sides: readonly [Side, Side]) {
    this.#conditions = conditions;
    this.#random = new SeededRandom(conditions.seed ?? 1);
    this.#sides = sides;
    for (const [from, to] of [sides, [sides[1], sides[0]]] as const) {
      from.socket.on('message', (data, { address, port }) => {
        from.target = { address, port };
        this.#relay(data, to);
      });
      from.socket.on('error', () => {});
    }
  }

  static async open(conditions: RelayConditions): Promise<LossyRelay> {
    const sides = await Promise.all([side(), side()]);
    return new LossyRelay(conditions, sides as [Side, Side]);
  }

  /** The port the one end sends to. */
  get nearPort(): number {
    return this.#sides[0].socket.address().port;
  }

  /** The port the other end sends to. */
  get farPort(): number {
    return this.#sides[1].socket.address().port;
  }

  /** Where the other end takes what the near end sends; learned from what it sends when not told. */
  set far(port: number) {
    this.#sides[1].target = { address: '127.0.0.1', port };
  }

  set near(port: number) {
    this.#sides[0].target = { address: '127.0.0.1', port };
  }

  close(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    for (const { socket } of this.#sides) socket.close();
  }

  #relay(data: Buffer, to: Side): void {
    this.counts.received++;
    const { lossPercent, jitterMs } = this.#conditions;
    if (this.#random.float() * 100 < lossPercent) {
      this.counts.lost++;
      return;
    }
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      if (to.target) to.socket.send(data, to.target.port, to.target.address);
    }, this.#random.float() * jitterMs);
    this.#pending.add(timer);
  }
}

async function side(): Promise<Side> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, target: undefined };
}

/** A {@link LossyRelay} for the media of one call, and a way for its signalling, over UDP, that leads the media there. */
export class LossyLine {
  readonly media: LossyRelay;
  readonly #near: Socket;
  readonly #far: Socket;

  private constructor(media: LossyRelay, near: Socket, far: Socket, calleePort: number) {
    this.media = media;
    this.#near = near;
    this.#far = far;
    let caller: { address: string; port: number } | undefined;
    near.on('message', (data, { address, port }) => {
      caller = { address, port };
      const message = withMediaPort(data, media.farPort, (own) => (media.near = own));
      far.send(message, calleePort, '127.0.0.1');
    });
    far.on('message', (data) => {
      const message = withMediaPort(data, media.nearPort, (own) => (media.far = own));
      if (caller) near.send(message, caller.port, caller.address);
    });
  }

  /** @param calleePort the SIP port of the callee */
  static async open(conditions: RelayConditions, calleePort: number): Promise<LossyLine> {
    const [near, far] = await Promise.all([side(), side()]);
    return new LossyLine(await LossyRelay.open(conditions), near.socket, far.socket, calleePort);
  }

  /** What the caller calls instead of the callee's port. */
  get port(): number {
    return this.#near.address().port;
  }

  close(): void {
    this.#near.close();
    this.#far.close();
    this.media.close();
  }
}

/** Puts another port into the session description of a message. @param found gets the one that was there */
function withMediaPort(message: Buffer, port: number, found: (own: number) => void): Buffer {
  const text = message.toString('latin1');
  const [head, ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n').replace(/^m=audio (\d+)/m, (_, own: string) => {
    found(Number(own));
    return `m=audio ${port}`;
  });
  const fields = head.replace(/^Content-Length *: *\d+/im, `Content-Length: ${body.length}`);
  return Buffer.from(`${fields}\r\n\r\n${body}`, 'latin1');
}
