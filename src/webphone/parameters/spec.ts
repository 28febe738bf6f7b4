/**
 * What a row of the parameter table says. The rows stand in `tables/`, one file per group; everything that knows a
 * setting by its name (coercion, help, JSON Schema, reference page) reads them. Nothing here acts: see mapping/.
 */

/** A value as it is held and handed out. */
export type SettingValue = string | number | boolean;

/**
 * - `enum`: one of `values`; a key such as `2+` stands for every number from 2 on.
 * - `list`: texts separated by commas or semicolons, held as one text.
 * - `file`: the path of a file.
 */
export type SettingType = 'string' | 'int' | 'bool' | 'enum' | 'list' | 'file';

/** Where a setting may be given: for the phone as a whole, for a line, or for both. */
export type SettingScope = 'global' | 'line' | 'both';

/** From when on a changed setting counts. */
export type SettingEffect = 'now' | 'next call' | 'registration' | 'restart';

/**
 * `works`, or why it does nothing: an engine that is not there yet (`video` … `webphone`), what Node.js cannot do
 * (`platform`; `partly`: in some places), or nothing this program could do (`java`: ways of a Java runtime; `vendor`:
 * services of another vendor).
 */
export type SettingStatus =
  | 'works'
  | 'video'
  | 'siprec'
  | 'ims'
  | 'ed137'
  | 'tunnel'
  | 'nat'
  | 'webphone'
  | 'platform'
  | 'partly'
  | 'java'
  | 'vendor';

/** What a status other than `works` means, for people. */
export const STATUS_TEXTS: Readonly<Record<Exclude<SettingStatus, 'works'>, string>> = {
  video: 'waits for video',
  siprec: 'waits for recording by a server (SIPREC)',
  ims: 'waits for USSD and SMS over IMS',
  ed137: 'waits for air traffic radio (ED-137)',
  tunnel: 'waits for a tunnel',
  nat: 'waits for STUN, TURN, ICE and UPnP',
  webphone: 'waits for the window of the web phone',
  platform: 'waits for Node.js, which cannot do it',
  partly: 'works where its description says, and waits for Node.js for the rest',
  java: 'concerns a Java runtime and does nothing here',
  vendor: 'concerns services of another vendor and does nothing here',
};

/** Statuses of settings that will act once their engine has come. */
export const WAITING: readonly SettingStatus[] = [
  'video',
  'siprec',
  'ims',
  'ed137',
  'tunnel',
  'nat',
  'webphone',
  'platform',
  'partly',
];

const OFF: readonly SettingValue[] = [0, false, ''];

/** A setting or a value that does nothing is asked for something: what to say of it. Else undefined. */
export function inVain(
  spec: ParameterSpec,
  value: SettingValue | undefined,
  ofLine: boolean,
): string | undefined {
  const { name, status, off = OFF, missing, lineless } = spec;
  // Whoever has the effect of one that works in part says where it fails.
  if (value === undefined || status === 'partly') return undefined;
  if (ofLine && lineless) return `${name} is of the phone and does nothing for a line`;
  if (status === 'works') {
    const why = missing?.[String(value)];
    return why && `${name} ${value} ${STATUS_TEXTS[why]}`;
  }
  const vain = !(status === 'vendor' || WAITING.includes(status)) || !off.includes(value);
  return vain ? `${name} ${STATUS_TEXTS[status]}` : undefined;
}

export interface ParameterRow<Name extends string = string> {
  /** As it is printed; names compare without regard to case. A capital N, X or USERNAME in it is a place holder. */
  readonly name: Name;
  /** Older and misprinted spellings that are accepted as well. */
  readonly aliases?: readonly string[];
  readonly type: SettingType;
  /** Absent: unset until somebody sets it. */
  readonly default?: SettingValue;
  /** Value → its meaning. */
  readonly values?: Readonly<Record<string, string>>;
  /** Bounds of a number; those listed in `values` are allowed besides. */
  readonly range?: { readonly min: number; readonly max?: number };
  readonly unit?: string;
  /** Default `global`. */
  readonly scope?: SettingScope;
  readonly effect: SettingEffect;
  /** Default `works`. */
  readonly status?: SettingStatus;
  /** May be set for a line, as the manual has it, where it does nothing: what it is about has no line. */
  readonly lineless?: true;
  /** Values of a setting that works which do nothing, with the reason. They are taken, and act as the default does. */
  readonly missing?: Readonly<Record<string, Exclude<SettingStatus, 'works'>>>;
  /** What may be set while an engine is missing, since it asks for nothing of it. Default 0, false and no text. */
  readonly off?: readonly SettingValue[];
  /** `hidden`: never shown; `url`: shown without the user and password in it. */
  readonly secret?: 'hidden' | 'url';
  /** False: not kept from one run to the next. */
  readonly kept?: false;
  readonly doc: string;
}

export interface ParameterSpec<Name extends string = string> extends ParameterRow<Name> {
  readonly group: string;
  readonly scope: SettingScope;
  readonly status: SettingStatus;
}

/** The rows of a group, with what they leave out filled in. */
export function rows<const Name extends string>(
  group: string,
  list: ReadonlyArray<ParameterRow<Name>>,
): ReadonlyArray<ParameterSpec<Name>> {
  return list.map((row) => ({ scope: 'global', status: 'works', ...row, group }));
}
