/**
 * A conference: mixes what its members say and gives each what the others say. Ticked by the media clock of the worker
 * it lives in; its members are calls of any worker, connected by rings, and the application, which is a member of its
 * own. Whoever joins or leaves is faded in or out.
 */
import { type ConferenceMember, ConferenceMixer } from '../../dsp/conference-mixer.js';
import { Gain } from '../../dsp/gain.js';
import { addSaturated } from '../../dsp/mix.js';
import type { DeadlineClock, Ticked } from '../engine/deadline-clock.js';
import { PcmPipe } from '../engine/pcm-ring.js';
import type { BridgeMemberOptions } from '../types.js';
import type { AppInput, AppOutput } from './app-io.js';
import type { BridgeRings } from './bridge-port.js';
import type { CallSink } from './call-sink.js';
import type { Recorder } from './recorder.js';
import { RingFeed } from './ring-feed.js';

const PERIOD_MS = 20;

/** As the host tells it: members by number. */
export interface BridgeMemberSettings extends Omit<BridgeMemberOptions, 'whisperTo' | 'bothSides'> {
  whisperTo?: readonly number[];
}

class Member {
  readonly id: number;
  readonly seat: ConferenceMember;
  readonly #feed: RingFeed;
  readonly #pipe: PcmPipe;
  readonly #heard: Gain;
  /** What it says in this tick; valid when {@link spoke}. */
  readonly said: Int16Array;
  spoke = false;
  leaving = false;
  whisperTo: readonly number[] | undefined;
  readonly #whisper: Gain;

  constructor(id: number, seat: ConferenceMember, rings: BridgeRings) {
    this.id = id;
    this.seat = seat;
    this.#feed = new RingFeed(new PcmPipe(rings.toBridge), rings.sampleRate);
    this.#pipe = new PcmPipe(rings.fromBridge);
    this.#heard = new Gain(rings.sampleRate, 0);
    this.#whisper = new Gain(rings.sampleRate, 0);
    this.said = new Int16Array(seat.frameSamples);
  }

  set({ gain = 1, muted = false, listenOnly = false, deaf = false, whisperTo }: BridgeMemberSettings): void {
    this.seat.gain = gain;
    this.seat.muted = muted;
    this.seat.listenOnly = listenOnly || whisperTo !== undefined;
    this.#heard.set(deaf ? 0 : 1);
    this.whisperTo = whisperTo;
    this.#whisper.set(muted || listenOnly ? 0 : gain);
  }

  leave(): void {
    this.leaving = true;
    this.seat.muted = true;
    this.#heard.set(0);
    this.#whisper.set(0);
  }

  speak(): void {
    this.spoke = this.#feed.take(this.said, this.said.length);
    if (!this.spoke) return;
    if (this.whisperTo) this.#whisper.process(this.said, 0, this.said.length);
    else this.seat.say(this.said);
  }

  hear(frame: Int16Array): void {
    this.#heard.process(frame, 0, frame.length);
    this.#pipe.write(frame, 0, frame.length);
    if (this.leaving) this.#pipe.end();
  }

  get gone(): boolean {
    return this.leaving || this.#feed.finished;
  }
}

export interface BridgeEvents {
  /** Another member speaks: its number, or 0 for the application. */
  onSpeaker(member: number): void;
}

export class Bridge implements Ticked {
  readonly sampleRate: number;
  readonly #mixer: ConferenceMixer;
  readonly #members: Member[] = [];
  /** The application. */
  readonly #local: ConferenceMember;
  readonly #input: AppInput;
  readonly #outputs: AppOutput[] = [];
  readonly #recorders: Recorder[] = [];
  readonly #streams: CallSink[] = [];
  readonly #frame: Int16Array;
  readonly #silence: Int16Array;
  readonly #events: BridgeEvents;
  readonly #stopTicking: () => void;

