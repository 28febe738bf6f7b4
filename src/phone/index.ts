/** The SDK. */
export {
  ACCOUNT_STATES,
  AccountBook,
  type AccountBookEvents,
  type AccountBookOptions,
  type AccountState,
} from './account-book.js';
export type { CallOptions, LinePreset } from './call-options.js';
export {
  Conference,
  type ConferenceCall,
  type ConferenceEvents,
  type ConferenceMemberOptions,
  type ConferenceOptions,
} from './conference.js';
export { LinePresets, type PresetScope } from './line-presets.js';
export {
  LINE_ALL,
  LINE_CURRENT,
  LINE_NEXT,
  LINE_NONE,
  type LineCall,
  type LineChoice,
  type LineEvents,
  type LineOptions,
  LineTable,
} from './lines.js';
export { Phone, type PhoneEvents, type ServerAbilities } from './phone.js';
export type { PhoneOptions } from './phone-options.js';
export type { AnsweringOptions } from './policies/answering.js';
export type { BargeInOptions } from './policies/barge-in.js';
export type { FilterOptions } from './policies/filter.js';
export type { ForwardingOptions } from './policies/forwarding.js';
export type { LimitOptions, RefusalRule } from './policies/limits.js';
export type { MusicOptions } from './policies/music-on-hold.js';
export type { NumberOptions, NumberRule, PrefixRule } from './policies/number-rules.js';
export type { LineTriggers, OtherLinesOptions } from './policies/other-lines.js';
export { Policies, type PolicyOptions } from './policies/policies.js';
export type { RedialOptions } from './policies/redial.js';
