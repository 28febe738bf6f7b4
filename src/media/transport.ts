/**
 * The seam between the media graph and the network: real sockets (rtp/socket.ts) or a simulated network in tests.
 * Addresses are IP literals. Nothing here is called per packet except `send` and `onDatagram`.
 */

/** Called for each datagram; `data` is valid only during the call. */
export type DatagramHandler = (
  data: Buffer,
  length: number,
  address: string,
  port: number,
  rtcp: boolean,
) => void;

export interface DatagramPair {
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  /** Sends `length` bytes from `offset`; errors are reported to `onError`, never thrown. The bytes may be reused as soon as it returns. */
  send(data: Buffer, offset: number, length: number, address: string, port: number, rtcp: boolean): void;
  close(): void;
}

export interface DatagramTransport {
  /** @throws ERR_MEDIA_PORTS */
  open(
    options: { address: string; portRange?: readonly [min: number, max: number] },
    onDatagram: DatagramHandler,
    onError: (error: Error) => void,
  ): Promise<DatagramPair>;
}
