/**
 * Cuts the stream of a raw TCP client into requests: lines ended by CR LF or LF, or `BOFCOMMAND … EOFCOMMAND`, in any
 * mixture. A call like `API_Call("1234")` is whole with its parenthesis, since one of the manual's samples sends it
 * without a line end. Pure; bounded by `limit`.
 */
import { FRAME_END, FRAME_START } from '../wire/framed.js';

const WHOLE_CALL = /^\s*[A-Za-z_]\w*\s*\("[^"]*"(?:\s*,\s*"[^"]*")*\)\s*$/;

export class LineFramer {
  #pending = '';
  readonly #limit: number;
  readonly #decoder = new TextDecoder('utf-8');

  /** @param limit the longest request, in characters */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True while a request has begun and not ended. */
  get waiting(): boolean {
    return this.#pending !== '';
  }

  /** @returns the requests that are complete now; undefined when one is too long */
  push(bytes: Uint8Array): string[] | undefined {
    this.#pending += this.#decoder.decode(bytes, { stream: true });
    const requests: string[] = [];
    for (let end = this.#end(); end > 0; end = this.#end()) {
      const request = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end);
      if (request.length > this.#limit) return undefined;
      if (request.trim() !== '') requests.push(request.trim());
    }
    if (WHOLE_CALL.test(this.#pending)) requests.push(this.rest());
    return this.#pending.length > this.#limit ? undefined : requests;
  }

  /** What is left when the client sends no more. */
  rest(): string {
    const rest = this.#pending.trim();
    this.#pending = '';
    return rest;
  }

  /** Where the first request ends; 0 when it is not complete. */
  #end(): number {
    const start = this.#pending.length - this.#pending.trimStart().length;
    if (this.#pending.startsWith(FRAME_START, start)) {
      const end = this.#pending.indexOf(FRAME_END, start);
      return end < 0 ? 0 : end + FRAME_END.length;
    }
    return this.#pending.indexOf('\n', start) + 1;
  }
}
