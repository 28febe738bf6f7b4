/**
 * Who holds whom in a call, as offer/answer shows it (RFC 3264 §8.4): what our own hold leaves open, what the peer's
 * does, and which audio really flows. Kept by CallMedia, moved by `call.hold()` and by what the peer offers and answers.
 * Directions are always ours: 'sendonly' means that we send. Pure.
 */
import { type Direction, directionOf, narrowed, receives, reverse, sends } from '../../sdp/index.js';

/** Which audio stops while we hold; what is not named flows on as if nothing were held. */
export type HoldMute = 'direction' | 'none' | 'send' | 'receive' | 'both';

export interface HoldOptions {
  /**
   * What stays open of our media: 'sendonly' (the peer listens, to music perhaps), 'recvonly', 'inactive'; 'sendrecv'
   * offers the session anew and holds nothing; 'none' holds nothing and tells the peer nothing. Default 'sendonly'.
   */
  direction?: Direction | 'none';
  /** The old way, with 0.0.0.0 as our address, for peers that know no directions. Default false. */
  zeroAddress?: boolean;
  /** Exactly `direction`; else a second hold closes what the first left open. Default false. */
  exact?: boolean;
  /** Default 'direction': what the description says. */
  mute?: HoldMute;
  /** How the peer is told. 'update' only where the peer takes UPDATE (RFC 3311). Default 'invite'. */
  method?: 'invite' | 'update';
}

/** When the peer may end our hold: never, by an offer of its own, or by an answer that grants more than we asked for. */
export type UnholdPolicy = 'never' | 'offer' | 'always';

/** What of holding may be changed while a call goes on. */
export interface LiveHoldOptions {
  /** What `hold()` means without options, from now on. */
  hold?: HoldOptions;
  unhold?: UnholdPolicy;
}

export interface HoldStatus {
  /** What our hold leaves open; 'sendrecv' = we hold nothing. */
  ours: Direction;
  /** What the peer's hold leaves open for us; 'sendrecv' = it holds nothing. */
  theirs: Direction;
  /** What both leave open. */
  direction: Direction;
}

interface Wish {
  direction: Direction;
  zeroAddress: boolean;
  mute: HoldMute;
}

/** A wish, and the one to go back to when the peer does not hear of it or does not want it. */
interface OurHold extends Wish {
  before: OurHold | undefined;
  takenBack: boolean;
}

const OPEN: Wish = { direction: 'sendrecv', zeroAddress: false, mute: 'direction' };

export class HoldState {
  #ours: OurHold = { ...OPEN, before: undefined, takenBack: false };
  #theirs: Direction = 'sendrecv';
  /** May change at any time, also while we hold. */
  unhold: UnholdPolicy;

  constructor(unhold: UnholdPolicy = 'never') {
    this.unhold = unhold;
  }

  get local(): boolean {
    return this.#ours.direction !== 'sendrecv' || this.#ours.zeroAddress;
  }

  get remote(): boolean {
    return !sends(this.#theirs);
  }

  get status(): HoldStatus {
    const ours = this.wanted;
    return { ours, theirs: this.#theirs, direction: narrowed(ours, this.#theirs) };
  }

  /** What our next description says. */
  get wanted(): Direction {
    return this.#ours.direction;
  }

  get zeroAddress(): boolean {
    return this.#ours.zeroAddress;
  }

  /**
   * Holds, for the descriptions from now on.
   * @returns how to take it back; undefined when nothing is to be told to the peer
   */
  hold(options: HoldOptions): (() => void) | undefined {
    const { direction = 'sendonly', zeroAddress = false, exact = false, mute = 'direction' } = options;
    if (direction === 'none') return undefined;
    const before = this.#ours;
    const merged = exact || direction === 'sendrecv' ? direction : narrowed(before.direction, direction);
    const same = merged === before.direction && zeroAddress === before.zeroAddress;
    if (same && mute === before.mute && direction !== 'sendrecv') return undefined;
    return this.#wish({ direction: merged, zeroAddress, mute });
  }

  /** Takes the call back. @returns as {@link hold} */
  release(): (() => void) | undefined {
    return this.local ? this.#wish(OPEN) : undefined;
  }

  /** Several may be on their way to the peer: one that fails under another that fails later is not gone back to. */
  #wish(wish: Wish): () => void {
    const ours: OurHold = { ...wish, before: this.#ours, takenBack: false };
    this.#ours = ours;
    return () => {
      ours.takenBack = true;
      while (this.#ours.takenBack && this.#ours.before) this.#ours = this.#ours.before;
    };
  }

  /**
   * The peer offers `direction` (its own). @returns how to take it back, when the offer ends our hold
   */
  offered(direction: Direction): (() => void) | undefined {
    if (this.unhold === 'never' || !this.local || !grantsMore(direction, this.wanted)) return undefined;
    return this.release();
  }

  /**
   * An exchange is complete: what the peer's description leaves us.
   * @param asked our direction in the offer this answers; absent when the offer was the peer's. An answer says nothing
   * about what we had closed ourselves
   * @returns true when the answer has ended our hold: an offer has to say so
   */
  agreed(allows: Direction, asked?: Direction): boolean {
    const before = this.#theirs;
    // The peer knows, by our offer or our answer: there is nothing older to go back to.
    if (asked === undefined || asked === this.wanted) this.#ours.before = undefined;
    this.#theirs = directionOf(
      asked === undefined || sends(asked) ? sends(allows) : sends(before),
      asked === undefined || receives(asked) ? receives(allows) : receives(before),
    );
    const ended =
      asked !== undefined &&
      this.unhold === 'always' &&
      this.local &&
      grantsMore(reverse(allows), this.wanted);
    if (ended) this.release();
    return ended;
  }

  /** The audio that flows when `direction` was agreed on. */
  flow(direction: Direction): Direction {
    const { mute } = this.#ours;
    if (!this.local || mute === 'direction') return direction;
    return directionOf(
      sends(this.#theirs) && mute !== 'send' && mute !== 'both',
      receives(this.#theirs) && mute !== 'receive' && mute !== 'both',
    );
  }
}

/** The peer's direction goes beyond what ours has room for. */
function grantsMore(peer: Direction, ours: Direction): boolean {
  return (sends(peer) && !receives(ours)) || (receives(peer) && !sends(ours));
}
