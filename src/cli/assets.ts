/** Files that come with the package. */
import { fileURLToPath } from 'node:url';

/** The speech the demo plays: mono, 8 kHz. */
export function bundledSpeech(): string {
  return fileURLToPath(new URL('../../assets/speech.wav', import.meta.url));
}
