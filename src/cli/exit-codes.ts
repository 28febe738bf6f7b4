/** What the process tells its caller; part of the command line's interface. */
import { isSwitchhookError } from '../base/errors.js';

export const EXIT = {
  ok: 0,
  /** Something else went wrong. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The server refused the registration or the credentials. */
  registration: 3,
  /** The peer refused the call. */
  rejected: 4,
  /** No answer in time. */
  timeout: 5,
  /** The server or peer could not be reached or found. */
  network: 6,
  /** The call was answered but the audio was not as it should be. */
  media: 7,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export function exitCodeOf(error: unknown): number {
  if (!isSwitchhookError(error)) return EXIT.failed;
  switch (error.code) {
    case 'ERR_INVALID_ARGUMENT':
      return EXIT.usage;
    case 'ERR_REGISTRATION_REJECTED':
    case 'ERR_AUTHENTICATION_FAILED':
      return EXIT.registration;
    case 'ERR_CALL_REJECTED':
      return EXIT.rejected;
    case 'ERR_SIP_TIMEOUT':
    case 'ERR_TIMEOUT':
    case 'ERR_ABORTED':
    case 'ERR_CALL_CANCELLED':
      return EXIT.timeout;
    case 'ERR_SIP_TRANSPORT':
    case 'ERR_SIP_CERTIFICATE':
    case 'ERR_DNS_NOT_FOUND':
      return EXIT.network;
    case 'ERR_MEDIA_NO_COMMON_CODEC':
    case 'ERR_MEDIA_FILE':
    case 'ERR_MEDIA_PORTS':
    case 'ERR_AUDIO_BACKEND':
    case 'ERR_AUDIO_DEVICE':
      return EXIT.media;
    default:
      return EXIT.failed;
  }
}
