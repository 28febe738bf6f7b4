/**
 * What a phone does by itself, as one set of typed options: given when it is made, changed at any time. The parts of
 * `phone/policies/` read them whenever they have to decide; nothing here decides anything.
 */
import { Emitter } from '../../base/emitter.js';
import type { AnsweringOptions } from './answering.js';
import type { BargeInOptions } from './barge-in.js';
import type { FilterOptions } from './filter.js';
import type { ForwardingOptions } from './forwarding.js';
import type { LimitOptions } from './limits.js';
import type { MusicOptions } from './music-on-hold.js';
import type { NumberOptions } from './number-rules.js';
import type { OtherLinesOptions } from './other-lines.js';
import type { RedialOptions } from './redial.js';

export interface PolicyOptions {
  answering?: AnsweringOptions;
  bargeIn?: BargeInOptions;
  filter?: FilterOptions;
  forwarding?: ForwardingOptions;
  limits?: LimitOptions;
  music?: MusicOptions;
  numbers?: NumberOptions;
  otherLines?: OtherLinesOptions;
  redial?: RedialOptions;
}

export type PolicyEvents = {
  changed: [];
};

export class Policies extends Emitter<PolicyEvents> implements Required<PolicyOptions> {
  answering: AnsweringOptions = {};
  bargeIn: BargeInOptions = {};
  filter: FilterOptions = {};
  forwarding: ForwardingOptions = {};
  limits: LimitOptions = {};
  music: MusicOptions = {};
  numbers: NumberOptions = {};
  otherLines: OtherLinesOptions = {};
  redial: RedialOptions = {};

  constructor(options: PolicyOptions = {}) {
    super();
    this.configure(options);
  }

  /** Changes the options named and leaves the others; undefined takes one back to its default. */
  configure(options: PolicyOptions): void {
    for (const name of Object.keys(options) as (keyof PolicyOptions)[]) {
      Object.assign(this, { [name]: { ...this[name], ...options[name] } });
    }
    this.emit('changed');
  }
}
