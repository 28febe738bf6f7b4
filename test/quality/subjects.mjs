/** What is measured: every codec of the registry, in every form that a call can agree on. */
import { allCodecs, findCodec } from '../../dist/codecs/index.js';
import { fmtpParameters } from '../../dist/sdp/index.js';

/** Forms beside the one that is offered: what the name gets, and the parameters. */
const FORMS = {
  G729: [{ suffix: ' annexb=no', options: { annexb: 'no' } }],
  opus: [8000, 16000].map((rate) => ({ suffix: '', options: { maxplaybackrate: rate } })),
};

const NARROW = 8000;
/**
 * Wide-band codecs are compared at this rate: half a sample of delay in a filter bank does not show there, and a
 * comparison at 48 kHz takes nine times as long for speech that has nothing above 4 kHz.
 */
const WIDE = 16_000;

/**
 * @typedef {object} Subject
 * @property {string} name as in the tables: "G7221/32000 48k"
 * @property {string} codec encoding name
 * @property {number} clockRate
 * @property {Record<string, string | number>} options as negotiated
 * @property {number} compareRate of what is sent and heard, in Hz
 */

/** @returns {Subject[]} */
export function subjects() {
  const found = [];
  for (const codec of allCodecs()) {
    const options = Object.fromEntries(fmtpParameters(codec.info.fmtp));
    found.push(subject(codec, options, ''));
    for (const form of FORMS[codec.info.name] ?? []) {
      found.push(subject(codec, { ...options, ...form.options }, form.suffix));
    }
  }
  const order = [...new Set(found.map(({ codec }) => codec))];
  return found.sort((a, b) => order.indexOf(a.codec) - order.indexOf(b.codec) || a.pcmRate - b.pcmRate);
}

function subject({ info: { name, clockRate } }, options, suffix) {
  const { sampleRate } = findCodec(name, clockRate, options).info;
  const mode = options.bitrate ? ` ${Number(options.bitrate) / 1000}k` : '';
  return {
    name: `${name}/${sampleRate}${mode}${suffix}`,
    codec: name,
    clockRate,
    options,
    pcmRate: sampleRate,
    compareRate: sampleRate > NARROW ? WIDE : NARROW,
  };
}
