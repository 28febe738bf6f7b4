/** Methods of the group logs. Written by `npm run docs` from the function table. */
import type { Int, Text } from './types.js';

export interface LogsMethods {
  /** Opens a window with the log. There is none here: false. */
  API_ShowLog(): boolean;

  /** Writes a line into the log; without a level it is 2. */
  API_AddLog(msg: Text): void;

  /**
   * Writes a line into the log; without a level it is 2.
   * @param level 1 for the user to see, 2 and up for the log only
   */
  API_AddLog(level: Int, msg: Text): void;

  /** The lines of the log since the call before, when `logpolling` is 1. */
  API_GetLogs(): string;

  /** The file the log is written to. */
  API_GetLogPath(): string;
}
