/** The settings about codecs as rules and settings of the codecs. Pure. */
import type { CodecRule, CodecRules, CodecSettings, OpusSettings } from '../../ua/index.js';
import type { ParameterName } from '../parameters/parameters.js';
import type { SettingsReader } from '../settings/settings.js';

/** The names of settings → those of the engine. */
const CODECS: Readonly<Record<string, readonly string[]>> = {
  pcmu: ['PCMU'],
  pcma: ['PCMA'],
  g711: ['PCMU', 'PCMA'],
  g722: ['G722'],
  g729: ['G729'],
  gsm: ['GSM'],
  ilbc: ['iLBC'],
  speex: ['speex/8000'],
  speexwb: ['speex/16000'],
  speexuwb: ['speex/32000'],
  opus: ['opus/16000'],
  opusnb: ['opus/8000'],
  opuswb: ['opus/16000'],
  opusswb: ['opus/24000'],
  opusuwb: ['opus/48000'],
  g7221: ['G7221/16000'],
  g7221uwb: ['G7221/32000'],
};

const RULE_SETTINGS = {
  use_pcmu: 'PCMU',
  use_pcma: 'PCMA',
  use_g729: 'G729',
  use_gsm: 'GSM',
  use_ilbc: 'iLBC',
  use_speex: 'speex/8000',
  use_speexwb: 'speex/16000',
  use_speexuwb: 'speex/32000',
  use_opusnb: 'opus/8000',
  use_opuswb: 'opus/16000',
  use_opusswb: 'opus/24000',
  use_opusuwb: 'opus/48000',
  use_g7221: 'G7221/16000',
  use_g7221uwb: 'G7221/32000',
} as const satisfies Partial<Record<ParameterName, string>>;

const WIDEBAND = Object.values(RULE_SETTINGS).filter((codec) => /\/(16|24|32|48)000$/.test(codec));
const OFFERED: ReadonlySet<CodecRule> = new Set(['low', 'high']);
const RULES: readonly CodecRule[] = ['never', 'accept', 'low', 'high'];
/** RFC 3551: the payload types that stand for a codec by themselves. */
const STATIC: Readonly<Record<number, string>> = { 0: 'PCMU', 3: 'GSM', 8: 'PCMA', 9: 'G722', 18: 'G729' };
const LOW_COMPLEXITY = ['never', 'auto', 'always'] as const;
const BANDWIDTHS = ['narrow', 'medium', 'wide', 'superwide', 'full'] as const;
const FIRST_BANDWIDTH = 1101;

export function codecRules(settings: SettingsReader): CodecRules {
  const rules: Record<string, CodecRule> = {};
  for (const [name, codec] of Object.entries(RULE_SETTINGS)) {
    rules[codec] = RULES[settings.number(name as keyof typeof RULE_SETTINGS)];
  }
  // It has no setting of its own: a phone that offers no wideband codec does not offer this one either.
  if (!WIDEBAND.some((codec) => OFFERED.has(rules[codec]))) rules.G722 = 'accept';
  const only = listed(settings.text('codec'));
  return {
    rules,
    prefer: preferred(settings),
    only,
    lowComplexity: LOW_COMPLEXITY[settings.number('alwaysallowlowcodec')],
  };
}

export function codecSettings(settings: SettingsReader): CodecSettings {
  const frames = settings.number('codecframecount');
  const silence = settings.number('silencesuppress');
  return {
    framesPerPacket: frames || undefined,
    payloadTypes: {
      'G7221/16000': settings.number('g7221payload'),
      'G7221/32000': settings.number('g7221uwbpayload'),
    },
    ilbc: { mode: settings.number('ilbcmode') === 20 ? 20 : 30 },
    g729: silence === 0 ? { annexB: false } : undefined,
    speex: silence === 1 ? { silenceSuppression: true } : undefined,
    g7221: { bitrate: settings.number('g7221bitrate') === 32000 ? 32000 : 24000 },
    g7221Wide: { bitrate: settings.number('g7221uwbbitrate') as 24000 | 32000 | 48000 },
    opus: opusSettings(settings, silence),
  };
}

function opusSettings(settings: SettingsReader, silence: number): OpusSettings {
  const auto = settings.number('opus_cfg_autobiw');
  const bitrate = settings.number('opus_cfg_bitrate');
  const dtx = choice(settings.number('opus_cfg_dtx'));
  return {
    bitrate: bitrate > 0 ? bitrate : auto === 2 ? 'auto' : undefined,
    bandwidth: BANDWIDTHS[settings.number('opus_cfg_bw') - FIRST_BANDWIDTH],
    fixedBandwidth: auto === 0 ? true : auto > 0 ? false : undefined,
    fec: choice(settings.number('opus_cfg_fec')),
    dtx: dtx ?? (silence === 1 ? true : undefined),
    packetLoss: fromZero(Math.min(100, settings.number('opus_cfg_loss'))),
    vbr: choice(settings.number('opus_cfg_vbr')),
    complexity: fromZero(settings.number('opus_cfg_complexity')),
    announceRate: settings.number('opus_cfg_rate_send') === 1 ? false : undefined,
    assumedRate: opusRate(settings.number('opus_cfg_rate_def')),
    forcedRate: opusRate(settings.number('opus_cfg_rate_force')),
  };
}

/** The codecs of a list of names; undefined when it names none, or all (`def`). */
function listed(text: string): string[] | undefined {
  const names = text.toLowerCase().split(/[\s,;]+/);
  if (names.includes('def')) return undefined;
  const codecs = names.flatMap((name) => CODECS[name] ?? []);
  return codecs.length > 0 ? [...new Set(codecs)] : undefined;
}

/** By its name, or by its payload type. */
function preferred(settings: SettingsReader): string | undefined {
  const name = settings.text('prefcodec').trim();
  if (/^\d+$/.test(name)) return STATIC[Number(name)];
  return (
    listed(name)?.[0] ?? (settings.given('defpayload') ? STATIC[settings.number('defpayload')] : undefined)
  );
}

/** -1 leaves it to the codec. */
function choice(value: number): boolean | undefined {
  return value < 0 ? undefined : value !== 0;
}

function fromZero(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

function opusRate(value: number): 8000 | 16000 | 24000 | 48000 | undefined {
  return ([48000, 24000, 16000, 8000] as const).find((rate) => value >= rate);
}
