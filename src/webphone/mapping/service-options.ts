/** The settings about presence, busy lamps, voice mail, messages, conferences and muting as options of the phone. Pure. */
import type { MuteDirection, MuteOptions, PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { list } from './policy-options.js';
import { textEncoding } from './text-encoding.js';

const BLF_MODES = ['off', 'auto', 'on', 'always'] as const;
const VOICEMAIL_MODES = ['off', 'unsolicited', 'auto', 'registered', 'start'] as const;
const LAN = ['off', 'answer', 'search'] as const;
const STRANGERS = ['reject', 'ask', 'accept'] as const;
/** As `defsetmuted`, `defmute` and API_Mute count them. */
export const MUTES: ReadonlyArray<MuteDirection | undefined> = [
  'both',
  'speaker',
  'microphone',
  'both',
  'both',
];

export function serviceOptions(
  settings: SettingsReader,
): Pick<
  PhoneOptions,
  'presence' | 'blf' | 'voicemail' | 'messages' | 'mute' | 'conferences' | 'capabilityRequest' | 'lanPeers'
> {
  const presence = settings.number('enablepresence');
  const expires = settings.number('notifyexpiresec');
  const texts = settings.number('textmessaging');
  return {
    presence: {
      enabled: presence !== 0,
      expires: settings.number('presenceexpire'),
      strangers: STRANGERS[settings.number('autoacceptpresencerequests')] ?? 'ask',
      publish: presence === 2 ? 'always' : 'auto',
      displayName: settings.text('displayname') || undefined,
      email: settings.text('email') || undefined,
      text: settings.text('profilestatustext') || undefined,
      watchCalled: presence === 2 ? true : 'contacts',
    },
    blf: {
      mode: BLF_MODES[settings.number('enableblf')],
      watch: list(settings.text('blfuserlist')),
      expires,
    },
    voicemail: {
      mode: VOICEMAIL_MODES[settings.number('voicemail')],
      number: settings.text('voicemailnum') || undefined,
      expires,
    },
    messages: {
      direction: texts === 0 ? 'none' : texts === 1 ? 'out' : texts === 2 ? 'in' : 'both',
      offline: settings.number('offlinechat') === 0 ? 'fail' : 'queue',
      acceptedIsDelivered: settings.number('chatacceptasok') === 1,
      charset: textEncoding(settings, 'charset_sip'),
    },
    mute: muteOptions(settings),
    conferences: { several: settings.number('conference_tracklines') === 1 },
    // A program that speaks to its network unasked would surprise: it has to be set, whatever the default says.
    lanPeers: { mode: settings.given('detectlanpeers') ? LAN[settings.number('detectlanpeers')] : 'off' },
    capabilityRequest: settings.flag('capabilityrequest'),
  };
}

export function muteOptions(settings: SettingsReader): MuteOptions {
  return {
    direction: MUTES[settings.number('defmute')],
    atStart: mutedAtStart(settings),
    keepSending: settings.flag('sendrtponmuted'),
  };
}

/** What of a call is muted when it begins; `muted` wins over `defsetmuted`. */
export function mutedAtStart(settings: SettingsReader): MuteDirection | undefined {
  return settings.given('muted') ? mutedAs(settings.number('muted')) : MUTES[settings.number('defsetmuted')];
}

/** As `muted` counts: 0 is not muted. */
export function mutedAs(muted: number): MuteDirection | undefined {
  return muted === 0 ? undefined : MUTES[muted];
}