  constructor(sampleRate: number, input: AppInput, deadlines: DeadlineClock, events: BridgeEvents) {
    this.sampleRate = sampleRate;
    this.#events = events;
    this.#input = input;
    this.#mixer = new ConferenceMixer({ sampleRate, frameMs: PERIOD_MS });
    this.#local = this.#mixer.add({ sampleRate });
    this.#frame = new Int16Array(this.#local.frameSamples);
    this.#silence = new Int16Array(this.#local.frameSamples);
    this.#stopTicking = deadlines.add(this, PERIOD_MS);
  }

  join(id: number, rings: BridgeRings, settings: BridgeMemberSettings): void {
    // Muted at first: what it is set to fades in.
    const member = new Member(id, this.#mixer.add({ sampleRate: this.sampleRate, muted: true }), rings);
    member.set(settings);
    this.#members.push(member);
  }

  set(id: number, settings: BridgeMemberSettings): void {
    for (const member of this.#members) if (member.id === id && !member.leaving) member.set(settings);
  }

  leave(id: number): void {
    for (const member of this.#members) if (member.id === id) member.leave();
  }

  addOutput(output: AppOutput): void {
    this.#outputs.push(output);
  }

  removeOutput(id: number): void {
    const at = this.#outputs.findIndex((output) => output.id === id);
    if (at >= 0) this.#outputs.splice(at, 1);
  }

  addRecorder(recorder: Recorder): void {
    this.#recorders.push(recorder);
  }

  removeRecorder(recorder: Recorder): void {
    const at = this.#recorders.indexOf(recorder);
    if (at >= 0) this.#recorders.splice(at, 1);
  }

  addStream(stream: CallSink): void {
    this.#streams.push(stream);
  }

  removeStream(stream: CallSink): void {
    const at = this.#streams.indexOf(stream);
    if (at >= 0) this.#streams.splice(at, 1);
  }

  tick(): void {
    const members = this.#members;
    const frame = this.#frame;
    const count = frame.length;
    for (let i = 0; i < members.length; i++) members[i].speak();
    frame.fill(0);
    this.#input.addTo(frame, count, this.sampleRate);
    this.#local.say(frame);
    const changed = this.#mixer.mix();
    for (let i = 0; i < members.length; i++) {
      members[i].seat.hear(frame);
      this.#whisper(members[i].id, frame);
      members[i].hear(frame);
    }
    if (this.#outputs.length > 0 || this.#streams.length > 0) {
      this.#local.hear(frame);
      for (let i = 0; i < this.#outputs.length; i++) this.#outputs[i].push(frame, count, this.sampleRate);
      this.#handTo(this.#streams, frame, count);
    }
    if (this.#recorders.length > 0) {
      this.#mixer.total(frame);
      this.#handTo(this.#recorders, frame, count);
    }
    if (changed) this.#tellSpeaker();
    this.#dismiss();
  }

  skip(periods: number): void {
    for (const recorder of this.#recorders) recorder.skip(periods * PERIOD_MS);
    for (const stream of this.#streams) stream.skip(periods * PERIOD_MS);
  }

  /** Lets everybody go; recorders are the owner's to end. */
  close(): void {
    for (const member of this.#members) member.leave();
    this.tick();
    this.#stopTicking();
    for (const output of this.#outputs) output.end();
    this.#outputs.length = 0;
  }

  #handTo(sinks: readonly CallSink[], frame: Int16Array, count: number): void {
    for (let i = 0; i < sinks.length; i++)
      sinks[i].push(frame, count, this.sampleRate, this.#silence, count, this.sampleRate);
  }

  #whisper(to: number, frame: Int16Array): void {
    for (let i = 0; i < this.#members.length; i++) {
      const member = this.#members[i];
      if (member.spoke && member.whisperTo?.includes(to))
        addSaturated(frame, 0, member.said, 0, frame.length);
    }
  }

  #tellSpeaker(): void {
    const seat = this.#mixer.activeSpeaker;
    if (!seat) return;
    this.#events.onSpeaker(this.#members.find((member) => member.seat === seat)?.id ?? 0);
  }

  #dismiss(): void {
    const members = this.#members;
    let kept = 0;
    for (let i = 0; i < members.length; i++) {
      if (members[i].gone) this.#mixer.remove(members[i].seat);
      else members[kept++] = members[i];
    }
    members.length = kept;
  }
}
