/** When a call that failed or was lost is placed again. */

export interface RedialOptions {
  /**
   * Calls that failed before they were answered: `unreachable`: no server could be reached (another one may); `trouble`:
   * also no answer and server errors. Default 'never'.
   */
  onFail?: 'never' | 'unreachable' | 'trouble';
  /**
   * Calls that were cut off after the answer, unless we hung up or there is another call. Default 'never'.
   */
  afterDrop?: 'never' | 'mediaTimeoutWhenCaller' | 'mediaTimeout' | 'whenCaller' | 'whenCalled' | 'always';
  /** After 415, 488 or 606 once more with all codecs. Default false. */
  otherCodecs?: boolean;
  /** After a refusal of what we can do (420, 421, 494 …) once more without extensions. Default false. */
  plain?: boolean;
  /** How often for one call. Default 1. */
  attempts?: number;
  /** Time until then. Default 1000. */
  delayMs?: number;
}
