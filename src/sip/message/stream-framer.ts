/**
 * Cuts a TCP or TLS byte stream into messages (RFC 3261 §18.3) and finds the keep-alives between them (RFC 5626
 * §4.4.1). One per connection, fed by the transport with whatever arrives; it never throws, never holds more than the
 * limits allow, and after a fatal error, since the stream cannot be followed any more, ignores what comes.
 *
 *     between --CRLF--> keep-alive, between --octets--> head --empty line--> body --Content-Length octets--> between
 *     head --no Content-Length, or too large--> fatal
 */
import { asBuffer, EMPTY_BYTES } from '../../base/bytes.js';
import type { SwitchhookError } from '../../base/errors.js';
import { Code, parseError } from './grammar.js';
import type { MessageLimits } from './limits.js';
import type { SipMessage } from './message.js';
import {
  completeMessage,
  fail,
  type MessageHead,
  type ParseFailure,
  parseHead,
  tooLarge,
} from './parse-message.js';

export interface StreamHandler {
  onMessage(message: SipMessage): void;
  /** A malformed message whose end is known, or the one that broke the stream: then {@link onFatal} follows. */
  onInvalid(result: ParseFailure): void;
  /**
   * 'ping' (CRLFCRLF) wants a CRLF back, 'pong' (CRLF) is one. Two pongs that arrive together look like a ping, so the
   * side that pings takes either for a sign of life.
   */
  onKeepAlive(kind: 'ping' | 'pong'): void;
  /** The connection has to be closed. */
  onFatal(error: SwitchhookError): void;
}

type State = 'between' | 'head' | 'body' | 'dead';

export class StreamFramer {
  readonly #limits: Readonly<MessageLimits>;
  readonly #handler: StreamHandler;
  #state: State = 'between';
  /** What has not been used yet is #buffer[#start, #end); the memory may be larger. */
  #buffer: Buffer = asBuffer(EMPTY_BYTES);
  #start = 0;
  #end = 0;
  /** True while #buffer is our own memory, false while it is the chunk just pushed. */
  #owned = false;
  /** Where the search for the empty line goes on. */
  #scan = 0;
  #head: MessageHead | undefined;
  /** The chunk before ended with a lone CRLF: one more makes it a ping cut in two. */
  #halfPing = false;

  constructor(limits: Readonly<MessageLimits>, handler: StreamHandler) {
    this.#limits = limits;
    this.#handler = handler;
  }

  /** Octets held back for the rest of a message. */
  get pending(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#state === 'dead' || chunk.length === 0) return;
    this.#append(asBuffer(chunk));
    while (this.#step());
    this.#keepRest();
  }

  /** True when there may be more to do with what is at hand. */
  #step(): boolean {
    switch (this.#state) {
      case 'between':
        return this.#between();
      case 'head':
        return this.#readHead();
      case 'body':
        return this.#readBody();
      case 'dead':
        return false;
    }
  }

  #between(): boolean {
    const available = this.#end - this.#start;
    if (available === 0) return false;
    if (this.#at(0) !== Code.CR) {
      this.#halfPing = false;
      this.#state = 'head';
      this.#scan = this.#start;
      return true;
    }
    if (available === 1) return false;
    if (this.#at(1) !== Code.LF) return this.#die(parseError('stream', 'CR without LF before a message'));
    const ping = available >= 4 && this.#at(2) === Code.CR && this.#at(3) === Code.LF;
    this.#start += ping ? 4 : 2;
    const second = !ping && this.#halfPing;
    this.#halfPing = !ping && !second && this.#start === this.#end;
    this.#handler.onKeepAlive(ping || second ? 'ping' : 'pong');
    return true;
  }

  #readHead(): boolean {
    const window = this.#buffer.subarray(0, this.#end);
    const found = window.indexOf('\r\n\r\n', this.#scan, 'latin1');
    const { maxHeaderBytes, maxMessageBytes } = this.#limits;
    if (found < 0) {
      if (this.pending > maxHeaderBytes) return this.#die(tooLarge('header', maxHeaderBytes));
      this.#scan = Math.max(this.#start, this.#end - 3);
      return false;
    }
    if (found - this.#start > maxHeaderBytes) return this.#die(tooLarge('header', maxHeaderBytes));
    const head = parseHead(window.subarray(this.#start, found), this.#limits);
    const size = found + 4 - this.#start;
    this.#start = found + 4;
    const length = head.contentLength;
    let broken: SwitchhookError | undefined;
    if (length === undefined) {
      broken = parseError('message', 'in a stream it needs a Content-Length');
      fail(head, 400, broken);
    } else if (Number.isNaN(length)) {
      broken = parseError('message', 'its Content-Length is malformed');
    } else if (size + length > maxMessageBytes) {
      broken = tooLarge('message', maxMessageBytes);
      fail(head, 513, broken);
    }
    if (broken) {
      const result = completeMessage(head, EMPTY_BYTES);
      if (!result.ok) this.#handler.onInvalid(result);
      return this.#die(broken);
    }
    this.#head = head;
    this.#state = 'body';
    return true;
  }

  #readBody(): boolean {
    const head = this.#head;
    const length = head?.contentLength ?? 0;
    if (head === undefined || this.pending < length) return false;
    const body = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#head = undefined;
    this.#state = 'between';
    // Our own memory is used again for the next message: the body moves out.
    const result = completeMessage(head, this.#owned && length > 0 ? Buffer.from(body) : body);
    if (result.ok) this.#handler.onMessage(result.message);
    else this.#handler.onInvalid(result);
    return true;
  }

  #die(error: SwitchhookError): boolean {
    this.#state = 'dead';
    this.#start = 0;
    this.#end = 0;
    this.#buffer = asBuffer(EMPTY_BYTES);
    this.#handler.onFatal(error);
    return false;
  }

  #at(offset: number): number {
    return this.#buffer[this.#start + offset];
  }

  /** Joins the rest of what came before and the chunk. */
  #append(chunk: Buffer): void {
    const rest = this.#end - this.#start;
    if (rest === 0) {
      this.#buffer = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      this.#scan = 0;
      return;
    }
    if (this.#end + chunk.length > this.#buffer.length) this.#grow(rest, chunk.length);
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  /** Moves the rest to the front of memory large enough, at least doubling it, so that copying stays linear. */
  #grow(rest: number, more: number): void {
    const size = Math.max(rest + more, this.#owned ? this.#buffer.length : 0, 2 * rest);
    const target = this.#owned && size <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#scan = Math.max(0, this.#scan - this.#start);
    this.#buffer = target;
    this.#start = 0;
    this.#end = rest;
    this.#owned = true;
  }

  /** The chunk belongs to the caller: what is left of it moves to our own memory. */
  #keepRest(): void {
    const rest = this.#end - this.#start;
    if (rest === 0) {
      this.#buffer = asBuffer(EMPTY_BYTES);
      this.#start = 0;
      this.#end = 0;
    } else if (!this.#owned) {
      this.#grow(rest, 0);
    }
  }
}
