/** Checks what is to be played, in the caller's thread, and looks tones up by name. */
import { SwitchhookError } from '../../base/errors.js';
import { toneOfCountry } from '../../dsp/call-tones.js';
import { TONE_COUNTRIES } from '../../dsp/country-tones-table.js';
import { canResample } from '../../dsp/sample-rates.js';
import { namedTone, TONE_NAMES } from '../../dsp/tone.js';
import type { PlaySource } from '../types.js';
import { unsupportedRate } from './pcm-writer.js';
import type { CoreSource } from './protocol.js';

/** What can be brought to this can be brought to the rate of any codec. */
const LOWEST_RATE = 8000;

/** @throws ERR_INVALID_ARGUMENT */
export function coreSource(source: PlaySource): CoreSource {
  if ('samples' in source && !canResample(source.sampleRate, LOWEST_RATE))
    throw unsupportedRate(source.sampleRate);
  if (!('tone' in source) || typeof source.tone !== 'string') return source as CoreSource;
  const tone = namedTone(source.tone) ?? toneOfCountry(source.tone);
  if (!tone) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `unknown tone '${source.tone}' (there are ${TONE_NAMES.join(', ')}, and dial-, ringback-, busy-, congestion- and waiting- with one of ${TONE_COUNTRIES.join(', ')})`,
    });
  }
  return { tone };
}
