/** Datagrams that came before it was known what they are: kept for the moment the stream is configured. */
interface Early {
  readonly data: Buffer;
  readonly address: string;
  readonly port: number;
  readonly rtcp: boolean;
}

/** Half a second of usual packets; later ones are dropped. */
const MOST = 25;

export class EarlyPackets {
  #kept: Early[] = [];

  keep(data: Buffer, address: string, port: number, rtcp: boolean): void {
    if (this.#kept.length < MOST) this.#kept.push({ data: Buffer.from(data), address, port, rtcp });
  }

  /** Gives them, in the order in which they came, once. */
  release(take: (data: Buffer, address: string, port: number, rtcp: boolean) => void): void {
    const kept = this.#kept;
    this.#kept = [];
    for (const { data, address, port, rtcp } of kept) take(data, address, port, rtcp);
  }
}
