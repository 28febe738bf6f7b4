/** Methods of the group streaming. Written by `npm run docs` from the function table. */
import type { Int } from './types.js';

export interface StreamingMethods {
  /**
   * Says samples to the peer, after those that were given before. PLAYREADY tells when they are out.
   * @param start 1 send, 0 drop what is still to be sent
   * @param line line number; -1 the active one, -2 all
   * @param buff 16-bit PCM as `audioinput_…` say, or a WAV file
   * @param len bytes to take; 0 and less: all; default 0
   */
  API_StreamSoundBuff(start: Int, line: Int, buff: Uint8Array, len?: Int): boolean;

  /**
   * The same with a stream: its buffers are sent as there is room for them; of RTP each is a packet.
   * @param start 1 send, 0 drop what is still to be sent
   * @param line line number; -1 the active one, -2 all
   * @param stream a stream or an iterable of buffers
   */
  API_StreamSoundStream(
    start: Int,
    line: Int,
    stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): boolean;

  /**
   * The next packet of audio that is heard or said, as `sendmedia_…` say; empty when there is none.
   * @param timeout how long to wait, in ms; a minute at most; default 0
   */
  API_GetMedia(timeout?: Int): Promise<Uint8Array>;

  /** Ends the queueing of packets for API_GetMedia. */
  API_GetMediaEnd(): boolean;
}
