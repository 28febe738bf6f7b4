/** The volumes people set, 0 to 100, as factors: 0 is silent, 50 leaves the signal as it is, 100 adds 12 dB. */
import { SwitchhookError } from '../../base/errors.js';

export const UNCHANGED_VOLUME = 50;
const LOUDEST_DB = 12;

/** @throws ERR_INVALID_ARGUMENT for anything but 0 to 100 */
export function checkVolume(percent: number): number {
  if (percent >= 0 && percent <= 100) return percent;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `volume ${percent} is not 0 to 100` });
}

/** Linear factor; downwards by a square law, which sounds even. */
export function volumeGain(percent: number): number {
  if (percent <= UNCHANGED_VOLUME) return (percent / UNCHANGED_VOLUME) ** 2;
  return 10 ** (((percent - UNCHANGED_VOLUME) / UNCHANGED_VOLUME) * (LOUDEST_DB / 20));
}
