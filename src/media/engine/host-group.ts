/**
 * What a bridge and a headset have in common in the host: sessions, of whichever worker, are connected by rings with
 * the core it lives in; how it is closed, and what happens when its core is gone.
 */
import { Emitter, type EventMap } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type { MediaSession } from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostSession } from './host-session.js';
import { allocateRing } from './pcm-ring.js';

const DEFAULT_RATE = 16_000;
/** A side that stalls for longer loses audio. */
const RING_SECONDS = 0.25;

interface Member {
  readonly number: number;
  readonly leave: () => void;
}

export abstract class HostGroup<Events extends EventMap<Events>, MemberOptions extends object>
  extends Emitter<Events>
  implements CoreListener
{
  readonly sampleRate: number;
  /** As errors name it. */
  readonly #name: string;
  readonly #closeOp: 'closeBridge' | 'closeHeadset';
  readonly #members = new Map<HostSession, Member>();
  #nextMember = 1;
  #closing: Promise<void> | undefined;
  #ended = false;

  protected constructor(
    readonly id: number,
    protected readonly link: CoreLink,
    kind: { name: string; closeOp: 'closeBridge' | 'closeHeadset'; sampleRate: number | undefined },
  ) {
    super();
    this.#name = kind.name;
    this.#closeOp = kind.closeOp;
    this.sampleRate = kind.sampleRate ?? DEFAULT_RATE;
  }

  get members(): readonly MediaSession[] {
    return [...this.#members.keys()];
  }

  add(session: MediaSession, options: MemberOptions = {} as MemberOptions): void {
    this.checkOpen();
    if (!(session instanceof HostSession)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: `only sessions of a MediaEngine can be added to ${this.#name}`,
      });
    }
    if (this.#members.has(session)) {
      this.set(session, options);
      return;
    }
    const number = this.#nextMember++;
    const samples = this.sampleRate * RING_SECONDS;
    const rings = {
      sampleRate: this.sampleRate,
      toBridge: allocateRing(samples),
      fromBridge: allocateRing(samples),
    };
    const leave = session.plugIn(this.join(number, rings, options), () => this.remove(session));
    this.#members.set(session, { number, leave });
  }

  set(session: MediaSession, options: MemberOptions): void {
    const number = this.numberOf(session);
    if (number !== undefined) this.change(number, options);
  }

  remove(session: MediaSession): void {
    const number = this.numberOf(session);
    if (number === undefined) return;
    this.#members.delete(session as HostSession);
    this.letGo(number);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  onEngineClose(error: SwitchhookError): Promise<void> {
    this.#closing ??= this.#close(error);
    return this.#closing;
  }

  abstract onCoreEvent(event: Parameters<CoreListener['onCoreEvent']>[0]): void;

  onCoreEnd(error: SwitchhookError): void {
    // Nobody ends the rings any more.
    for (const { leave } of this.#members.values()) leave();
    this.#end(error);
  }

  /** Tells the core of a new member. @returns the rings the session is to be plugged into */
  protected abstract join(member: number, rings: BridgeRings, options: MemberOptions): BridgeRings;
  protected abstract change(member: number, options: MemberOptions): void;
  /** The core ends the ring of the member, upon which the call lets go by itself. */
  protected abstract letGo(member: number): void;
  /** It is gone, once. */
  protected abstract onEnd(error: SwitchhookError | undefined): void;

  protected numberOf(session: MediaSession): number | undefined {
    return this.#members.get(session as HostSession)?.number;
  }

  protected memberOf(number: number): MediaSession | undefined {
    for (const [session, member] of this.#members) if (member.number === number) return session;
    return undefined;
  }

  protected checkOpen(): void {
    if (this.#ended || this.#closing) throw new SwitchhookError('ERR_CLOSED', { what: this.#name });
  }

  async #close(error: SwitchhookError | undefined): Promise<void> {
    try {
      await this.link.request(this.#closeOp, { session: this.id });
    } finally {
      this.link.detach(this.id);
      this.#end(error);
    }
  }

  #end(error: SwitchhookError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#members.clear();
    this.onEnd(error);
  }
}
