/**
 * The call's side of the application's audio: a source that plays what the application writes, and a sink that hands
 * out what is heard. Rings in shared memory connect them with the host's pcm-writer and pcm-reader.
 */
import { PcmPipe, PcmTape } from '../engine/pcm-ring.js';
import type { PcmSource } from './pcm-source.js';
import { Player } from './player.js';
import { RateAdapter } from './rate-adapter.js';

class PipeSource implements PcmSource {
  readonly pipe: PcmPipe;
  readonly sampleRate: number;
  readonly #onRoom: () => void;

  constructor(pipe: PcmPipe, sampleRate: number, onRoom: () => void) {
    this.pipe = pipe;
    this.sampleRate = sampleRate;
    this.#onRoom = onRoom;
  }

  get available(): number {
    return this.pipe.available;
  }

  get ended(): boolean {
    return this.pipe.ended;
  }

  read(out: Int16Array, offset: number, count: number): number {
    const given = this.pipe.read(out, offset, count);
    if (this.pipe.free * 2 >= this.pipe.capacity && this.pipe.takeWaiting()) this.#onRoom();
    return given;
  }

  close(): void {}
}

/** Rings in the order they were opened: a new one for each sample rate the application changes to. */
export class AppInput {
  readonly #queue: Array<{ source: PipeSource; player: Player }> = [];
  readonly #onRoom: () => void;

  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  open(ring: SharedArrayBuffer, sampleRate: number): void {
    const source = new PipeSource(new PcmPipe(ring), sampleRate, this.#onRoom);
    this.#queue.push({ source, player: new Player(0, source, 1) });
  }

  clear(): void {
    for (const { source } of this.#queue) source.pipe.drain();
    this.#onRoom();
  }

  addTo(frame: Int16Array, count: number, sampleRate: number): void {
    const first = this.#queue[0];
    if (!first) return;
    first.player.addTo(frame, count, sampleRate);
    if (first.player.finished) this.#queue.shift();
  }
}

export class AppOutput {
  readonly id: number;
  readonly #tape: PcmTape;
  readonly #adapter: RateAdapter;
  readonly #onReady: (output: number) => void;

  constructor(id: number, ring: SharedArrayBuffer, sampleRate: number, onReady: (output: number) => void) {
    this.id = id;
    this.#tape = new PcmTape(ring);
    this.#adapter = new RateAdapter(sampleRate);
    this.#onReady = onReady;
  }

  push(pcm: Int16Array, count: number, sampleRate: number): void {
    const made = this.#adapter.push(pcm, count, sampleRate);
    this.#tape.write(this.#adapter.frame, 0, made);
    if (this.#tape.takeWaiting()) this.#onReady(this.id);
  }

  end(): void {
    this.#tape.end();
    this.#onReady(this.id);
  }
}
