/** The media room: audio streams of calls behind {@link MediaEngine}. */
export type * from './transport.js';
export type * from './types.js';
