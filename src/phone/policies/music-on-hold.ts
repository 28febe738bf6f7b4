/** Music for a peer on hold: while we hold it, or while it holds us and listens. */

export interface MusicOptions {
  /**
   * `localHold`: the peer hears the file while we hold it and send (a=sendonly); `remoteHold`: while it has asked to
   * listen only (a=recvonly). Default 'never'.
   */
  when?: 'never' | 'localHold' | 'remoteHold';
  /** Played over and over. */
  file?: string;
}
