/** What the layers of Speex are to each other: a narrow band, and above it one or two high bands. */
import type { BitReader, BitWriter } from './bits.js';

export interface BandDecoder {
  /** The decoded frame of this band and all below it; samples a little beyond 16 bits are possible. */
  readonly signal: Float64Array;
  /** What the topmost layer had added to the prediction, at the rate of `signal`. */
  readonly innovation: Float64Array;
  /** Per sub-frame, A(z) of the topmost layer at the upper edge of its band, where the next one begins. */
  readonly edge: Float64Array;
  /** Per sub-frame, effective value of the excitation of the topmost layer. */
  readonly level: Float64Array;
  /** The other side has stopped sending: comfort noise is due. */
  readonly silent: boolean;
  /** @returns false when there is no further frame; then nothing has changed */
  decode(bits: BitReader): boolean;
  /** Makes up a frame. */
  conceal(): void;
  reset(): void;
}

export interface BandEncoder {
  /** As in the decoder, per sub-frame. */
  readonly edge: Float64Array;
  readonly level: Float64Array;
  /** Effective value of what the decoder will have as `innovation`, per sub-frame. */
  readonly innovationLevel: Float64Array;
  /** The last frame was found to be without speech and was coded as noise. */
  readonly noise: boolean;
  /** @param signal a frame at the rate of this band and all below it; what is in it afterwards is undefined */
  encode(signal: Float64Array, bits: BitWriter): void;
  reset(): void;
}
