/**
 * What every codec offers to the media graph. A codec is pure: PCM in, bytes out, and back; it knows no RTP and no
 * SDP beyond its names. Encoders and decoders keep state and belong to one stream each. Nothing here allocates per
 * frame: callers bring the buffers.
 */

/** The facts of a codec, by its RFC. */
export interface CodecInfo {
  /** Encoding name as in `a=rtpmap` ("PCMU", "G729", "opus"). */
  readonly name: string;
  /** RTP clock rate in Hz (8000 for G722, RFC 3551 §4.5.2). */
  readonly clockRate: number;
  /** The rate of the PCM it takes and gives, in Hz. */
  readonly sampleRate: number;
  /** Channels as written in `a=rtpmap` (opus says 2); PCM is always mono here. */
  readonly rtpmapChannels: number;
  /** Static payload type by RFC 3551, if it has one. */
  readonly payloadType?: number;
  /** Samples (at `sampleRate`) of one codec frame. */
  readonly frameSamples: number;
  /** Upper bound of one encoded frame in bytes. */
  readonly maxFrameBytes: number;
  /** Most frames that may follow each other in one RTP payload; as many as fit when absent. */
  readonly maxFramesPerPacket?: number;
  /** Packet time used when nothing else is asked for, in ms. */
  readonly defaultPtimeMs: number;
  /** The fmtp line to offer, if any. */
  readonly fmtp?: string;
}

export interface Encoder {
  /**
   * Encodes one frame.
   * @param pcm holds the frame: `frameSamples` samples from `pcmOffset`
   * @param out receives the bytes from `outOffset`
   * @returns bytes written; 0 when nothing is to be sent (discontinuous transmission)
   */
  encode(pcm: Int16Array, pcmOffset: number, out: Uint8Array, outOffset: number): number;
  /** Encodes several frames into one payload; present where they do not simply follow each other. */
  encodePacket?(
    pcm: Int16Array,
    pcmOffset: number,
    frames: number,
    out: Uint8Array,
    outOffset: number,
  ): number;
  reset(): void;
  /** Gives back what is not JavaScript's own memory. Present where there is such; nothing works after it. */
  close?(): void;
}

export interface Decoder {
  /**
   * Decodes a whole RTP payload (one or several frames).
   * @returns samples written from `outOffset`; 0 for a payload it cannot use (never throws)
   */
  decode(data: Uint8Array, start: number, end: number, out: Int16Array, outOffset: number): number;
  /** Fills `samples` samples for lost or missing audio. */
  conceal(out: Int16Array, outOffset: number, samples: number): void;
  /**
   * Decodes the redundancy that `data`, the packet after a lost one, carries about the lost one (Opus FEC).
   * @returns samples written, 0 when there is none
   */
  decodeFec?(
    data: Uint8Array,
    start: number,
    end: number,
    out: Int16Array,
    outOffset: number,
    samples: number,
  ): number;
  reset(): void;
  /** As {@link Encoder.close}. */
  close?(): void;
}

/** Settings from the negotiated fmtp and the local preferences; each codec documents those it knows. */
export type CodecOptions = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Codec {
  readonly info: CodecInfo;
  /** The form of this codec that the settings ask for (another PCM rate or frame); absent where there is one form. */
  variant?(options: CodecOptions): Codec;
  /**
   * Loads what the codec needs; present where there is something to load. Await it before the first encoder or decoder
   * is made. Those of such a codec begin to work with the next turn of the event loop and until then give nothing.
   */
  load?(): Promise<void>;
  /** Samples (at `sampleRate`) in a payload, without decoding it; 0 when the payload cannot be valid. */
  samplesIn(data: Uint8Array, start: number, end: number): number;
  /**
   * True when the payload ends in a silence descriptor: what is missing until the next packet is silence, which
   * {@link Decoder.conceal} fills with the codec's comfort noise. Present in codecs with discontinuous transmission.
   */
  announcesSilence?(data: Uint8Array, start: number, end: number): boolean;
  createEncoder(options?: CodecOptions): Encoder;
  createDecoder(options?: CodecOptions): Decoder;
}
