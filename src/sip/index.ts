/** SIP (RFC 3261) from messages up to the endpoint. */

export * from './auth/index.js';
export * from './dialog/index.js';
export * from './endpoint/index.js';
export * from './message/index.js';
export * from './resolver/index.js';
export * from './transaction/index.js';
export * from './transport/index.js';
