/**
 * The bits of G.729 frames as RTP carries them (RFC 3551 §4.5.6): parameters in the order of table 8 of the
 * Recommendation, most significant bit first. Keeps no state.
 */

/** Bytes of a speech frame and of a silence descriptor (15 bits and one of padding). */
export const SPEECH_BYTES = 10;
export const SID_BYTES = 2;

/** Widths of L0+L1, L2+L3, P1, P0, C1, S1, GA1+GB1, P2, C2, S2, GA2+GB2. */
export const SPEECH_WIDTHS = new Uint8Array([8, 10, 8, 1, 13, 4, 7, 5, 13, 4, 7]);
/** Widths of the silence descriptor: predictor, two LSF stages, gain (B.4.3). */
export const SID_WIDTHS = new Uint8Array([1, 5, 4, 5]);

/** Writes the fields and pads the last byte with zeros. */
export function packFields(fields: Int16Array, widths: Uint8Array, out: Uint8Array, outAt: number): void {
  let bits = 0;
  let held = 0;
  let at = outAt;
  for (let i = 0; i < widths.length; i++) {
    bits = (bits << widths[i]) | fields[i];
    held += widths[i];
    while (held >= 8) {
      held -= 8;
      out[at++] = bits >> held;
    }
    bits &= (1 << held) - 1;
  }
  if (held > 0) out[at] = bits << (8 - held);
}

/** Reads the fields. */
export function unpackFields(data: Uint8Array, dataAt: number, widths: Uint8Array, fields: Int16Array): void {
  let bits = 0;
  let held = 0;
  let at = dataAt;
  for (let i = 0; i < widths.length; i++) {
    while (held < widths[i]) {
      bits = (bits << 8) | data[at++];
      held += 8;
    }
    held -= widths[i];
    fields[i] = bits >> held;
    bits &= (1 << held) - 1;
  }
}
