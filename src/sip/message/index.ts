/** SIP messages: parse, look into, change, print. */
export { AuthParams, Challenge, Credentials } from './auth-values.js';
export type { HeaderValue } from './fields.js';
export { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from './limits.js';
export { SipMessage, SipRequest, SipResponse } from './message.js';
export {
  type BodyPart,
  findPart,
  parseMultipart,
  partDisposition,
  partType,
  setMultipart,
} from './multipart.js';
export { NameAddr } from './name-addr.js';
export { type ParamStyle, Params } from './params.js';
export { type ParseFailure, type ParseResult, type ParseSuccess, parseMessage } from './parse-message.js';
export { reasonPhrase } from './status.js';
export { StreamFramer, type StreamHandler } from './stream-framer.js';
export { OtherUri, parseUri, SipUri, type SipUriInit, TelUri, type Uri } from './uri.js';
export { type Rejection, type ValidationRules, validateRequest } from './validate.js';
export {
  CSeq,
  DialogReference,
  EventValue,
  InfoValue,
  MediaType,
  RAck,
  ReasonValue,
  RetryAfter,
  SessionExpires,
  SubscriptionState,
  type Timestamp,
  TokenValue,
  Warning,
} from './values.js';
export { BRANCH_COOKIE, Via, type ViaInit } from './via.js';
