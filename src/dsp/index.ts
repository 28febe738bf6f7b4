/** Signal processing on 16-bit mono PCM. */
export { Agc, type AgcOptions } from './agc.js';
export { CallProgressDetector, type CallProgressHandler, type CallProgressTone } from './call-progress.js';
export { callTone, ringTone } from './call-tones.js';
export {
  type ConferenceMember,
  type ConferenceMemberOptions,
  ConferenceMixer,
  type ConferenceMixerOptions,
} from './conference-mixer.js';
export { type CallTone, TONE_COUNTRIES } from './country-tones-table.js';
export { DriftController, DriftEstimator } from './drift.js';
export { DtmfDetector, type DtmfDetectorHandler } from './dtmf-detector.js';
export { FractionalResampler, MAX_DRIFT_PPM } from './fractional-resampler.js';
export { Gain } from './gain.js';
export { goertzelPower, toneLevelDbov } from './goertzel.js';
export { LevelMeter, levelDbov, powerToDbov, SILENCE_DBOV } from './level.js';
export { addSaturated, Mixer } from './mix.js';
export { type NoiseSuppressionStrength, NoiseSuppressor } from './noise-suppression.js';
export { Resampler, resampleAll } from './resample.js';
export { canResample, isSampleRate, SAMPLE_RATES } from './sample-rates.js';
export { TimeScaler } from './time-scale.js';
export {
  dtmfFrequencies,
  dtmfTone,
  namedTone,
  TONE_NAMES,
  ToneGenerator,
  type ToneSegment,
  type ToneSpec,
} from './tone.js';
export { Vad, type VadOptions, type VadStats } from './vad.js';
