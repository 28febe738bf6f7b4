/** The SDK. */
export type { AbilitiesOptions, ServerAbilities } from './abilities.js';
export {
  ACCOUNT_STATES,
  AccountBook,
  type AccountBookEvents,
  type AccountBookOptions,
  type AccountState,
} from './account-book.js';
export type { CallTones, CallTonesOptions } from './audio/call-tones.js';
export type { PhoneAudio, PhoneAudioEvents, PhoneAudioOptions } from './audio/phone-audio.js';
export { Blf, type BlfEvents, type BlfMode, type BlfOptions } from './blf/blf.js';
export { type BlfState, BlfWatch } from './blf/blf-watch.js';
export type { CallOptions, LinePreset } from './call-options.js';
export {
  Conference,
  type ConferenceCall,
  type ConferenceEvents,
  type ConferenceMemberOptions,
  type ConferenceOptions,
} from './conference.js';
export {
  type ConferenceGroupEvents,
  type ConferenceGroupOptions,
  ConferenceGroups,
} from './conference-groups.js';
export { ConferenceRoster, ConferenceRosters, type RosterState } from './conference-roster.js';
export type { LanPeer, LanPeersOptions } from './lan-peers.js';
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
export { groupMembers, groupName, splitGroup, withGroup } from './messaging/group.js';
export { MemoryMessageStore, type MessageStore, type StoredMessage } from './messaging/message-store.js';
export type {
  IncomingMessage,
  MessageReportEvent,
  MessageStatus,
  MessagesEvents,
  MessagesOptions,
  SendOptions as MessageSendOptions,
  SentMessage,
} from './messaging/message-types.js';
export { type ChatGroup, Messages } from './messaging/messages.js';
export { MuteControl, type MuteDirection, type MuteOptions, PushToTalk } from './mute-control.js';
export { type Peer, peerOf } from './peer-name.js';
export { Phone, type PhoneEvents } from './phone.js';
export type { LocateOptions, PhoneListenOptions, SocketOptions } from './phone-network.js';
export type { LivePhoneOptions, PhoneOptions } from './phone-options.js';
export type { AnsweringOptions } from './policies/answering.js';
export type { BargeInOptions } from './policies/barge-in.js';
export type { BlockedRequest, FilterOptions } from './policies/filter.js';
export type { ForwardingOptions } from './policies/forwarding.js';
export type { AutomaticAction, IncomingOffer } from './policies/incoming-desk.js';
export type { LimitOptions, RefusalRule } from './policies/limits.js';
export type { MusicOptions } from './policies/music-on-hold.js';
export type { NumberOptions, NumberRule, PrefixRule } from './policies/number-rules.js';
export type { LineTriggers, OtherLinesOptions } from './policies/other-lines.js';
export { Policies, type PolicyOptions } from './policies/policies.js';
export type { RedialOptions } from './policies/redial.js';
export { Presence, type PresenceEvents, type PresenceOptions } from './presence/presence.js';
export {
  type OwnStatus,
  type PresenceGroup,
  type PresenceInfo,
  presenceGroup,
  presenceInfo,
} from './presence/presence-status.js';
export { type PresenceState, PresenceWatch } from './presence/presence-watch.js';
export { type StrangerPolicy, Watchers, type WatchRequest } from './presence/watchers.js';
export type { RecoveryOptions } from './recovery.js';
export type { ServiceHost } from './service-host.js';
export {
  CONTACT_FIELDS,
  type Contact,
  type ContactField,
  contact,
  parseContact,
  printContact,
} from './store/contact.js';
export { MemoryStore } from './store/memory-store.js';
export { SqliteStore } from './store/sqlite-store.js';
export {
  type CallStore,
  type ContactStore,
  STORE_LIMITS,
  type Store,
  type StoredCall,
  type StoreLimits,
  type ValueStore,
} from './store/store.js';
export {
  Voicemail,
  type VoicemailEvents,
  type VoicemailMode,
  type VoicemailOptions,
  type VoicemailState,
} from './voicemail/voicemail.js';
export type { WatchEvents } from './watch.js';
