/**
 * The settings a phone is made of as its options; its accounts are added to it later, see account-options.ts. Webphone
 * asks for them whenever it makes a phone, so that settings that count from the start take effect with the next one.
 */
import type { LivePhoneOptions, PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { audioOptions } from './audio-options.js';
import { callPolicies, customHeaderMode } from './call-options.js';
import { deviceHeaders } from './device-headers.js';
import { mediaOptions } from './media-options.js';
import { networkOptions, ringSeconds } from './network-options.js';
import { policyOptions } from './policy-options.js';
import { serviceOptions } from './service-options.js';
import { mediaSockets } from './socket-options.js';

const STRICT_LINES = 6;
const AUTO_MAIN = ['never', 'gentle', 'failure', 'always'] as const;

/** @param find where a file is that is named without its folder */
export function phoneOptions(settings: SettingsReader, find?: (file: string) => string): PhoneOptions {
  const maximum = settings.number('maxlineex');
  return {
    ...networkOptions(settings),
    ...livePhoneOptions(settings),
    ...serviceOptions(settings),
    audio: audioOptions(settings, find),
    policies: policyOptions(settings),
    allowEvents: settings.given('alloweventsheader') ? settings.text('alloweventsheader') : undefined,
    lines: {
      initial: settings.number('maxlines'),
      maximum,
      strict: strictLines(settings),
    },
    maxCalls: maximum,
  };
}

/** What is changed while a phone runs, but for its policies, which are changed one by one. */
export function livePhoneOptions(settings: SettingsReader): Omit<LivePhoneOptions, 'policies' | 'maxCalls'> {
  const { presence, blf, voicemail, messages, mute } = serviceOptions(settings);
  return {
    presence,
    blf,
    voicemail,
    messages,
    mute,
    media: { ...mediaOptions(settings, 'incoming'), ...mediaSockets(settings) },
    calls: callPolicies(settings),
    customHeaders: customHeaderMode(settings),
    device: deviceHeaders(settings),
    ringTimeout: ringSeconds(settings),
    accountBook: { autoMain: AUTO_MAIN[settings.number('autoswitchmainacc')] },
  };
}

/** An order for a line without a call fails. */
export function strictLines(settings: SettingsReader): boolean {
  return settings.number('strictlines') >= STRICT_LINES;
}
