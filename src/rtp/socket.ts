/**
 * The UDP sockets of one media stream: RTP on an even port, RTCP on the next (RFC 3550 §11), within a port range.
 * Opened by the media engine, which owns it and closes it; it knows nothing of what it carries.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SwitchhookError } from '../base/errors.js';
import type { Random } from '../base/random.js';

export interface RtpSocketOptions {
  /** Local IP address to bind. */
  address: string;
  /** First and last port that may be used. Default 16384–32767, below the ports systems give out by themselves. */
  portRange?: readonly [number, number];
  /** The first free pair, or any. Default 'random': unguessable ports are harder to inject into (RFC 6056 §3.3.1). */
  portOrder?: 'random' | 'first';
  /** Receive buffer to ask the system for, in bytes; 0 = what it gives by itself. Default 256 KiB. */
  bufferBytes?: number;
  random: Random;
  /** `data` is valid only during the call; `rtcp` tells the socket it came in on. */
  onDatagram(data: Buffer, host: string, port: number, rtcp: boolean): void;
  /** A socket error; the sockets stay open. */
  onError(error: Error): void;
}

const DEFAULT_RANGE = [16_384, 32_767] as const;
/** Pairs tried before giving up. */
const MAX_TRIES = 200;
/** Room for a burst of 200 ms from every direction; the system may grant less. */
const RECEIVE_BUFFER_BYTES = 256 * 1024;

/** Pairs of this thread by address and port: the system need not be asked about them. */
const ours = new Set<string>();

export class RtpSocketPair {
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  #closed = false;

  private constructor(rtp: Socket, rtcp: Socket, options: RtpSocketOptions) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.address = options.address;
    this.rtpPort = rtp.address().port;
    this.rtcpPort = rtcp.address().port;
    ours.add(`${this.address} ${this.rtpPort}`);
    const { onDatagram, onError } = options;
    rtp.on('message', (data, from) => onDatagram(data, from.address, from.port, false));
    rtcp.on('message', (data, from) => onDatagram(data, from.address, from.port, true));
    rtp.on('error', onError);
    rtcp.on('error', onError);
  }

  /**
   * Binds a free pair.
   * @throws SwitchhookError ERR_MEDIA_PORTS when no pair is free, ERR_INVALID_ARGUMENT when the address is not ours
   */
  static async open(options: RtpSocketOptions): Promise<RtpSocketPair> {
    const [low, high] = options.portRange ?? DEFAULT_RANGE;
    const first = low + (low % 2);
    const pairs = Math.floor((high - first + 1) / 2);
    const inOrder = options.portOrder === 'first';
    const start = pairs > 0 && !inOrder ? options.random.uint32() % pairs : 0;
    for (let i = 0; i < (inOrder ? pairs : Math.min(pairs, MAX_TRIES)); i++) {
      const port = first + 2 * ((start + i) % pairs);
      if (ours.has(`${options.address} ${port}`)) continue;
      const rtp = await bind(options, port);
      if (!rtp) continue;
      const rtcp = await bind(options, port + 1);
      if (rtcp) return new RtpSocketPair(rtp, rtcp, options);
      rtp.close();
    }
    throw new SwitchhookError('ERR_MEDIA_PORTS', { address: options.address, range: `${low}–${high}` });
  }

  /**
   * Sends at once: the bytes may be overwritten after the call, unless the system's send buffer is full and the
   * datagram has to wait; then a late change may spoil one packet.
   */
  send(data: Uint8Array, start: number, length: number, host: string, port: number, rtcp: boolean): void {
    if (this.#closed) return;
    (rtcp ? this.#rtcp : this.#rtp).send(data, start, length, port, host);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    const closed = [this.#rtp, this.#rtcp].map((socket) => new Promise<void>((done) => socket.close(done)));
    return Promise.all(closed).then(() => void ours.delete(`${this.address} ${this.rtpPort}`));
  }
}

/** @returns undefined when the port is taken or reserved */
function bind(
  { address, bufferBytes = RECEIVE_BUFFER_BYTES }: RtpSocketOptions,
  port: number,
): Promise<Socket | undefined> {
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: bufferBytes || undefined,
    sendBufferSize: bufferBytes !== RECEIVE_BUFFER_BYTES ? bufferBytes || undefined : undefined,
    // Addresses are literals. Node's own lookup answers in a later tick, when the buffer holds the next packet.
    lookup: (hostname, _options, callback) => callback(null, hostname, family),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return resolve(undefined);
      reject(
        new SwitchhookError(
          'ERR_INVALID_ARGUMENT',
          { what: `cannot bind media to ${address}: ${error.message}` },
          { cause: error },
        ),
      );
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
