/** The SDK. */
export {
  Conference,
  type ConferenceCall,
  type ConferenceEvents,
  type ConferenceMemberOptions,
  type ConferenceOptions,
} from './conference.js';
export { type CallOptions, Phone, type PhoneEvents, type ServerAbilities } from './phone.js';
export type { PhoneOptions } from './phone-options.js';
