/** The table in words: what the command line explains and docs/SETTINGS.md lists. Pure. */
import { nearest } from '../../base/nearest.js';
import { resolveName } from './names.js';
import { PARAMETERS } from './parameters.js';
import { type ParameterSpec, type SettingEffect, STATUS_TEXTS } from './spec.js';

/** The groups of the table in the order people look for them. */
export const GROUP_TITLES: Readonly<Record<string, string>> = {
  account: 'Account and registration',
  'call-handling': 'Calls',
  transfer: 'Transfer',
  'hold-mute': 'Hold and mute',
  identity: 'Who we are for others',
  codec: 'Codecs',
  media: 'Media',
  'audio-device': 'Sound devices, ringing and beeps',
  'audio-processing': 'Sound processing',
  recording: 'Recording',
  streaming: 'Streams to and from programs',
  messaging: 'Messages, presence, voice mail and busy lamps',
  security: 'Security',
  transport: 'Sockets and transports',
  servers: 'Finding servers',
  nat: 'NAT',
  signaling: 'SIP',
  sdp: 'Session descriptions',
  ims: 'IMS and radio',
  video: 'Video',
  api: 'Control interface and notifications',
  logging: 'Log',
  storage: 'What is kept',
  lifecycle: 'Start and end',
  gui: 'Window and language',
};

const EFFECTS: Readonly<Record<SettingEffect, string>> = {
  now: 'at once',
  'next call': 'with the next call',
  registration: 'with the next registration',
  restart: 'with the next start',
};

/** The rows of every group, in the order of {@link GROUP_TITLES}. */
export function parametersByGroup(): Array<{ title: string; rows: readonly ParameterSpec[] }> {
  return Object.entries(GROUP_TITLES).map(([group, title]) => ({
    title,
    rows: PARAMETERS.filter((row) => row.group === group),
  }));
}

/** Rows whose name, aliases, text or values have all the words. */
export function searchParameters(words: readonly string[]): ParameterSpec[] {
  const wanted = words.map((word) => word.toLowerCase());
  const found = PARAMETERS.filter((row) => {
    const text = [row.name, ...(row.aliases ?? []), row.doc, ...Object.values(row.values ?? {})]
      .join(' ')
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  // Those that have it in their name come first.
  const named = (row: ParameterSpec): boolean => wanted.some((word) => row.name.toLowerCase().includes(word));
  return [...found.filter(named), ...found.filter((row) => !named(row))];
}

/** The words with those that no row has replaced by the nearest that some row has; undefined when none is near. */
export function nearestWords(words: readonly string[]): string[] | undefined {
  const known = new Set(
    PARAMETERS.flatMap((row) => [
      row.name,
      ...(row.aliases ?? []),
      ...row.doc.toLowerCase().split(/[^a-z0-9]+/),
    ]),
  );
  const better = words.map((word) =>
    searchParameters([word]).length > 0 ? word : (nearest(word, known) ?? word),
  );
  return better.some((word, i) => word !== words[i]) ? better : undefined;
}

/** `transport = auto-detect (-1)` and the like. */
export function defaultText({ default: value, values }: ParameterSpec): string {
  if (value === undefined) return 'not set';
  if (value === '') return 'empty';
  const told = values?.[String(value)];
  // A value that is another one by another number is told by that one's meaning.
  const [, other] = /^(?:the same )?as (-?\d+)$/.exec(told ?? '') ?? [];
  const meaning = values?.[other] ?? told;
  return meaning ? `${value} (${meaning})` : String(value);
}

/** `works`, or what it waits for. */
export function statusText({ status }: ParameterSpec): string | undefined {
  return status === 'works' ? undefined : STATUS_TEXTS[status];
}

export function effectText({ effect }: ParameterSpec): string {
  return EFFECTS[effect];
}

export function scopeText({ scope }: ParameterSpec): string {
  return scope === 'both' ? 'phone or line' : scope === 'line' ? 'line only' : 'phone';
}

/** What a setting takes: `a number from 0 to 100 in %`. */
export function typeText({ type, range, unit, values }: ParameterSpec): string {
  const names = {
    string: 'a text',
    bool: 'true or false',
    enum: 'one of the values',
    list: 'a list',
    file: 'a file',
  };
  if (type !== 'int') return names[type];
  const bounds = range ? ` from ${range.min}${range.max === undefined ? ' on' : ` to ${range.max}`}` : '';
  const special = values && range ? `, or ${Object.keys(values).join(', ')}` : '';
  return `a number${bounds}${unit ? ` in ${unit}` : ''}${special}`;
}

/** Values with their meanings, and what they wait for: numbers by size, -1 first. */
export function sortedValues({
  values = {},
  missing = {},
}: ParameterSpec): Array<[value: string, meaning: string]> {
  return Object.entries(values)
    .sort(([a], [b]) => (Number.parseInt(a, 10) || 0) - (Number.parseInt(b, 10) || 0))
    .map(([value, meaning]) => [
      value,
      value in missing ? `${meaning} (it ${STATUS_TEXTS[missing[value]]})` : meaning,
    ]);
}

/** Everything about a setting, line by line; undefined for an unknown name. */
export function explainParameter(name: string): string[] | undefined {
  const resolved = resolveName(name) ?? resolveName(name.replace(/N$/, '2').replace('X_', '1_'));
  if (!resolved) return undefined;
  const { spec } = resolved;
  const status = statusText(spec);
  const facts: Array<[string, string | undefined]> = [
    ['Takes', typeText(spec)],
    ['Default', defaultText(spec)],
    ['For', scopeText(spec)],
    ['Counts', effectText(spec)],
    ['Also called', spec.aliases?.join(', ')],
    ['Status', status],
    ['Secret', spec.secret ? 'not shown anywhere, kept encrypted' : undefined],
  ];
  const values = sortedValues(spec);
  const width = Math.max(...values.map(([value]) => value.length), 0);
  return [
    spec.name,
    `  ${spec.doc}`,
    '',
    ...facts.flatMap(([label, text]) => (text ? [`  ${label.padEnd(12)} ${text}`] : [])),
    ...(values.length > 0 ? ['', '  Values'] : []),
    ...values.map(([value, meaning]) => `    ${value.padStart(width)}  ${meaning}`),
  ];
}
