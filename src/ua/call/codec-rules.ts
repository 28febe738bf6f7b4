/**
 * Which codecs an offer names, which an answer takes besides, and in which order. {@link CallMedia} asks when a call
 * begins; what comes out are formats for the offer/answer engine. Knows nothing of parameters by name or of RTP.
 */
import { SwitchhookError } from '../../base/errors.js';
import { audioFormats } from '../../media/calls.js';
import type { MediaFormat } from '../../media/index.js';
import { type CodecSettings, describeFormat } from './codec-settings.js';

/** 'accept': taken when the peer offers it, never offered. */
export type CodecRule = 'never' | 'accept' | 'low' | 'high';

/** Codecs are named as in `codecs`: "PCMU", "opus/16000", "G7221/32000". */
export interface CodecRules {
  /** What is not named here is as in {@link DEFAULT_CODEC_RULES}. */
  rules?: Readonly<Record<string, CodecRule>>;
  /** Order among codecs of the same rule; those not named follow in the built-in order. */
  order?: readonly string[];
  /** This one first of all, offered whatever its rule is. Counts for nothing when `only` leaves it out. */
  prefer?: string;
  /** These and no others, in this order; `rules` and `order` count for nothing then. */
  only?: readonly string[];
  /**
   * PCMU and GSM for weak devices, at the end of the offer unless their rule is 'never': always, never, or, by default,
   * PCMU alone when neither of them nor PCMA is offered and there is no `only`.
   */
  lowComplexity?: 'never' | 'auto' | 'always';
  /** Whose order decides in our answers. Default 'local'; a plain list of codecs follows the offer (RFC 3264 §6.1). */
  answerOrder?: 'offer' | 'local';
}

/** What happens to a codec that has no rule, best first: the built-in order. */
export const DEFAULT_CODEC_RULES: Readonly<Record<string, CodecRule>> = {
  'opus/16000': 'low',
  'speex/16000': 'low',
  G722: 'low',
  G729: 'low',
  PCMA: 'low',
  PCMU: 'accept',
  GSM: 'accept',
  iLBC: 'accept',
  'speex/8000': 'accept',
  'opus/8000': 'accept',
  'opus/24000': 'accept',
  'opus/48000': 'accept',
  'speex/32000': 'accept',
  'G7221/16000': 'accept',
  'G7221/32000': 'accept',
  'L16/16000': 'accept',
  'L16/8000': 'accept',
};

export interface CodecPlan {
  /** What offers contain, best first; never empty. */
  offered: readonly MediaFormat[];
  /** What answers may contain, best first: all that is offered and more. */
  accepted: readonly MediaFormat[];
  answerOrder: 'offer' | 'local';
}

const LOW_COMPLEXITY = ['PCMU', 'GSM'];
const SIMPLE = [...LOW_COMPLEXITY, 'PCMA'];
const NARROW_RATE = 8000;
/** Fewer digits are an extension. */
const NUMBER_DIGITS = 7;

/** Plans by the wishes they follow from: nearly every call has those of the call before. */
const plans = new Map<string, CodecPlan>();
const MOST_PLANS = 64;

/**
 * @param codecs names in order of preference, all of which are offered; or rules; the usual ones when absent
 * @param narrowband offer no wideband codec unless there are no others
 * @throws ERR_INVALID_ARGUMENT for an unknown codec, or none at all
 */
export function planCodecs(
  codecs: readonly string[] | CodecRules | undefined,
  settings: CodecSettings = {},
  narrowband = false,
): CodecPlan {
  const wishes = JSON.stringify([codecs, settings, narrowband]);
  const known = plans.get(wishes);
  if (known) return known;
  const plan = makePlan(codecs, settings, narrowband);
  if (plans.size >= MOST_PLANS) plans.clear();
  plans.set(wishes, plan);
  return plan;
}

function makePlan(
  codecs: readonly string[] | CodecRules | undefined,
  settings: CodecSettings,
  narrowband: boolean,
): CodecPlan {
  const ranked = isRules(codecs)
    ? rank(codecs)
    : audioFormats(codecs).map((format): Ranked => ({ format, rule: 'low' }));
  const described = ranked.map(({ format, rule }) => ({ ...describeFormat(format, settings), rule }));
  const accepted = described.map(({ format }) => format);
  if (accepted.length === 0) throw none();
  const wanted = described
    .filter(({ rule, offer }) => rule !== 'accept' && offer)
    .map(({ format }) => format);
  // An offer needs a codec: where all are only to be accepted, all are offered.
  let offered = wanted.length > 0 ? wanted : accepted;
  if (narrowband && offered.some(isNarrow)) offered = offered.filter(isNarrow);
  return {
    offered: isRules(codecs) ? oneOpus(offered) : offered,
    accepted,
    answerOrder: isRules(codecs) ? (codecs.answerOrder ?? 'local') : 'offer',
  };
}

