/** The documents of event packages and messages. */
export * from './conference-info.js';
export * from './cpim.js';
export * from './dialog-info.js';
export * from './imdn.js';
export * from './iscomposing.js';
export * from './message-summary.js';
export * from './pidf.js';
export * from './reginfo.js';
export * from './sipfrag.js';
