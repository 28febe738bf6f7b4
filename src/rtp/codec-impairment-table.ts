/** Equipment impairment of codecs for the E-model: ITU-T G.113 Appendix I, and estimates where it has no value. */

export interface CodecImpairment {
  /** Equipment impairment factor Ie. */
  ie: number;
  /** Packet-loss robustness factor Bpl. */
  bpl: number;
}

/** By encoding name in upper case. */
export const CODEC_IMPAIRMENTS: Readonly<Record<string, CodecImpairment>> = {
  // G.113 Appendix I, Table I.4: with packet loss concealment.
  PCMU: { ie: 0, bpl: 25.1 },
  PCMA: { ie: 0, bpl: 25.1 },
  G729: { ie: 11, bpl: 19 },
  GSM: { ie: 20, bpl: 43 },
  // Wideband codecs are better than the narrow-band scale can say: no impairment, concealment like that of G.711.
  G722: { ie: 0, bpl: 25.1 },
  G7221: { ie: 0, bpl: 25.1 },
  L16: { ie: 0, bpl: 25.1 },
  // Estimates from published listening tests.
  OPUS: { ie: 0, bpl: 25.1 },
  ILBC: { ie: 11, bpl: 32 },
  SPEEX: { ie: 11, bpl: 30 },
};

/** For a codec not listed: as bad as a usual low-rate one. */
export const UNKNOWN_CODEC: CodecImpairment = { ie: 11, bpl: 19 };
