/** The endpoint: transports, server location and transactions as one object. */
export type { ClientHandle, SendOptions } from './client-request.js';
export { DEFAULT_ENDPOINT_LIMITS, type EndpointLimits } from './endpoint-core.js';
export type { EndpointResolver, EndpointTransport } from './endpoint-transport.js';
export type { Destination } from './outgoing.js';
export {
  type EndpointCounters,
  type RequestOptions,
  type RequestResult,
  SipEndpoint,
  type SipEndpointOptions,
} from './sip-endpoint.js';
