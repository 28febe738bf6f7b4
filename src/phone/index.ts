/** The SDK. */
export { type CallOptions, Phone, type PhoneEvents, type ServerAbilities } from './phone.js';
export type { PhoneOptions } from './phone-options.js';
