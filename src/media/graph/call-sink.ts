/** What a call stream hands both of its directions to, in step: a recorder, a stream over UDP. Never waits. */
export interface CallSink {
  /** Takes the same stretch of time, at most 20 ms, of both directions. */
  push(
    received: Int16Array,
    receivedCount: number,
    receivedRate: number,
    sent: Int16Array,
    sentCount: number,
    sentRate: number,
  ): void;
  /** Nothing was heard or sent for `ms`. */
  skip(ms: number): void;
}
