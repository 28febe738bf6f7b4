/** How much of a message this stack takes in; what is larger is refused before it costs memory or time. */

export interface MessageLimits {
  /** Start line, headers and body together; bytes. */
  maxMessageBytes: number;
  /** Start line and headers together; bytes. */
  maxHeaderBytes: number;
  /** Header lines. */
  maxHeaders: number;
  /** One line with its continuation lines; characters. */
  maxLineLength: number;
}

/** A UDP datagram is never larger than 65,535 bytes (RFC 3261 §18.1.1: all sizes up to it must be handled). */
export const DEFAULT_MESSAGE_LIMITS: Readonly<MessageLimits> = {
  maxMessageBytes: 65_535,
  maxHeaderBytes: 32_768,
  maxHeaders: 256,
  maxLineLength: 8_192,
};
