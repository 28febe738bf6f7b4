/** The list of sound devices, as the application asks for it; loads a backend only then. */
import type { Clock } from '../../base/clock.js';
import type { AudioDevice } from './audio-backend.js';
import type { AudioBackendName } from './open-backend.js';

/**
 * The sound devices of this machine: outputs, then inputs, in the order in which they are numbered.
 * @throws ERR_AUDIO_BACKEND
 */
export async function listAudioDevices(
  backend: AudioBackendName,
  clock: Clock,
): Promise<readonly AudioDevice[]> {
  const { systemBackend } = await import('./open-backend.js');
  return systemBackend(backend, clock).list();
}
