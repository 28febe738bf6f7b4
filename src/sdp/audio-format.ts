/**
 * An audio format as SDP names it: `a=rtpmap` and `a=fmtp` of one payload type, and the question whether two of them
 * are the same codec. Knows names and parameters only; codecs themselves live elsewhere.
 */

export interface AudioFormat {
  /** Encoding name; case does not matter (RFC 8866 §6.6). */
  name: string;
  /** RTP clock rate in Hz. */
  clockRate: number;
  channels: number;
  /** In local settings: the number wanted. In what a peer said: its number. */
  payloadType?: number;
  /** The parameters of `a=fmtp`, without the payload type. */
  fmtp?: string;
}

/** A format under the number it goes by in RTP. */
export interface NumberedFormat {
  payloadType: number;
  format: AudioFormat;
}

export function numbered(
  payloadType: number,
  { name, clockRate, channels, fmtp }: AudioFormat,
): NumberedFormat {
  return { payloadType, format: { name, clockRate, channels, payloadType, fmtp } };
}

/** Decides whether `ours` can serve what the peer described as `offered`. */
export type FormatMatcher = (offered: AudioFormat, ours: AudioFormat) => boolean;

/** The same encoding by name, clock and channels, whatever the parameters. */
export function sameEncoding(a: AudioFormat, b: AudioFormat): boolean {
  if (a.name.length !== b.name.length) return false;
  const name = a.name.toLowerCase();
  if (name !== b.name.toLowerCase()) return false;
  // RFC 3551 §4.5.2: G722 is 8000 by an old error; some peers write the true 16000.
  if (a.clockRate !== b.clockRate && name !== 'g722') return false;
  // RFC 7587 §7: always "/2", whatever is sent; some peers leave it out.
  return a.channels === b.channels || name === 'opus';
}

/** fmtp parameters whose value selects the bit stream itself, by encoding name, with the value meant by absence. */
const SELECTING_PARAMETERS: Readonly<Record<string, ReadonlyArray<readonly [name: string, absent: string]>>> =
  {
    // RFC 5577 §3.1: the rate is fixed by the payload type.
    g7221: [['bitrate', '']],
  };

/** The default {@link FormatMatcher}. */
export function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  if (!sameEncoding(a, b)) return false;
  const selecting = SELECTING_PARAMETERS[a.name.toLowerCase()];
  if (!selecting) return true;
  const [left, right] = [fmtpParameters(a.fmtp), fmtpParameters(b.fmtp)];
  return selecting.every(([name, absent]) => (left.get(name) ?? absent) === (right.get(name) ?? absent));
}

/**
 * Of several formats of ours that fit, the one meant for the rate the peer says it plays (RFC 7587 §6.1), else the first.
 */
export function closest(offered: AudioFormat, ours: readonly AudioFormat[]): AudioFormat | undefined {
  const rate = fmtpParameters(offered.fmtp).get('maxplaybackrate');
  const exact = ours.find(({ fmtp }) => fmtpParameters(fmtp).get('maxplaybackrate') === rate);
  return (rate === undefined ? undefined : exact) ?? ours[0];
}

/** "a=1; b" → a → "1", b → ""; names in lower case. */
export function fmtpParameters(fmtp: string | undefined): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of (fmtp ?? '').split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '') parameters.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return parameters;
}

/** "PCMU/8000", "opus/48000/2": the value of `a=rtpmap` after the number. */
export function encodingText({ name, clockRate, channels }: AudioFormat): string {
  return channels > 1 ? `${name}/${clockRate}/${channels}` : `${name}/${clockRate}`;
}