/** The preferences for a call to this user: to a telephone number without wideband codecs, if so wished. */
export function preferencesFor<T extends { widebandToNumbers?: boolean; narrowband?: boolean }>(
  media: T,
  user: string | undefined,
): T {
  return media.widebandToNumbers === false && isPhoneNumber(user) ? { ...media, narrowband: true } : media;
}

/** True for what is surely a telephone number, behind which wideband codecs are of no use. */
function isPhoneNumber(user: string | undefined): boolean {
  if (!user || !/^\+?[\d\-.()]+$/.test(user)) return false;
  return user.replace(/\D/g, '').length >= NUMBER_DIGITS;
}

function isRules(codecs: readonly string[] | CodecRules | undefined): codecs is CodecRules {
  return codecs !== undefined && !Array.isArray(codecs);
}

interface Ranked {
  format: MediaFormat;
  rule: CodecRule;
}

function rank(wishes: CodecRules): Ranked[] {
  const { order = [], only, lowComplexity = 'auto' } = wishes;
  const rules = new Map<string, CodecRule>();
  for (const [name, rule] of Object.entries(DEFAULT_CODEC_RULES)) setRule(rules, name, rule);
  for (const [name, rule] of Object.entries(wishes.rules ?? {})) setRule(rules, name, rule);
  const never = new Set([...rules].filter(([, rule]) => rule === 'never').map(([id]) => id));
  const names = only ?? [...order, ...Object.keys(DEFAULT_CODEC_RULES)];
  const preferred = ids(wishes.prefer);
  const unique = new Map(
    names.flatMap((name) => audioFormats([name])).map((format) => [keyOf(format), format]),
  );
  const ranked = [...unique.values()]
    .map((format): Ranked => ({ format, rule: only ? 'low' : (rules.get(idOf(format)) ?? 'never') }))
    .map((one): Ranked => (preferred.has(idOf(one.format)) ? { ...one, rule: 'high' } : one))
    .filter(({ rule }) => rule !== 'never');
  const place = ({ format, rule }: Ranked): number =>
    preferred.has(idOf(format)) ? 0 : rule === 'high' ? 1 : rule === 'low' ? 2 : 3;
  // The sort is stable: the order stays among equals.
  return withSimple(
    ranked.sort((a, b) => place(a) - place(b)),
    lowComplexity === 'auto' && only ? 'never' : lowComplexity,
    never,
  );
}

/** Adds what weak devices may want, behind what is offered anyway. */
function withSimple(
  ranked: Ranked[],
  when: 'never' | 'auto' | 'always',
  never: ReadonlySet<string>,
): Ranked[] {
  const offers = (name: string): boolean =>
    ranked.some(({ format, rule }) => rule !== 'accept' && format.name === name);
  if (when === 'never' || (when === 'auto' && SIMPLE.some(offers))) return ranked;
  const names = (when === 'always' ? LOW_COMPLEXITY : ['PCMU']).filter((name) => !offers(name));
  const added = names
    .flatMap((name) => audioFormats([name]))
    .filter((format) => !never.has(idOf(format)))
    .map((format): Ranked => ({ format, rule: 'low' }));
  const rest = ranked.filter(({ format }) => !added.some((one) => idOf(one.format) === idOf(format)));
  const end = rest.findIndex(({ rule }) => rule === 'accept');
  return rest.toSpliced(end < 0 ? rest.length : end, 0, ...added);
}

function setRule(rules: Map<string, CodecRule>, name: string, rule: CodecRule): void {
  for (const id of ids(name)) rules.set(id, rule);
}

/** A codec as rules know it: all forms with one name and sampling rate. */
function idOf({ name, sampleRate }: MediaFormat): string {
  return `${name}/${sampleRate}`;
}

function ids(name: string | undefined): ReadonlySet<string> {
  return new Set(name === undefined ? [] : audioFormats([name]).map(idOf));
}

function keyOf(format: MediaFormat): string {
  return `${idOf(format)} ${format.fmtp ?? ''}`;
}

function isNarrow({ sampleRate }: MediaFormat): boolean {
  return sampleRate <= NARROW_RATE;
}

/** On the wire there is one Opus (RFC 7587 §7): the first says which rates it is for. */
function oneOpus(formats: readonly MediaFormat[]): readonly MediaFormat[] {
  const first = formats.find(({ name }) => name === 'opus');
  return formats.filter((format) => format.name !== 'opus' || format === first);
}

function none(): SwitchhookError {
  return new SwitchhookError('ERR_INVALID_ARGUMENT', { what: 'no codec is enabled' });
}
