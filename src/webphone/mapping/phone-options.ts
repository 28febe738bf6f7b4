/**
 * The settings a phone is made of as its options; its accounts are added to it later, see account-options.ts. Webphone
 * asks for them whenever it makes a phone, so that settings that count from the start take effect with the next one.
 */
import type { PhoneOptions } from '../../phone/index.js';
import type { SettingsReader } from '../settings/settings.js';
import { audioOptions } from './audio-options.js';
import { callPolicies, customHeaderMode } from './call-options.js';
import { deviceHeaders } from './device-headers.js';
import { mediaOptions } from './media-options.js';
import { networkOptions } from './network-options.js';
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
    ...serviceOptions(settings),
    audio: audioOptions(settings, find),
    media: { ...mediaOptions(settings, 'incoming'), ...mediaSockets(settings) },
    policies: policyOptions(settings),
    calls: callPolicies(settings),
    customHeaders: customHeaderMode(settings),
    allowEvents: settings.given('alloweventsheader') ? settings.text('alloweventsheader') : undefined,
    device: deviceHeaders(settings),
    lines: {
      initial: settings.number('maxlines'),
      maximum,
      strict: settings.number('strictlines') >= STRICT_LINES,
    },
    accountBook: { autoMain: AUTO_MAIN[settings.number('autoswitchmainacc')] },
    maxCalls: maximum,
  };
}
