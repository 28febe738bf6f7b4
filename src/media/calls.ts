/**
 * What calls and the phone need of the media room in the application's thread. The index has this, and besides it what
 * only applications use: an idle phone loads none of that.
 */
export { callTone, ringTone } from '../dsp/call-tones.js';
export { SRTP_SUITES } from '../rtp/srtp/suite-names.js';
export { devicesFor, parseChoice } from './devices/device-choice.js';
export { MediaEngine } from './engine/media-engine.js';
export { audioFormats } from './formats.js';
