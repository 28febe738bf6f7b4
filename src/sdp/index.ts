/** SDP (RFC 8866) and offer/answer (RFC 3264): the public face of this layer. Pure. */
export * from './attributes.js';
export type { AudioFormat, FormatMatcher, NumberedFormat } from './audio-format.js';
export { encodingText, fmtpParameters, sameEncoding, sameFormat } from './audio-format.js';
export type {
  LocalAudio,
  LocalCrypto,
  NegotiatedAudio,
  NegotiatedCrypto,
  RemoteOffer,
  TelephoneEventFormat,
} from './audio-session.js';
export type { CryptoAttribute, CryptoKey } from './crypto-attribute.js';
export { CRYPTO_SUITES, cryptoAttributes, parseCrypto, printCrypto } from './crypto-attribute.js';
export type {
  Attribute,
  Bandwidth,
  Connection,
  MediaDescription,
  Origin,
  SdpLine,
  SessionDescription,
} from './description.js';
export type { Direction } from './direction.js';
export { directionOf, meetDirection, narrowed, receives, reverse, sends } from './direction.js';
export type { OfferAnswerOptions } from './offer-answer.js';
export { OfferAnswer } from './offer-answer.js';
export type { SdpLimits } from './parse.js';
export { DEFAULT_SDP_LIMITS, parseSdp } from './parse.js';
export { printSdp } from './print.js';
