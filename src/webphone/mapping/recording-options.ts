/** The settings about recordings as what is recorded, under which name, and where it goes. Pure. */
import { join } from 'node:path';
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
  /** Where the file goes, without a folder of its own in the settings below the one given. */
  path: string;
  options: RecordOptions;
  /** Longest recording; undefined: none. */
  maxMs: number | undefined;
  /** Keep the local file. */
  keep: boolean;
  upload: UploadOptions | undefined;
}

const MINUTE_MS = 60_000;
const FORMATS: ReadonlyArray<{ extension: string; options: RecordOptions }> = [
  { extension: '.wav', options: { format: 'wav', layout: 'stereo' } },
  { extension: '.gsm', options: { format: 'gsm', layout: 'separate' } },
  { extension: '.ogg', options: { format: 'vorbis', layout: 'stereo' } },
  { extension: '.mp3', options: { format: 'mp3', layout: 'stereo' } },
  { extension: '.wav', options: { format: 'wav', layout: 'separate' } },
  { extension: '.wav', options: { format: 'wav', layout: 'mono' } },
];

/** @returns undefined when calls are not recorded by themselves */
export function recordingPlan(
  settings: SettingsReader,
  call: RecordedCall,
  folder: string,
): RecordingPlan | undefined {
  const mode = settings.number('voicerecording');
  return mode === 0 ? undefined : planFor(settings, call, folder, mode);
}

/** As above for a recording that was asked for. @param mode 1 a file, 2 an upload, 3 both */
export function planFor(
  settings: SettingsReader,
  call: RecordedCall,
  folder: string,
  mode: number,
): RecordingPlan {
  const { extension, options } = FORMATS[settings.number('voicerecformat')];
  const name = recordingName(settings, call);
  const minutes = settings.number('voicerecordingbuff');
  const kilohertz = settings.number('voicerecsamplerate');
  const url = settings.text('voicerecftp_addr') || settings.text('http_addr');
  return {
    path: join(folder, `${name}${extension}`),
    options: { ...options, sampleRate: kilohertz > 0 ? kilohertz * 1000 : undefined },
    maxMs: minutes > 0 ? minutes * MINUTE_MS : undefined,
    keep: mode !== 2 || !url,
    upload:
      mode >= 2 && url
        ? { url, retries: [0, 1, Number.POSITIVE_INFINITY][settings.number('uploadretry')] }
        : undefined,
  };
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
