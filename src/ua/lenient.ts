/** Reading what peers wrote in places that are not worth a call. */
import { isSwitchhookError } from '../base/errors.js';

/** The value of a header we could do without; `otherwise` when it is malformed. */
export function lenient<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (isSwitchhookError(error, 'ERR_SIP_PARSE')) return otherwise;
    throw error;
  }
}
