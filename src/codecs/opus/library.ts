/**
 * libopus as WebAssembly: loaded when Opus is first used, once per thread. It hands out its encoders and decoders a
 * moment after they are asked for, and they must be given back, for their memory is not seen by the collector.
 */
import { SwitchhookError } from '../../base/errors.js';

type Library = typeof import('libopus-wasm');

let library: Promise<Library> | undefined;

/** @throws ERR_MEDIA_CODEC when the library cannot be loaded */
export function opusLibrary(): Promise<Library> {
  library ??= load();
  return library;
}

async function load(): Promise<Library> {
  try {
    const loaded = await import('libopus-wasm');
    await loaded.loadLibopus();
    return loaded;
  } catch (error) {
    throw new SwitchhookError('ERR_MEDIA_CODEC', { codec: 'opus', why: String(error) }, { cause: error });
  }
}

/** An encoder or decoder of the library, from the moment it is handed out to the moment it is given back. */
export class Handle<T extends { free(): void }> {
  readonly #make: (library: Library) => Promise<T>;
  #current: T | undefined;
  /** Counts the requests, so that one that was overtaken is given back at once. */
  #turn = 0;

  constructor(make: (library: Library) => Promise<T>) {
    this.#make = make;
    this.renew();
  }

  /** Absent until the library has handed it out, and after `close`. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Asks for a fresh one; the old one serves until it is there. */
  renew(): void {
    const turn = ++this.#turn;
    const take = (made: T): void => {
      if (turn !== this.#turn) {
        made.free();
        return;
      }
      this.#current?.free();
      this.#current = made;
    };
    // Whoever loads the codec is told what fails.
    void opusLibrary()
      .then(this.#make)
      .then(take, () => {});
  }

  close(): void {
    this.#turn++;
    this.#current?.free();
    this.#current = undefined;
  }
}
