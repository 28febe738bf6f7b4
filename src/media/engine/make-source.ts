/** Makes what a player plays from out of what the host asked for; used by sessions and headsets. */
import type { SwitchhookError } from '../../base/errors.js';
import { FileSource } from '../graph/file-source.js';
import { MemorySource, type PcmSource, ToneSource } from '../graph/pcm-source.js';
import type { CoreSource } from './protocol.js';

/**
 * @param toneRate what tones are generated at, in Hz
 * @param onError called at most once, never from within; the source then has ended
 */
export function makeSource(
  what: CoreSource,
  loop: boolean,
  toneRate: number,
  onError: (error: SwitchhookError) => void,
): PcmSource {
  if ('samples' in what) return new MemorySource(what.samples, what.sampleRate, loop);
  if ('tone' in what) return new ToneSource(what.tone, toneRate, loop);
  return new FileSource(typeof what.file === 'string' ? [what.file] : what.file, loop, onError);
}
