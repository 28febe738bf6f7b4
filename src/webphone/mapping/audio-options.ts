/** The settings about sound devices, ringing and beeps as options of the phone's audio. Pure. */
import type { DeviceRole, EchoCancellation } from '../../media/index.js';
import type { CallTonesOptions, PhoneAudioOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';

const RING = ['off', 'incoming', 'both'] as const;
const RING_IN_CALL = ['off', 'beep', 'ring'] as const;
const BEEP_ON_INCOMING = ['off', 'in-call', 'always'] as const;
const CONNECT_BEEP = ['off', 'automatic', 'incoming', 'outgoing', 'all'] as const;
const DISCONNECT = ['off', 'auto', 'rejected', 'always'] as const;
const RAISE = ['never', 'first', 'always'] as const;
const IDLE = ['nothing', 'beginning', 'silence', 'silence'] as const;
const NO_RECORDING = 1;
const NO_PLAYBACK = 2;
/** `systembeeptype`: from here on the number is a length in ms. */
const SHORTEST_BEEP_MS = 4;
/** `beeptype`: none, and that of the system alone. */
const NO_BEEP = 0;
const SYSTEM_BEEP = 3;

/** @param find where a sound file is that is named without its folder */
export function audioOptions(
  settings: SettingsReader,
  find: (file: string) => string = (file) => file,
): PhoneAudioOptions {
  return {
    ...deviceChoices(settings),
    volumes: {
      microphone: settings.number('volumein'),
      speaker: settings.number('volumeout'),
      ringer: settings.number('volumering'),
    },
    echoCancellation: echoCancellation(settings),
    stereo: settings.flag('stereomode'),
    raiseVolumes: RAISE[settings.number('checkvolumesettings')],
    duckOthers: ducks(settings.number('focusaudio')),
    idle: {
      off: IDLE[settings.number('sendrtpondisabled')],
      failed: IDLE[settings.number('sendrtponfailed')],
    },
    earlyMedia: earlyOnDevices(settings),
    tones: toneOptions(settings, find),
  };
}

/** Early media is played. */
export function earlyOnDevices(settings: SettingsReader): boolean {
  return settings.number('sdearlymedia') !== 0;
}

/** Automatic is yes on Windows. */
function ducks(focus: number): boolean {
  return focus === 2 || (focus === 0 && process.platform === 'win32');
}

/** What is switched off has no device, whatever is chosen. */
export function deviceChoices(settings: SettingsReader): Record<DeviceRole, string> {
  const streams = settings.number('enableaudiostreams');
  const records = settings.flag('useaudiodevicerecord') && streams !== 0 && streams !== NO_RECORDING;
  const chosen = (name: 'audiodevicein' | 'audiodeviceout' | 'audiodevicering'): string =>
    settings.text(name).trim() || 'default';
  return {
    microphone: records ? chosen('audiodevicein') : 'none',
    speaker: plays(settings) ? chosen('audiodeviceout') : 'none',
    ringer: plays(settings) ? chosen('audiodevicering') : 'none',
  };
}

function plays(settings: SettingsReader): boolean {
  const streams = settings.number('enableaudiostreams');
  return settings.flag('useaudiodeviceplayback') && streams !== 0 && streams !== NO_PLAYBACK;
}

/** Kinds that are named decide; else the two switches of old do, of which the second only adds to the first. */
export function echoCancellation(settings: SettingsReader): EchoCancellation {
  const kinds = settings
    .text('aectype')
    .toLowerCase()
    .split(/[,;\s]+/)
    .filter((kind) => kind !== '');
  if (kinds.some((kind) => ['software', 'hardware', 'fast'].includes(kind))) return 'on';
  if (kinds.includes('volume')) return 'duck';
  if (kinds.includes('none')) return 'off';
  const first = settings.number('aec');
  if (first >= 2 || settings.number('aec2') >= 2) return 'on';
  return first === 1 ? 'auto' : 'off';
}

export function toneOptions(settings: SettingsReader, find: (file: string) => string): CallTonesOptions {
  const auto = plays(settings) ? 1 : 0;
  const or = (value: number): number => (value < 0 ? auto : value);
  const beep = settings.number('systembeeptype');
  const kind = or(settings.number('beeptype'));
  const beeps = kind !== NO_BEEP && !(kind === SYSTEM_BEEP && beep === 0);
  const ringInCall = RING_IN_CALL[or(settings.number('ringincall'))];
  const file = (name: 'ringtone' | 'ringtoneout'): string | undefined =>
    settings.text(name) === '' ? undefined : find(settings.text(name));
  return {
    ring: RING[settings.number('playring')],
    ringtone: file('ringtone'),
    ringback: file('ringtoneout'),
    // Who is not to hear the other side yet is to hear that it rings.
    ringThroughMedia: settings.number('nostopring') === 1 || !earlyOnDevices(settings),
    ringInCall: ringInCall === 'beep' && !beeps ? 'off' : ringInCall,
    beepOnIncoming: beeps ? BEEP_ON_INCOMING[or(settings.number('beeponincoming'))] : 'off',
    connectBeep: beeps ? CONNECT_BEEP[settings.number('beepconnect')] : 'off',
    beep: {
      frequency: settings.number('beepfrequency') || undefined,
      durationMs: beep >= SHORTEST_BEEP_MS ? beep : undefined,
    },
    disconnect: DISCONNECT[settings.number('playdisc')],
  };
}
