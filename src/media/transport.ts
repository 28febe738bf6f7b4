/**
 * The seam between the media graph and the network: real sockets (rtp/socket.ts) or a simulated network in tests.
 * Addresses are IP literals. Per packet only `send` and the handler are called.
 */
import type { Random } from '../base/random.js';
import { type RtpSocketOptions, RtpSocketPair } from '../rtp/socket.js';

/** Called for each datagram; `data` is valid only during the call. */
export type DatagramHandler = (data: Buffer, address: string, port: number, rtcp: boolean) => void;

export interface DatagramPair {
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  /** Sends `length` bytes from `start`, which may be reused when it returns; errors go to `onError`. */
  send(data: Uint8Array, start: number, length: number, address: string, port: number, rtcp: boolean): void;
  close(): void;
}

export interface DatagramTransport {
  /** @throws ERR_MEDIA_PORTS, ERR_INVALID_ARGUMENT when the address is not ours */
  open(
    options: { address: string; portRange?: readonly [min: number, max: number] },
    onDatagram: DatagramHandler,
    onError: (error: Error) => void,
  ): Promise<DatagramPair>;
}

/** The real network. */
export function udpTransport(
  random: Random,
  options: Pick<RtpSocketOptions, 'bufferBytes' | 'portOrder'> = {},
): DatagramTransport {
  return {
    open: ({ address, portRange }, onDatagram, onError) =>
      RtpSocketPair.open({ ...options, address, portRange, random, onDatagram, onError }),
  };
}
