/**
 * Rings of 16-bit PCM in shared memory, one writer thread and one reader thread, no locks. {@link PcmPipe} keeps
 * everything (the writer waits for room); {@link PcmTape} keeps the newest (the writer overwrites, the reader notices
 * what it missed). A side that found nothing to do raises `waiting`; the other side then posts one message.
 */

/** Words before the samples: position of writer and reader (counted modulo 2^32), `waiting`, `ended`. */
const WRITE = 0;
const READ = 1;
const WAITING = 2;
const ENDED = 3;
const HEADER_WORDS = 4;
const HEADER_BYTES = HEADER_WORDS * 4;

abstract class PcmRing {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  protected readonly header: Int32Array;
  protected readonly samples: Int16Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.header = new Int32Array(buffer, 0, HEADER_WORDS);
    this.samples = new Int16Array(buffer, HEADER_BYTES);
    this.capacity = this.samples.length;
  }

  /** The other side will be told when there is something to do again. */
  raiseWaiting(): void {
    Atomics.store(this.header, WAITING, 1);
  }

  /** True once after each {@link raiseWaiting}: the caller then posts the message. */
  takeWaiting(): boolean {
    return Atomics.load(this.header, WAITING) === 1 && Atomics.exchange(this.header, WAITING, 0) === 1;
  }

  /** Nothing more will be written. */
  end(): void {
    Atomics.store(this.header, ENDED, 1);
  }

  get ended(): boolean {
    return Atomics.load(this.header, ENDED) === 1;
  }

  protected copyIn(position: number, pcm: Int16Array, offset: number, count: number): void {
    const mask = this.capacity - 1;
    const at = position & mask;
    const first = Math.min(count, this.capacity - at);
    for (let i = 0; i < first; i++) this.samples[at + i] = pcm[offset + i];
    for (let i = first; i < count; i++) this.samples[i - first] = pcm[offset + i];
  }

  protected copyOut(position: number, out: Int16Array, offset: number, count: number): void {
    const mask = this.capacity - 1;
    const at = position & mask;
    const first = Math.min(count, this.capacity - at);
    for (let i = 0; i < first; i++) out[offset + i] = this.samples[at + i];
    for (let i = first; i < count; i++) out[offset + i] = this.samples[i - first];
  }
}

/** Shared memory for at least `samples` samples; the size is a power of two. */
export function allocateRing(samples: number): SharedArrayBuffer {
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(64, samples)));
  return new SharedArrayBuffer(HEADER_BYTES + capacity * 2);
}

/** Loses nothing. */
export class PcmPipe extends PcmRing {
  /** Samples that can be read. */
  get available(): number {
    return (Atomics.load(this.header, WRITE) - Atomics.load(this.header, READ)) >>> 0;
  }

  get free(): number {
    return this.capacity - this.available;
  }

  /** @returns samples taken, as many as there is room for */
  write(pcm: Int16Array, offset: number, count: number): number {
    const taken = Math.min(count, this.free);
    const write = this.header[WRITE];
    this.copyIn(write, pcm, offset, taken);
    Atomics.store(this.header, WRITE, (write + taken) | 0);
    return taken;
  }

  /** @returns samples given, as many as there are */
  read(out: Int16Array, offset: number, count: number): number {
    const given = Math.min(count, this.available);
    const read = this.header[READ];
    this.copyOut(read, out, offset, given);
    Atomics.store(this.header, READ, (read + given) | 0);
    return given;
  }

  /** Called by the reader: leaves out `count` samples, at most what is available. */
  skip(count: number): void {
    Atomics.store(this.header, READ, (this.header[READ] + count) | 0);
  }

  /** Called by the reader: forgets what is there. */
  drain(): void {
    Atomics.store(this.header, READ, Atomics.load(this.header, WRITE));
  }
}

/** Keeps the newest half of its capacity for a slow reader. */
export class PcmTape extends PcmRing {
  /** Samples the reader missed. */
  missed = 0;

  write(pcm: Int16Array, offset: number, count: number): void {
    const write = this.header[WRITE];
    this.copyIn(write, pcm, offset, count);
    Atomics.store(this.header, WRITE, (write + count) | 0);
  }

  readable(count: number): boolean {
    return (Atomics.load(this.header, WRITE) - this.header[READ]) >>> 0 >= count;
  }

  /** Reads `count` samples or none. Audio older than half the capacity is left out and counted. */
  read(out: Int16Array, offset: number, count: number): boolean {
    const write = Atomics.load(this.header, WRITE);
    let lag = (write - this.header[READ]) >>> 0;
    if (lag > this.capacity / 2) {
      // Whole frames, so that the time line stays a multiple of them.
      const skip = Math.ceil((lag - this.capacity / 4) / count) * count;
      this.header[READ] = (this.header[READ] + skip) | 0;
      this.missed += skip;
      lag -= skip;
    }
    if (lag < count) return false;
    this.copyOut(this.header[READ], out, offset, count);
    this.header[READ] = (this.header[READ] + count) | 0;
    return true;
  }
}
