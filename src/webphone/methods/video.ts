/** Methods of the group video. Written by `npm run docs` from the function table. */
import type { Int } from './types.js';

export interface VideoMethods {
  /**
   * Adds video to a call. Not yet: false.
   * @param line line number; -1 the active one, -2 all
   * @param calltype 1 video, 2 screen; default 1
   */
  API_AddVideo(line: Int, calltype?: Int): boolean;

  /**
   * Ends the video of a call. Not yet: false.
   * @param line line number; -1 the active one, -2 all
   */
  API_StopVideo(line: Int): boolean;

  /**
   * Sends RTP packets of video. Not yet: false.
   * @param line default -1
   * @param len default 0
   */
  API_SendVideoRTP(line?: Int, buff?: Uint8Array, len?: Int): boolean;
}
