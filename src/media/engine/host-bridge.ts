/** A bridge as the application sees it. */
import type { SwitchhookError } from '../../base/errors.js';
import type { BridgeRings } from '../graph/bridge-port.js';
import type {
  BridgeEvents,
  BridgeMemberOptions,
  BridgeOptions,
  BridgeStreamOptions,
  MediaBridge,
  PcmReader,
  Recording,
  UdpStream,
} from '../types.js';
import type { CoreLink, CoreListener } from './core-link.js';
import { HostAudio } from './host-audio.js';
import { HostGroup } from './host-group.js';
import type { SessionPcmWriter } from './pcm-writer.js';
import { unpackError } from './protocol.js';

export class HostBridge extends HostGroup<BridgeEvents, BridgeMemberOptions> implements MediaBridge {
  readonly #audio: HostAudio;

  constructor(id: number, link: CoreLink, { sampleRate }: BridgeOptions) {
    super(id, link, { name: 'the bridge', closeOp: 'closeBridge', sampleRate });
    this.#audio = new HostAudio(id, link);
  }

  get input(): SessionPcmWriter {
    return this.#audio.input;
  }

  output(options: { sampleRate: number }): PcmReader {
    this.checkOpen();
    return this.#audio.output(options);
  }

  async record(path: string, options: { sampleRate?: number } = {}): Promise<Recording> {
    this.checkOpen();
    return this.#audio.record(path, options);
  }

  async stream(options: BridgeStreamOptions): Promise<UdpStream> {
    this.checkOpen();
    return this.#audio.stream(options);
  }

  onCoreEvent(event: Parameters<CoreListener['onCoreEvent']>[0]): void {
    if (event.event === 'speaker') this.#tellSpeaker(event.member);
    else if (event.event === 'error') this.emit('error', unpackError(event.error));
    else this.#audio.onCoreEvent(event);
  }

  protected join(member: number, rings: BridgeRings, options: BridgeMemberOptions): BridgeRings {
    const all = { ...rings, bothSides: options.bothSides };
    const settings = this.#settings(options);
    this.link.notify({ op: 'joinBridge', session: this.id, member, rings: all, settings });
    return all;
  }

  protected change(member: number, options: BridgeMemberOptions): void {
    this.link.notify({ op: 'setMember', session: this.id, member, settings: this.#settings(options) });
  }

  protected letGo(member: number): void {
    this.link.notify({ op: 'leaveBridge', session: this.id, member });
  }

  protected onEnd(error: SwitchhookError | undefined): void {
    this.#audio.end(error);
    this.emit('ended', error);
  }

  #tellSpeaker(number: number): void {
    const speaker = number === 0 ? 'local' : this.memberOf(number);
    if (speaker) this.emit('speaker', speaker);
  }

  #settings({ whisperTo, bothSides, ...settings }: BridgeMemberOptions) {
    return { ...settings, whisperTo: whisperTo?.flatMap((session) => this.numberOf(session) ?? []) };
  }
}
