/** Raw GSM 06.10 for the recorder: frames of 33 octets one after the other, as libgsm and sox write `.gsm` files. */
import { gsm } from '../../codecs/gsm/codec.js';
import type { PieceEncoder } from './encoded-writer.js';

export function gsmEncoder(): PieceEncoder {
  const encoder = gsm.createEncoder();
  const { frameSamples, maxFrameBytes } = gsm.info;
  const frame = new Uint8Array(maxFrameBytes);
  return {
    pieceFrames: frameSamples,
    encode: (piece, put) => put(frame.subarray(0, encoder.encode(piece, 0, frame, 0))),
    finish: () => {},
  };
}
