/** Methods of the group recording. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface RecordingMethods {
  /**
   * Begins or ends the recording of calls. VREC tells how it goes.
   * @param startstop 0 stop, 1 to a file, 2 to a server, 3 to both, 4 as `voicerecording` says; default 1
   * @param now with 0: 0 keeps the file until the call ends, 2 saves it at once; default 2
   * @param filename file or address; empty: as the settings say
   * @param line line number; -1 the active one, -2 all; default -2
   */
  API_VoiceRecord(startstop?: Int, now?: Int, filename?: Text, line?: Int): boolean;

  /** The file recorded last: of a line, or of all when it is empty or negative. */
  API_GetLastRecFileName(line?: Text): string;

  /** Deletes the files recorded so far. */
  API_RecFiles_Del(): Promise<boolean>;
}
