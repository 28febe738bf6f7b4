/** A bridge as the application sees it: connects sessions, of whichever worker, with the core the bridge lives in. */
import { Emitter } from '../../base/emitter.js';
import { SwitchhookError } from '../../base/errors.js';
import type {
  BridgeEvents,
  BridgeMemberOptions,
  BridgeOptions,
  BridgeStreamOptions,
  MediaBridge,
  MediaSession,
  PcmReader,
  Recording,
  UdpStream,
} from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostAudio } from './host-audio.js';
import { HostSession } from './host-session.js';
import { allocateRing } from './pcm-ring.js';
import type { SessionPcmWriter } from './pcm-writer.js';
import { unpackError } from './protocol.js';

const DEFAULT_RATE = 16_000;
/** A side that stalls for longer loses audio. */
const RING_SECONDS = 0.25;

interface Member {
  readonly number: number;
  readonly leave: () => void;
}

export class HostBridge extends Emitter<BridgeEvents> implements MediaBridge, CoreListener {
  readonly id: number;
  readonly sampleRate: number;
  readonly #link: CoreLink;
  readonly #audio: HostAudio;
  readonly #members = new Map<HostSession, Member>();
  #nextMember = 1;
  #closing: Promise<void> | undefined;
  #ended = false;

  constructor(id: number, link: CoreLink, options: BridgeOptions) {
    super();
    this.id = id;
    this.sampleRate = options.sampleRate ?? DEFAULT_RATE;
    this.#link = link;
    this.#audio = new HostAudio(id, link);
  }

  get members(): readonly MediaSession[] {
    return [...this.#members.keys()];
  }

  get input(): SessionPcmWriter {
    return this.#audio.input;
  }

  add(session: MediaSession, options: BridgeMemberOptions = {}): void {
    this.#checkOpen();
    if (!(session instanceof HostSession)) {
      throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
        what: 'only sessions of a MediaEngine can be bridged',
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
      bothSides: options.bothSides,
    };
    const settings = this.#settings(options);
    this.#link.notify({ op: 'joinBridge', session: this.id, member: number, rings, settings });
    const leave = session.plugIn(rings, () => this.remove(session));
    this.#members.set(session, { number, leave });
  }

  set(session: MediaSession, options: BridgeMemberOptions): void {
    const member = this.#members.get(session as HostSession);
    if (!member) return;
    const settings = this.#settings(options);
    this.#link.notify({ op: 'setMember', session: this.id, member: member.number, settings });
  }

  remove(session: MediaSession): void {
    const member = this.#members.get(session as HostSession);
    if (!member) return;
    this.#members.delete(session as HostSession);
    // The bridge fades the call out and ends its ring, upon which the call lets go by itself.
    this.#link.notify({ op: 'leaveBridge', session: this.id, member: member.number });
  }

  output(options: { sampleRate: number }): PcmReader {
    this.#checkOpen();
    return this.#audio.output(options);
  }

  async record(path: string, options: { sampleRate?: number } = {}): Promise<Recording> {
    this.#checkOpen();
    return this.#audio.record(path, options);
  }

  async stream(options: BridgeStreamOptions): Promise<UdpStream> {
    this.#checkOpen();
    return this.#audio.stream(options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  onEngineClose(error: SwitchhookError): Promise<void> {
    this.#closing ??= this.#close(error);
    return this.#closing;
  }

  onCoreEvent(event: Parameters<CoreListener['onCoreEvent']>[0]): void {
    if (event.event === 'speaker') this.#tellSpeaker(event.member);
    else if (event.event === 'error') this.emit('error', unpackError(event.error));
    else this.#audio.onCoreEvent(event);
  }

  onCoreEnd(error: SwitchhookError): void {
    // Nobody ends the rings any more.
    for (const { leave } of this.#members.values()) leave();
    this.#end(error);
  }

  async #close(error: SwitchhookError | undefined): Promise<void> {
    try {
      await this.#link.request('closeBridge', { session: this.id });
    } finally {
      this.#link.detach(this.id);
      this.#end(error);
    }
  }

  #end(error: SwitchhookError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#members.clear();
    this.#audio.end(error);
    this.emit('ended', error);
  }

  #tellSpeaker(number: number): void {
    if (number === 0) this.emit('speaker', 'local');
    for (const [session, member] of this.#members) {
      if (member.number === number) this.emit('speaker', session);
    }
  }

  #settings({ whisperTo, bothSides, ...settings }: BridgeMemberOptions) {
    return {
      ...settings,
      whisperTo: whisperTo?.flatMap((session) => this.#members.get(session as HostSession)?.number ?? []),
    };
  }

  #checkOpen(): void {
    if (this.#ended || this.#closing) throw new SwitchhookError('ERR_CLOSED', { what: 'the bridge' });
  }
}
