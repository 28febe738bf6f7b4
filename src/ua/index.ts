/** The user agent: where signalling meets media. */
export { Account, type AccountOptions, parseServer } from './account.js';
export * from './bodies/index.js';
export { Call, type PlayCallOptions, type RemoteParty } from './call/call.js';
export { CALL_CAUSES, type CallCause, type EndParty } from './call/call-causes.js';
export type { CallMediaEngine } from './call/call-host.js';
export type { MediaPreferences, OfferKind } from './call/call-media.js';
export type { CallLimits, CallPolicies } from './call/call-policies.js';
export type {
  CallDirection,
  CallEncryption,
  CallEnd,
  CallEvents,
  CallRecord,
  CallState,
  DtmfEvent,
  InfoEvent,
  NoResponseReport,
} from './call/call-types.js';
export { type CodecRule, type CodecRules, DEFAULT_CODEC_RULES } from './call/codec-rules.js';
export type { CodecSettings, OpusSettings } from './call/codec-settings.js';
export type { DtmfFallback, DtmfMethod, DtmfOptions } from './call/digit-sender.js';
export type { EarlyMediaOptions } from './call/early-media.js';
export type { EncryptionLevel } from './call/encryption-level.js';
export { EventQueue } from './call/event-queue.js';
export type { HoldMute, HoldOptions, HoldStatus, LiveHoldOptions, UnholdPolicy } from './call/hold.js';
export type { MessageLog, MessageSide } from './call/message-log.js';
export type { RedirectOptions } from './call/redirection.js';
export type { SrtpMode } from './call/srtp-policy.js';
export { checkSrtp } from './call/srtp-policy.js';
export { resolveTarget } from './call-target.js';
export type { SendInDialog } from './dialog-way.js';
export type { CallerIdentity, IdentityOptions, IdentitySource } from './identity/caller-id.js';
export {
  type CustomHeaderMode,
  CustomLines,
  type HeaderLines,
  type SdpLines,
} from './identity/custom-lines.js';
export type { Diversion, HistoryEntry } from './identity/diversion.js';
export type { SessionIdMode } from './identity/session-id.js';
export { hexUserToUser, type UserToUser, type UserToUserOptions } from './identity/user-to-user.js';
export { type MethodHandler, MethodTable } from './method-table.js';
export { OptionsPing, type OptionsPingEvents, type Reachability } from './options-ping.js';
export type { RequestOptions } from './out-of-dialog.js';
export { Registration, type RegistrationEvents, type RegistrationState } from './registration.js';
export type { BackupServer, RegistrationOptions } from './registration-options.js';
export type { EventPackage, NotifyBody } from './subscription/event-package.js';
export {
  IncomingSubscription,
  type IncomingSubscriptionEvents,
  type IncomingSubscriptionState,
} from './subscription/incoming-subscription.js';
export {
  Publication,
  type PublicationEvents,
  type PublicationPhase,
  type PublishOptions,
} from './subscription/publication.js';
export { Subscription } from './subscription/subscription.js';
export type {
  Notification,
  SubscribeOptions,
  SubscriptionEnd,
  SubscriptionEvents,
  SubscriptionPhase,
} from './subscription/subscription-types.js';
export { Subscriptions, type UnsolicitedHandler } from './subscription/subscriptions.js';
export {
  ThirdPartyCall,
  type ThirdPartyEvents,
  type ThirdPartyFlow,
  type ThirdPartyOptions,
} from './third-party/third-party-call.js';
export type {
  TransferEvent,
  TransferKind,
  TransferOptions,
  TransferOutcome,
  TransferPolicies,
  TransferRequest,
  TransferRequestPolicy,
} from './transfer/transfer-types.js';
export { UserAgent } from './user-agent.js';
export type {
  DeviceHeaders,
  InviteOptions,
  UserAgentCounters,
  UserAgentEvents,
  UserAgentOptions,
} from './user-agent-types.js';
