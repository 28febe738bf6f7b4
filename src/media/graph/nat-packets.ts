/**
 * Packets that carry nothing and keep a NAT open towards the peer: some at the beginning, and one whenever nothing else
 * has been sent for a while (RFC 6263). Used by the call stream; allocates nothing per packet.
 */
import type { SocketAddress } from '../../base/diagnostics.js';
import type { NatPacketOptions } from '../types.js';

/** RFC 6263 §7. */
const KEEP_ALIVE_MS = 15_000;
const CRLF = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);
/** A payload type nobody has agreed on, which receivers drop (RFC 6263 §4.6). */
const UNASSIGNED_TYPE = 20;
/** 20 ms of zeros. */
const PAYLOAD_BYTES = 160;
/** A second of them is enough for any NAT. */
const MAX_OPENING = 50;

export interface NatPacketSink {
  readonly headroom: number;
  /** Sends bytes as they are. */
  raw(data: Uint8Array): void;
  /** Sends an RTP packet whose payload begins at `start` of `data`. */
  rtp(data: Uint8Array, start: number, length: number, payloadType: number): void;
}

export class NatPackets {
  readonly #sink: NatPacketSink;
  readonly #opening: number;
  readonly #kind: NatPacketOptions['kind'];
  readonly #everyMs: number;
  readonly #packet: Buffer;
  #left = 0;
  #host: string | undefined;
  #port = 0;

  constructor(
    sink: NatPacketSink,
    { opening = 0, kind, keepAliveMs = KEEP_ALIVE_MS }: NatPacketOptions = {},
  ) {
    this.#sink = sink;
    this.#opening = Math.min(MAX_OPENING, opening);
    this.#kind = kind;
    this.#everyMs = keepAliveMs > 0 ? keepAliveMs : Number.POSITIVE_INFINITY;
    this.#packet = Buffer.alloc(sink.headroom + PAYLOAD_BYTES + 64);
  }

  /** Packets go there from now on. */
  aim(remote: SocketAddress | undefined): void {
    if (remote?.host === this.#host && remote?.port === this.#port) return;
    this.#host = remote?.host;
    this.#port = remote?.port ?? 0;
    this.#left = remote ? this.#opening : 0;
  }

  /**
   * To be called with every period, before anything else is sent in it.
   * @param sends media follows: all that opens the way goes ahead of it. Else one a period, as they may get lost together
   */
  open(sends: boolean): void {
    while (this.#left > 0) {
      this.#left--;
      this.#send(this.#kind ?? 'crlf');
      if (!sends) return;
    }
  }

  /**
   * To be called with every period.
   * @param idleMs how long nothing has been sent; 0 while something is
   * @returns true when it sent something for the pause
   */
  poll(idleMs: number): boolean {
    if (idleMs < this.#everyMs) return false;
    this.#send(this.#kind ?? 'empty');
    return true;
  }

  #send(kind: NonNullable<NatPacketOptions['kind']>): void {
    if (kind === 'empty') this.#sink.raw(NOTHING);
    else if (kind === 'crlf') this.#sink.raw(CRLF);
    else this.#sink.rtp(this.#packet.fill(0), this.#sink.headroom, PAYLOAD_BYTES, UNASSIGNED_TYPE);
  }
}
