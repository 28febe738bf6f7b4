/** SIP (RFC 3261) from messages up to the endpoint. */
export * from './message/index.js';
