/**
 * The settings a phone is made of as its options; its accounts are added to it later, see account-options.ts. Webphone
 * asks for them whenever it makes a phone, so that settings that count from the start take effect with the next one.
 */
import type { LineOptions, LivePhoneOptions, PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { audioOptions } from './audio-options.js';
import { callPolicies, customHeaderMode } from './call-options.js';
import { deviceHeaders } from './device-headers.js';
import { mediaOptions } from './media-options.js';
import { networkOptions, reliableProvisionals, ringSeconds } from './network-options.js';
import { policyOptions } from './policy-options.js';
import { muteOptions, serviceOptions } from './service-options.js';
import { mediaSockets } from './socket-options.js';

const STRICT_LINES = 6;
const AUTO_MAIN = ['never', 'gentle', 'failure', 'always'] as const;

type Immediate = 'policies' | 'lines' | 'mute';

/** @param find where a file is that is named without its folder */
export function phoneOptions(settings: SettingsReader, find?: (file: string) => string): PhoneOptions {
  return {
    ...networkOptions(settings),
    ...immediatePhoneOptions(settings, find),
    ...livePhoneOptions(settings),
    ...serviceOptions(settings),
    audio: audioOptions(settings, find),
    allowEvents: settings.given('alloweventsheader') ? settings.text('alloweventsheader') : undefined,
  };
}

/** What a function called in the next moment may depend on already. */
export function immediatePhoneOptions(
  settings: SettingsReader,
  find?: (file: string) => string,
): Pick<LivePhoneOptions, Immediate> {
  return {
    policies: policyOptions(settings, find),
    lines: lineOptions(settings),
    mute: muteOptions(settings),
  };
}

/** What else is changed while a phone runs: many settings changed at once are one change of these. */
export function livePhoneOptions(settings: SettingsReader): Omit<LivePhoneOptions, Immediate> {
  const { presence, blf, voicemail, messages, conferences } = serviceOptions(settings);
  return {
    presence,
    blf,
    voicemail,
    messages,
    conferences,
    reliableProvisionals: reliableProvisionals(settings),
    asksRport: settings.number('use_rport') !== 0,
    maxCalls: settings.number('maxlineex'),
    media: { ...mediaOptions(settings, 'incoming'), ...mediaSockets(settings) },
    calls: callPolicies(settings),
    customHeaders: customHeaderMode(settings),
    device: deviceHeaders(settings),
    ringTimeout: ringSeconds(settings),
    accountBook: { autoMain: AUTO_MAIN[settings.number('autoswitchmainacc')] },
  };
}

function lineOptions(settings: SettingsReader): LineOptions {
  return {
    initial: settings.number('maxlines'),
    maximum: settings.number('maxlineex'),
    strict: settings.number('strictlines') >= STRICT_LINES,
  };
}
