/**
 * Which payload type number means what within one session. RFC 3264 §8.3.2: a number once tied to a codec, in any offer
 * or answer, keeps that meaning until the session ends. One per `OfferAnswer`; forgets nothing, not even an offer that
 * was rejected, since the peer has seen it.
 */
import { type AudioFormat, sameEncoding, sameFormat } from './audio-format.js';
import { STATIC_AUDIO } from './static-payload-types-table.js';

/**
 * Numbers free for dynamic use, best first: RFC 3551 §6 leaves 96-127 to it and 35-63 unassigned. 64-95 would collide
 * with RTCP packet types under rtcp-mux (RFC 5761 §4).
 */
const DYNAMIC: readonly number[] = [...range(96, 127), ...range(35, 63)];

export class PayloadNumbers {
  /** Number → format, in our descriptions; the one used last stands last. */
  readonly #ours = new Map<number, AudioFormat>();
  /** Number → format, in the peer's. */
  readonly #theirs = new Map<number, AudioFormat>();

  clone(): PayloadNumbers {
    const copy = new PayloadNumbers();
    for (const [number, format] of this.#ours) copy.#ours.set(number, format);
    for (const [number, format] of this.#theirs) copy.#theirs.set(number, format);
    return copy;
  }

  /** Remembers what the peer calls its formats, so that we do not give such a number another meaning. */
  notePeer(formats: Iterable<AudioFormat & { payloadType: number }>): void {
    for (const format of formats) this.#theirs.set(format.payloadType, format);
  }

  /**
   * The number for `format` in a description of ours: the one it had before, else the one it asks for or has by RFC
   * 3551, else the next free one.
   * @param taken the numbers used in that description so far; the result is added
   * @returns undefined when all numbers are used up
   */
  assign(format: AudioFormat, taken: Set<number>): number | undefined {
    return this.#take(this.#choose(format, taken), format, taken);
  }

  /**
   * The number for `format` in an answer to an offer that calls it `offered`: that one (RFC 3264 §6.1), unless we have
   * used it for something else before.
   */
  adopt(offered: number, format: AudioFormat, taken: Set<number>): number | undefined {
    const bound = this.#ours.get(offered);
    if (!taken.has(offered) && (!bound || sameFormat(bound, format)))
      return this.#take(offered, format, taken);
    return this.assign(format, taken);
  }

  #choose(format: AudioFormat, taken: ReadonlySet<number>): number | undefined {
    const reusable = [...this.#ours]
      .filter(([n, bound]) => !taken.has(n) && sameFormat(bound, format))
      .reverse();
    const exact = reusable.find(([, bound]) => (bound.fmtp ?? '') === (format.fmtp ?? ''));
    if (exact) return exact[0];
    const wanted = format.payloadType ?? staticNumber(format);
    if (wanted !== undefined && wanted <= 127 && !taken.has(wanted) && this.#free(wanted, format))
      return wanted;
    return (
      reusable[0]?.[0] ?? DYNAMIC.find((n) => !taken.has(n) && !this.#ours.has(n) && this.#free(n, format))
    );
  }

  /** True when neither side uses the number for another format. */
  #free(number: number, format: AudioFormat): boolean {
    const [ours, theirs] = [this.#ours.get(number), this.#theirs.get(number)];
    return (!ours || sameFormat(ours, format)) && (!theirs || sameFormat(theirs, format));
  }

  #take(number: number | undefined, format: AudioFormat, taken: Set<number>): number | undefined {
    if (number === undefined) return undefined;
    taken.add(number);
    this.#ours.delete(number);
    this.#ours.set(number, format);
    return number;
  }
}

function staticNumber(format: AudioFormat): number | undefined {
  for (const [number, fixed] of STATIC_AUDIO) if (sameEncoding(fixed, format)) return number;
  return undefined;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
