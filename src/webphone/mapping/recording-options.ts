/** The settings about recordings as what is recorded, under which name, and where it goes. Pure. */
import { extname, isAbsolute, join } from 'node:path';
import type { RecordOptions, UploadOptions } from '../../media/index.js';
import type { SettingsReader } from '../settings/settings.js';

/** The call a recording is named after. */
export interface RecordedCall {
  callId: string;
  username: string;
  peer: string;
  startedAt: Date;
}

export interface RecordingPlan {
  /** Where the file goes: below the folder given, unless it was named with one of its own. */
  path: string;
  options: RecordOptions;
  /** Longest recording; undefined: none. */
  maxMs: number | undefined;
  /** Keep the local file. */
  keep: boolean;
  upload: UploadOptions | undefined;
}

const MINUTE_MS = 60_000;
const ADDRESS = /^(https?|ftps?):\/\//i;
/** What is automatic, and no, is aligned by time in any case. */
const SYNC: Readonly<Record<number, RecordOptions['sync']>> = { 1: 'noise', 2: 'both' };
const FORMATS: ReadonlyArray<{ extension: string; options: RecordOptions }> = [
  { extension: '.wav', options: { format: 'wav', layout: 'stereo' } },
  { extension: '.gsm', options: { format: 'gsm', layout: 'separate' } },
  { extension: '.ogg', options: { format: 'vorbis', layout: 'stereo' } },
  { extension: '.mp3', options: { format: 'mp3', layout: 'stereo' } },
  { extension: '.wav', options: { format: 'wav', layout: 'separate' } },
  { extension: '.wav', options: { format: 'wav', layout: 'mono' } },
];

/** Automatic recording, and a mode of 4: as the settings say; 0 none, 1 a file, 2 an upload, 3 both. */
export function recordingMode(settings: SettingsReader): number {
  return settings.number('voicerecording');
}

/** Where recordings are uploaded to: the name, if it is an address, or what the settings say; '' for nowhere. */
export function uploadAddress(settings: SettingsReader, name: string): string {
  if (ADDRESS.test(name)) return name;
  return settings.text('http_addr') || settings.text('voicerecftp_addr') || settings.text('ftp_addr');
}

/**
 * @param name a file, which may have a folder and an ending of its own; an address to upload to; or '' for a name by the
 * settings. The words DATETIME, DATE, CALLID and USER are replaced
 * @returns undefined for nothing but an upload to nowhere; a file is kept without the upload
 */
export function recordingPlan(
  settings: SettingsReader,
  call: RecordedCall,
  folder: string,
  mode: number,
  name = '',
): RecordingPlan | undefined {
  const address = ADDRESS.test(name) ? name : '';
  const url = uploadAddress(settings, name);
  if (mode === 2 && !url) return undefined;
  const minutes = settings.number('voicerecordingbuff');
  const uploads = url !== '' && (mode >= 2 || address !== '');
  return {
    ...fileOf(settings, call, folder, address ? '' : name, uploads ? endingOf(url) : ''),
    maxMs: minutes > 0 ? minutes * MINUTE_MS : undefined,
    keep: mode !== 2,
    upload: uploads
      ? { url, retries: [0, 1, Number.POSITIVE_INFINITY][settings.number('uploadretry')] }
      : undefined,
  };
}

/** The kind of file an address names, as its path or as `filename=`; '' for none. */
function endingOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const ending = extname(url?.searchParams.get('filename') ?? url?.pathname ?? '').toLowerCase();
  return FORMATS.some(({ extension }) => extension === ending) ? ending : '';
}

/** @param ending of the address it is uploaded to, which a name of its own wins over */
function fileOf(
  settings: SettingsReader,
  call: RecordedCall,
  folder: string,
  name: string,
  ending: string,
): Pick<RecordingPlan, 'path' | 'options'> {
  const usual = FORMATS[settings.number('voicerecformat')];
  const extension = ending || usual.extension;
  const options = extension === usual.extension ? usual.options : {};
  const kilohertz = settings.number('voicerecsamplerate');
  const sampleRate = kilohertz > 0 ? kilohertz * 1000 : 'call';
  const sync = SYNC[settings.number('syncvoicerec')];
  if (name === '') {
    const path = join(folder, `${recordingName(settings, call)}${extension}`);
    return { path, options: { ...options, sampleRate, sync } };
  }
  const filled = name.replace(/DATETIME|DATE|CALLID|USER/g, (word) => keyword(word, call));
  const path = isAbsolute(filled) ? filled : join(folder, filled.replace(/(^|[\\/])\.\.(?=[\\/]|$)/g, '$1_'));
  const own = extname(path).toLowerCase();
  if (own === '') return { path: `${path}${extension}`, options: { ...options, sampleRate, sync } };
  // An ending of its own decides; one that is the usual one leaves the channels as they are wanted.
  return { path, options: own === extension ? { ...options, sampleRate, sync } : { sampleRate, sync } };
}

function keyword(word: string, { callId, username, startedAt }: RecordedCall): string {
  if (word === 'DATETIME') return stamp(startedAt);
  if (word === 'DATE') return stamp(startedAt).replace(/^(\d{4})(\d\d)(\d\d).*/, '$1_$2_$3');
  return safe(word === 'USER' ? username : callId);
}

function recordingName(settings: SettingsReader, call: RecordedCall): string {
  const time = stamp(call.startedAt);
  const parts = [
    [time, call.peer],
    [time, call.callId],
    [call.callId],
    [time, call.username],
    [time, call.username, call.peer],
  ][settings.number('voicerecfilename')];
  const name = parts.filter((part) => part !== '').join('_');
  return safe(`${settings.text('voicerecfilenameprefix')}${name}`);
}

/** yyyyMMddhhmmss in local time. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return [
    date.getFullYear(),
    two(date.getMonth() + 1),
    two(date.getDate()),
    two(date.getHours()),
    two(date.getMinutes()),
    two(date.getSeconds()),
  ].join('');
}

/** Peers choose their names; no file is to be named by them outside its folder. */
function safe(name: string): string {
  return name.replace(/[^\w.@+-]/g, '_').replace(/^\.+/, '_');
}
